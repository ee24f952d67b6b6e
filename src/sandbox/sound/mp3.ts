import type { Note } from './melody.ts';

/** Bytes of each frame: MPEG-2 Layer III, 32 kbit/s, 24 kHz, mono, no padding. */
const FRAME_BYTES = 96;
const HEADER = 0xfff344c0;
/** Step of the quantiser: a line of 1 becomes 2^((203 - 210) / 4) of full scale. */
const GAIN = 203;
const LINES_PER_SUBBAND = 18;
/** Codes of Huffman table 1 for a pair of lines that are 0 or 1. */
type Code = readonly [code: number, bits: number];
const ZERO_ZERO: Code = [1, 1];
const ZERO_ONE: Code = [1, 3];
const ONE_ZERO: Code = [1, 2];

/**
 * Writes notes as MP3 frames, each whole by itself. A tone is written straight into the frequency lines of the format: one line of 1,
 * whose sign follows the phase that a steady tone has from frame to frame. Why not an encoder: nothing but tones is ever wanted here.
 */
export class Mp3Writer {
  #frame = 0;

  /** The frames of the notes, one for each grain. */
  write(notes: readonly Note[]): Uint8Array {
    const frames: Uint8Array[] = [];
    for (const { grains, line } of notes)
      for (let grain = 0; grain < grains; grain++) frames.push(frameOf(line, this.#frame++));
    return Buffer.concat(frames);
  }
}

function frameOf(line: number | undefined, index: number): Uint8Array {
  const bits = new BitWriter(FRAME_BYTES);
  const pairs = line === undefined ? 0 : Math.floor(line / 2) + 1;
  const last = line === undefined || line % 2 === 0 ? ONE_ZERO : ZERO_ONE;
  const length = pairs === 0 ? 0 : (pairs - 1) * ZERO_ZERO[1] + last[1] + 1;
  bits.put(HEADER, 32);
  bits.put(0, 9); // main_data_begin, private bit
  bits.put(length, 12); // part2_3_length
  bits.put(pairs, 9); // big_values
  bits.put(GAIN, 8); // global_gain
  bits.put(0, 10); // scalefac_compress, window_switching_flag
  for (let region = 0; region < 3; region++) bits.put(1, 5); // table_select
  bits.put(0, 9); // region counts, scalefac_scale, count1table_select
  if (line === undefined) return bits.bytes;
  for (let pair = 1; pair < pairs; pair++) bits.put(...ZERO_ZERO);
  bits.put(...last);
  bits.put(isNegative(line, index) ? 1 : 0, 1);
  return bits.bytes;
}

// From one frame to the next a tone in the middle of line i turns by (2i + 1) quarters: the signs go + - - + or + + - -.
function isNegative(line: number, frame: number): boolean {
  const pattern = (line % LINES_PER_SUBBAND) % 2 === 0 ? [0, 1, 1, 0] : [0, 0, 1, 1];
  return pattern[frame % 4] === 1;
}

class BitWriter {
  readonly bytes: Uint8Array;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
  }

  put(value: number, bits: number): void {
    for (let bit = bits - 1; bit >= 0; bit--) {
      const place = this.#at++;
      const byte = place >> 3;
      if ((value >>> bit) & 1) this.bytes[byte] = (this.bytes[byte] ?? 0) | (0x80 >> (place & 7));
    }
  }
}
