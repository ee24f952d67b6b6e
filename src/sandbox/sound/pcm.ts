import { GRAIN_SAMPLES, SAMPLE_RATE, frequencyOf } from './melody.ts';
import type { Note } from './melody.ts';

const LOUDNESS = 9000;
// Samples of fade at both ends of a tone, without which it clicks.
const FADE = 240;
const HEADER_BYTES = 44;
const BIGGEST = 0xffff_ffff;

/** The notes as samples: 16 bit signed little-endian, mono, 24 kHz. */
export function pcmOf(notes: readonly Note[]): Uint8Array {
  const samples = new Int16Array(grainsOf(notes) * GRAIN_SAMPLES);
  let at = 0;
  for (const { grains, line } of notes) {
    const length = grains * GRAIN_SAMPLES;
    if (line !== undefined) fill(samples.subarray(at, at + length), frequencyOf(line));
    at += length;
  }
  return new Uint8Array(samples.buffer);
}

/** How many grains the notes last. */
export function grainsOf(notes: readonly Note[]): number {
  return notes.reduce((sum, note) => sum + note.grains, 0);
}

/** Header of a WAV file with so many grains of sound; its sizes are true, but for a file beyond 4 GiB. */
export function wavHeader(grains: number): Uint8Array {
  const bytes = grains * GRAIN_SAMPLES * 2;
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(Math.min(BIGGEST, bytes + HEADER_BYTES - 8), 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(SAMPLE_RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(Math.min(BIGGEST, bytes), 40);
  return header;
}

function fill(samples: Int16Array, hertz: number): void {
  const step = (2 * Math.PI * hertz) / SAMPLE_RATE;
  for (let index = 0; index < samples.length; index++) {
    const fade = Math.min(1, index / FADE, (samples.length - 1 - index) / FADE);
    samples[index] = Math.round(LOUDNESS * fade * Math.sin(step * index));
  }
}
