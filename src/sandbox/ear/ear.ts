import { refuse, unsupported } from '../../model/errors.ts';
import type { JsonObject } from '../../model/json.ts';
import type { TranscriptionRequest } from '../../model/request.ts';
import type { Script } from '../script.ts';
import { tokensOf } from '../tokenizer.ts';
import { ByteReader } from './byte-reader.ts';
import { listen } from './listen.ts';
import type { SoundFacts } from './sound-facts.ts';

const FORMATS = ['json', 'text', 'srt', 'vtt', 'verbose_json'];

/** The recording to describe. */
export interface Recording {
  readonly name: string;
  readonly stream: AsyncIterable<Uint8Array>;
}

/** What was found in a recording. */
export interface Heard {
  readonly name: string;
  readonly bytes: number;
  readonly facts: SoundFacts | undefined;
}

/** Refuses what cannot be answered whatever the recording is. */
export function demandRecording(request: TranscriptionRequest, recording: Recording | undefined): Recording {
  demandFormat(request);
  return recording ?? refuse('file', 'There is no recording to listen to.', 'missing_required_parameter');
}

/** Reads a recording to its end. Throws when the client leaves meanwhile, GatewayFailure when it is empty. */
export async function hear({ name, stream }: Recording, signal: AbortSignal): Promise<Heard> {
  const reader = new ByteReader(stream, signal);
  const facts = await listen(reader);
  if (reader.position === 0) refuse('file', 'The recording is empty.');
  return { name, bytes: reader.position, facts };
}

/** Describes a recording in the form that the request asks for. Throws GatewayFailure for forms it does not write. */
export function tell(request: TranscriptionRequest, heard: Heard, notice: string | undefined): Script {
  demandFormat(request);
  const said = describe(heard);
  const text = notice === undefined ? said : `${notice}\n\n${said}`;
  const seconds = heard.facts?.seconds ?? 0;
  const script: Script = {
    parts: [{ head: { type: 'text' }, pieces: tokensOf(written(request.format, text, seconds)) }],
    reason: 'stop',
  };
  if (request.format !== 'verbose_json' || request.stream) return script;
  return {
    ...script,
    native: { protocol: 'openai-transcriptions', value: { whole: verbose(request, text, seconds) } },
  };
}

function demandFormat({ format }: TranscriptionRequest): void {
  if (!FORMATS.includes(format))
    unsupported('response_format', `The sandbox writes ${FORMATS.join(', ')}, not '${format}'.`);
}

// Subtitles are the answer itself, as a provider writes them: one line on the screen from the beginning to the end.
function written(format: string, text: string, seconds: number): string {
  const line = text.replaceAll('\n\n', '\n');
  switch (format) {
    case 'srt':
      return `1\n${timeOf(0, ',')} --> ${timeOf(seconds, ',')}\n${line}\n\n`;
    case 'vtt':
      return `WEBVTT\n\n${timeOf(0, '.')} --> ${timeOf(seconds, '.')}\n${line}\n\n`;
    default:
      return text;
  }
}

function timeOf(seconds: number, point: string): string {
  const ms = Math.round(seconds * 1000);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}${point}${String(ms % 1000).padStart(3, '0')}`;
}

function describe({ name, facts, bytes }: Heard): string {
  const size = `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
  if (facts === undefined)
    return `The recording ${JSON.stringify(name)} is in no container that the sandbox knows; it has ${size}.`;
  const { container, codec, seconds, channels, rate } = facts;
  const told = [
    seconds === undefined ? 'of unknown duration' : `${seconds} seconds`,
    ...(channels === undefined ? [] : [`${channels} ${channels === 1 ? 'channel' : 'channels'}`]),
    ...(rate === undefined ? [] : [`${rate} Hz`]),
    size,
  ];
  return `The recording ${JSON.stringify(name)} is ${container}${codec === undefined ? '' : ` (${codec})`}: ${told.join(', ')}.`;
}

function verbose(request: TranscriptionRequest, text: string, seconds: number): JsonObject {
  const segment = { id: 0, seek: 0, start: 0, end: seconds, text, tokens: [], temperature: 0 };
  return {
    task: request.translate ? 'translate' : 'transcribe',
    language: request.language ?? 'english',
    duration: seconds,
    text,
    segments: [{ ...segment, avg_logprob: 0, compression_ratio: 1, no_speech_prob: 0 }],
    usage: { type: 'duration', seconds: Math.ceil(seconds) },
  };
}
