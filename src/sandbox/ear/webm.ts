import type { ByteReader } from './byte-reader.ts';
import type { SoundFacts } from './sound-facts.ts';

const EBML = 0x1a45dfa3;
const DOC_TYPE = 0x4282;
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const TIMESTAMP_SCALE = 0x2ad7b1;
const DURATION = 0x4489;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const CODEC_ID = 0x86;
const AUDIO = 0xe1;
const SAMPLING_FREQUENCY = 0xb5;
const CHANNELS = 0x9f;
const CLUSTER = 0x1f43b675;
const CLUSTER_TIMESTAMP = 0xe7;
const SIMPLE_BLOCK = 0xa3;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;

/** Elements whose insides are read in place; all others are values, or skipped. */
const HOLDERS = new Set([EBML, SEGMENT, INFO, TRACKS, TRACK_ENTRY, AUDIO, CLUSTER, BLOCK_GROUP]);
const CODECS: Record<string, string> = {
  A_OPUS: 'Opus',
  A_VORBIS: 'Vorbis',
  A_FLAC: 'FLAC',
  A_AAC: 'AAC',
  'A_PCM/INT/LIT': 'PCM',
};

/** Walks a WebM or Matroska file. Without a duration in its head, as browsers record it, the time of the last block is its length. */
export async function readWebm(reader: ByteReader): Promise<SoundFacts> {
  const found = new WebmFacts();
  for (;;) {
    const id = await readVint(reader, true);
    const size = await readVint(reader, false);
    if (id === undefined || size === undefined) return found.facts();
    if (HOLDERS.has(id)) continue;
    if (!found.wants(id)) {
      await reader.skip(size);
      continue;
    }
    const block = id === SIMPLE_BLOCK || id === BLOCK;
    const value = await reader.read(Math.min(size, block ? 16 : 256));
    await reader.skip(size - value.length);
    found.take(id, value);
  }
}

class WebmFacts {
  #container = 'WebM';
  #scale = 1_000_000;
  #duration: number | undefined;
  #codec: string | undefined;
  #rate: number | undefined;
  #channels: number | undefined;
  #cluster = 0;
  #last = 0;

  wants(id: number): boolean {
    return [
      DOC_TYPE,
      TIMESTAMP_SCALE,
      DURATION,
      CODEC_ID,
      SAMPLING_FREQUENCY,
      CHANNELS,
      CLUSTER_TIMESTAMP,
      SIMPLE_BLOCK,
      BLOCK,
    ].includes(id);
  }

  take(id: number, value: Buffer): void {
    switch (id) {
      case DOC_TYPE:
        if (value.toString('latin1').startsWith('matroska')) this.#container = 'Matroska';
        return;
      case TIMESTAMP_SCALE:
        this.#scale = unsigned(value);
        return;
      case DURATION:
        this.#duration = float(value);
        return;
      case CODEC_ID: {
        const codec = value.toString('latin1').replace(/\0+$/, '');
        if (codec.startsWith('A_')) this.#codec ??= CODECS[codec] ?? codec;
        return;
      }
      case SAMPLING_FREQUENCY:
        this.#rate ??= float(value);
        return;
      case CHANNELS:
        this.#channels ??= unsigned(value);
        return;
      case CLUSTER_TIMESTAMP:
        this.#cluster = unsigned(value);
        return;
      default:
        // A block begins with its track number and its time relative to the cluster.
        if (value.length >= 3)
          this.#last = Math.max(this.#last, this.#cluster + value.readInt16BE(vintLength(value[0] ?? 0)));
    }
  }

  facts(): SoundFacts {
    const ticks = this.#duration ?? (this.#last > 0 ? this.#last : undefined);
    return {
      container: this.#container,
      ...(this.#codec !== undefined && { codec: this.#codec }),
      ...(ticks !== undefined && { seconds: (ticks * this.#scale) / 1e9 }),
      ...(this.#codec !== undefined && { channels: this.#channels ?? 1 }),
      ...(this.#rate !== undefined && { rate: this.#rate }),
    };
  }
}

function vintLength(first: number): number {
  return Math.clz32(first) - 23;
}

// Element ids keep their length bits, sizes do not; a size of all ones is unknown and read as endless.
async function readVint(reader: ByteReader, keepMarker: boolean): Promise<number | undefined> {
  const [first = 0] = await reader.peek(1);
  const length = vintLength(first);
  if (length > 8) return undefined;
  const bytes = await reader.read(length);
  if (bytes.length < length) return undefined;
  const marker = 0x80 >> (length - 1);
  let value = keepMarker ? first : first & (marker - 1);
  let ones = (first | (~(marker - 1) & 0xff)) === 0xff;
  for (const byte of bytes.subarray(1)) {
    value = value * 256 + byte;
    ones &&= byte === 0xff;
  }
  return ones && !keepMarker ? Infinity : value;
}

function unsigned(value: Buffer): number {
  return value.reduce((sum, byte) => sum * 256 + byte, 0);
}

function float(value: Buffer): number {
  if (value.length === 4) return value.readFloatBE(0);
  return value.length === 8 ? value.readDoubleBE(0) : 0;
}
