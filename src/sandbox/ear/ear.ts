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

/** What `ear` has to say of a recording. */
export interface Hearing {
  readonly script: Script;
  /** Length of the recording, where it is known. */
  readonly seconds?: number;
}

/** Refuses what cannot be answered whatever the recording is. */
export function demandRecording(request: TranscriptionRequest, recording: Recording | undefined): Recording {
  if (!FORMATS.includes(request.format)) unsupported('response_format', `The sandbox writes ${FORMATS.join(', ')}, not '${request.format}'.`);
  return recording ?? refuse('file', 'There is no recording to listen to.', 'missing_required_parameter');
}

/** Reads a recording to its end and describes it. Throws when the client leaves meanwhile, GatewayFailure when it is empty. */
export async function hear(request: TranscriptionRequest, recording: Recording, signal: AbortSignal, notice: string | undefined): Promise<Hearing> {
  const reader = new ByteReader(recording.stream, signal);
  const facts = await listen(reader);
  if (reader.position === 0) refuse('file', 'The recording is empty.');
  const said = describe(recording.name, facts, reader.position);
  const text = notice === undefined ? said : `${notice}\n\n${said}`;
  const seconds = facts?.seconds;
  const native = { protocol: 'openai-transcriptions', value: verbose(request, text, seconds ?? 0) } as const;
  const script: Script = { parts: [{ head: { type: 'text' }, pieces: tokensOf(text) }], reason: 'stop', native };
  return seconds === undefined ? { script } : { script, seconds };
}

function describe(name: string, facts: SoundFacts | undefined, bytes: number): string {
  const size = `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
  if (facts === undefined) return `The recording ${JSON.stringify(name)} is in no container that the sandbox knows; it has ${size}.`;
  const { container, codec, seconds, channels, rate } = facts;
  const told = [
    seconds === undefined ? 'of unknown duration' : `${rounded(seconds)} seconds`,
    ...(channels === undefined ? [] : [`${channels} ${channels === 1 ? 'channel' : 'channels'}`]),
    ...(rate === undefined ? [] : [`${rate} Hz`]),
    size,
  ];
  return `The recording ${JSON.stringify(name)} is ${container}${codec === undefined ? '' : ` (${codec})`}: ${told.join(', ')}.`;
}

function verbose(request: TranscriptionRequest, text: string, duration: number): JsonObject {
  return {
    task: request.translate ? 'translate' : 'transcribe',
    language: request.language ?? 'english',
    duration: rounded(duration),
    text,
    segments: [{ id: 0, seek: 0, start: 0, end: rounded(duration), text, tokens: [], temperature: 0, avg_logprob: 0, compression_ratio: 1, no_speech_prob: 0 }],
  };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
