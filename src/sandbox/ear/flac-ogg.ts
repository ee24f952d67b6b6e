import type { ByteReader } from './byte-reader.ts';
import type { SoundFacts } from './sound-facts.ts';

const OPUS_RATE = 48_000;
const NO_GRANULE = 0xffff_ffff_ffff_ffffn;

/** Reads the stream information at the head of a FLAC file. */
export async function readFlac(reader: ByteReader): Promise<SoundFacts> {
  const head = await reader.read(42);
  if (head.length < 42) return { container: 'FLAC' };
  const info = head.subarray(8);
  const packed = info.readBigUInt64BE(10);
  const rate = Number(packed >> 44n);
  const samples = Number(packed & 0xf_ffff_ffffn);
  return {
    container: 'FLAC',
    codec: `${Number((packed >> 36n) & 31n) + 1} bit`,
    channels: Number((packed >> 41n) & 7n) + 1,
    ...(rate > 0 && { rate }),
    ...(rate > 0 && samples > 0 && { seconds: samples / rate }),
  };
}

/** Walks the pages of an Ogg file: the first says what it is, the last one's position how long. */
export async function readOgg(reader: ByteReader): Promise<SoundFacts> {
  let facts: SoundFacts & { readonly clock?: number; readonly skip?: number } = { container: 'Ogg' };
  let serial: number | undefined;
  let last = 0n;
  for (;;) {
    const head = await reader.read(27);
    if (head.length < 27 || head.toString('latin1', 0, 4) !== 'OggS') break;
    const lacing = await reader.read(head[26] ?? 0);
    const length = lacing.reduce((sum, size) => sum + size, 0);
    if (serial === undefined) {
      serial = head.readUInt32LE(14);
      facts = readIdentification(await reader.read(length));
      continue;
    }
    const granule = head.readBigUInt64LE(6);
    if (head.readUInt32LE(14) === serial && granule !== NO_GRANULE) last = granule;
    await reader.skip(length);
  }
  const { clock, skip = 0, ...rest } = facts;
  return clock === undefined || clock === 0 ? rest : { ...rest, seconds: Math.max(0, Number(last) - skip) / clock };
}

function readIdentification(packet: Buffer): SoundFacts & { readonly clock?: number; readonly skip?: number } {
  if (packet.length >= 19 && packet.toString('latin1', 0, 8) === 'OpusHead')
    return {
      container: 'Ogg',
      codec: 'Opus',
      channels: packet[9] ?? 0,
      rate: OPUS_RATE,
      clock: OPUS_RATE,
      skip: packet.readUInt16LE(10),
    };
  if (packet.length >= 30 && packet.toString('latin1', 1, 7) === 'vorbis') {
    const rate = packet.readUInt32LE(12);
    return { container: 'Ogg', codec: 'Vorbis', channels: packet[11] ?? 0, rate, clock: rate };
  }
  if (packet.toString('latin1', 1, 5) === 'FLAC') return { container: 'Ogg', codec: 'FLAC' };
  return { container: 'Ogg' };
}
