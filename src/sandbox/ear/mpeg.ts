import type { ByteReader } from './byte-reader.ts';
import type { SoundFacts } from './sound-facts.ts';

const RATES = [44_100, 48_000, 32_000];
const ADTS_RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];
/** Bit rates in kbit/s by [MPEG-1 or not][layer 1, 2, 3][index]. */
const BIT_RATES = [
  [
    [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  ],
  [
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  ],
];
// How far the first frame may be from where it should be, for files with rubbish before it.
const LONGEST_SEARCH = 64 * 1024;

interface Frame {
  readonly codec: string;
  readonly bytes: number;
  readonly samples: number;
  readonly rate: number;
  readonly channels: number;
  readonly bitRate: number;
}

/** Reads the header of an MPEG audio frame (MP3 and its older layers), or undefined. */
export function mpegFrame(head: Buffer): Frame | undefined {
  if (head.length < 4 || head[0] !== 0xff || ((head[1] ?? 0) & 0xe0) !== 0xe0) return undefined;
  const version = ((head[1] ?? 0) >> 3) & 3;
  const layer = 4 - (((head[1] ?? 0) >> 1) & 3);
  const base = RATES[((head[2] ?? 0) >> 2) & 3];
  const kbps = BIT_RATES[version === 3 ? 0 : 1]?.[layer - 1]?.[(head[2] ?? 0) >> 4];
  if (version === 1 || layer === 4 || base === undefined || kbps === undefined || kbps === 0) return undefined;
  const rate = base / (version === 3 ? 1 : version === 2 ? 2 : 4);
  const samples = layer === 1 ? 384 : layer === 3 && version !== 3 ? 576 : 1152;
  const slot = layer === 1 ? 4 : 1;
  const bytes = (Math.floor(((samples / 8) * kbps * 1000) / rate / slot) + (((head[2] ?? 0) >> 1) & 1)) * slot;
  const name = `MPEG-${version === 3 ? '1' : version === 2 ? '2' : '2.5'} layer ${layer}`;
  return { codec: name, bytes, samples, rate, channels: (head[3] ?? 0) >> 6 === 3 ? 1 : 2, bitRate: kbps };
}

/** Reads the header of an ADTS frame (AAC without a container), or undefined. */
export function adtsFrame(head: Buffer): Frame | undefined {
  if (head.length < 7 || head[0] !== 0xff || ((head[1] ?? 0) & 0xf6) !== 0xf0) return undefined;
  const rate = ADTS_RATES[((head[2] ?? 0) >> 2) & 15];
  const bytes = (((head[3] ?? 0) & 3) << 11) | ((head[4] ?? 0) << 3) | ((head[5] ?? 0) >> 5);
  if (rate === undefined || bytes < 7) return undefined;
  const channels = (((head[2] ?? 0) & 1) << 2) | ((head[3] ?? 0) >> 6);
  return { codec: 'AAC', bytes, samples: 1024 * (((head[6] ?? 0) & 3) + 1), rate, channels, bitRate: 0 };
}

/** Whether MPEG audio begins here: two frames in a row, as one header alone may be chance. */
export async function isMpeg(reader: ByteReader, frameAt: typeof mpegFrame): Promise<boolean> {
  const first = frameAt(await reader.peek(16));
  if (first === undefined) return false;
  const both = await reader.peek(first.bytes + 16);
  return both.length <= first.bytes || frameAt(both.subarray(first.bytes)) !== undefined;
}

/** Walks all frames of an MP3 or ADTS file and adds up their samples: true for constant and variable rates, whatever a header says. */
export async function readFrames(
  reader: ByteReader,
  container: string,
  frameAt: typeof mpegFrame,
): Promise<SoundFacts> {
  let first: Frame | undefined;
  let samples = 0;
  let searched = 0;
  let varies = false;
  for (;;) {
    const head = await reader.peek(16);
    if (head.length < 7) break;
    const frame = frameAt(head);
    if (frame === undefined) {
      if (head.toString('latin1', 0, 3) === 'TAG' || ++searched > LONGEST_SEARCH) break;
      await reader.skip(1);
      continue;
    }
    const body = await reader.read(frame.bytes);
    // An information frame (Xing, Info, VBRI) is silence that players leave out.
    if (
      first === undefined &&
      body
        .subarray(0, 64)
        .toString('latin1')
        .match(/Xing|Info|VBRI/) !== null
    )
      continue;
    first ??= frame;
    varies ||= frame.bitRate !== first.bitRate;
    samples += frame.samples;
  }
  if (first === undefined) return { container };
  const bitRate = first.bitRate === 0 ? '' : varies ? ', variable bit rate' : `, ${first.bitRate} kbit/s`;
  return {
    container,
    codec: first.codec + bitRate,
    seconds: samples / first.rate,
    channels: first.channels,
    rate: first.rate,
  };
}

/** Skips an ID3v2 tag, which may stand before MP3, AAC and FLAC alike. */
export async function skipId3(reader: ByteReader): Promise<void> {
  for (;;) {
    const head = await reader.peek(10);
    if (head.length < 10 || head.toString('latin1', 0, 3) !== 'ID3') return;
    const size = head.subarray(6).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
    const footer = ((head[5] ?? 0) & 0x10) === 0 ? 0 : 10;
    await reader.skip(10 + size + footer);
  }
}
