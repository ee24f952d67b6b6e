import { tokensOf } from '../tokenizer.ts';

/** Samples of a grain: the time that one MP3 frame lasts, 24 ms. */
export const GRAIN_SAMPLES = 576;
/** Samples per second of everything that `voice` makes. */
export const SAMPLE_RATE = 24_000;

/** A tone or, without a line, a silence, for a number of grains. */
export interface Note {
  readonly grains: number;
  /** Which of the 576 frequency lines of a grain sounds. */
  readonly line?: number;
}

/** Hertz of the middle of a line. */
export function frequencyOf(line: number): number {
  return ((line + 0.5) * SAMPLE_RATE) / 2 / GRAIN_SAMPLES;
}

// Five tones an octave apart from each other at most; none near a multiple of 18, where the filters of MP3 meet.
const LINES = [10, 12, 24, 27, 31, 46];
const TONE_GRAINS = 5;
const GAP_GRAINS = 2;
const PAUSE_GRAINS = 14;

/** The notes of each token of a text: a tone for each syllable, a short gap for a blank, a pause for a mark. `speed` 2 is twice as fast. */
export function* melodyOf(text: string, speed: number): Generator<readonly Note[], void> {
  for (const token of tokensOf(text))
    yield notesOf(token).map((note) => ({ ...note, grains: Math.max(1, Math.round(note.grains / speed)) }));
}

function notesOf(token: string): readonly Note[] {
  const word = token.trim();
  if (word === '') return [{ grains: GAP_GRAINS }];
  if (!/[\p{L}\p{N}]/u.test(word)) return [{ grains: PAUSE_GRAINS }];
  const syllables = word.match(/[aeiouyàáâäæèéêëìíîïòóôöœùúûü]+|\p{N}/giu) ?? [word];
  const tones = syllables.map((_syllable, index): Note => ({
    grains: TONE_GRAINS,
    line: LINES[hash(word, index) % LINES.length] ?? 10,
  }));
  return [
    ...tones.flatMap((tone, index): readonly Note[] => (index === 0 ? [tone] : [{ grains: 1 }, tone])),
    { grains: GAP_GRAINS },
  ];
}

function hash(word: string, seed: number): number {
  let value = seed + 17;
  for (const char of word) value = (value * 31 + (char.codePointAt(0) ?? 0)) % 1_000_003;
  return value;
}
