import { Peek } from './peek.ts';
import type { RawAnswer } from './raw-client.ts';
import { demand, eventsOf, nothingTold, readHttpError } from './told.ts';
import type { Told } from './told.ts';

/** A streamed speech or transcription as its client understood it. */
export interface AudioTold extends Told {
  /** The decoded sound of a speech stream. */
  readonly sound: Buffer;
  /** Texts of `transcript.text.segment` events. */
  readonly segments: readonly string[];
  /** The whole text of `transcript.text.done`. */
  readonly doneText: string;
}

/** Reads `/v1/audio/speech` with `stream_format: "sse"`, or `/v1/audio/transcriptions` with `stream: true`. */
export function readAudioStream(answer: RawAnswer): AudioTold {
  const refused = readHttpError(answer);
  if (refused !== undefined) return { ...refused, sound: Buffer.alloc(0), segments: [], doneText: '' };
  const told = nothingTold();
  const sound: Buffer[] = [];
  const segments: string[] = [];
  let doneText = '';
  let done = false;
  for (const event of eventsOf(answer, told)) {
    demand(told, event.event === undefined, `an event line: ${event.event}`);
    demand(told, !told.normalEnd && told.error === undefined, 'WD-04: something follows the terminal frame');
    if (event.data === '[DONE]') {
      demand(told, done, 'SP-04, TR-03: [DONE] without a done event');
      told.normalEnd = true;
      continue;
    }
    const value = Peek.parse(event.data);
    if (value.at('error').given) told.error = value.at('error', 'message').text;
    switch (value.at('type').text) {
      case 'speech.audio.delta':
        sound.push(decodeBase64(told, value.at('audio').text));
        break;
      case 'transcript.text.delta':
        demand(told, value.at('delta').value === value.at('text').value, 'TR-03: delta and text differ');
        told.text += value.at('delta').text;
        break;
      case 'transcript.text.segment':
        segments.push(value.at('text').text);
        break;
      case 'speech.audio.done':
      case 'transcript.text.done':
        done = true;
        doneText = value.at('text').text;
        told.usage = value.at('usage');
        break;
      default:
        demand(told, value.at('error').given, `an unknown event: ${event.data.slice(0, 80)}`);
    }
  }
  if (answer.end !== 'clean') told.normalEnd = false;
  return { ...told, sound: Buffer.concat(sound), segments, doneText };
}

function decodeBase64(told: Told, text: string): Buffer {
  demand(
    told,
    text.length > 0 && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text),
    'SP-04: a piece is not base64 by itself',
  );
  return Buffer.from(text, 'base64');
}
