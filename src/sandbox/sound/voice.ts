import { unsupported } from '../../model/errors.ts';
import type { SpeechRequest } from '../../model/request.ts';
import type { Part, Script } from '../script.ts';
import { melodyOf } from './melody.ts';
import type { Note } from './melody.ts';
import { Mp3Writer } from './mp3.ts';
import { grainsOf, pcmOf, wavHeader } from './pcm.ts';

/** Writes the answer to a request to speak: one sound, one delta for each token of the text. Throws GatewayFailure for formats it cannot make. */
export function voiceScript({ input, format, speed }: SpeechRequest): Script {
  const melody = (): Iterable<readonly Note[]> => melodyOf(input, speed ?? 1);
  const part = (pieces: Iterable<string>): Part => ({ head: { type: 'media', media: 'audio', format }, pieces });
  return { parts: [{ ...part(piecesOf(format, melody)), ...(format === 'wav' && { uncounted: 1 }) }], reason: 'stop' };
}

function piecesOf(format: string, melody: () => Iterable<readonly Note[]>): Iterable<string> {
  switch (format) {
    case 'mp3': {
      const writer = new Mp3Writer();
      return base64(melody(), (notes) => writer.write(notes));
    }
    case 'pcm':
      return base64(melody(), pcmOf);
    case 'wav':
      return wavPieces(melody);
    default:
      return unsupported('response_format', `The sandbox makes mp3, wav and pcm, not '${format}'.`);
  }
}

// The text is sung twice, first only to know its length, so that the header tells the truth before the sound is made.
function* wavPieces(melody: () => Iterable<readonly Note[]>): Generator<string, void> {
  let grains = 0;
  for (const notes of melody()) grains += grainsOf(notes);
  yield toBase64(wavHeader(grains));
  yield* base64(melody(), pcmOf);
}

function* base64(
  melody: Iterable<readonly Note[]>,
  write: (notes: readonly Note[]) => Uint8Array,
): Generator<string, void> {
  for (const notes of melody) yield toBase64(write(notes));
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
