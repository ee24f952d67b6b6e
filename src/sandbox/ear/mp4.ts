import type { ByteReader } from './byte-reader.ts';
import type { SoundFacts } from './sound-facts.ts';

const CODECS: Record<string, string> = {
  mp4a: 'AAC',
  alac: 'ALAC',
  Opus: 'Opus',
  fLaC: 'FLAC',
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
  '.mp3': 'MP3',
};

/** Walks the boxes of an MP4 or M4A file, wherever its `moov` stands. */
export async function readMp4(reader: ByteReader): Promise<SoundFacts> {
  for (;;) {
    const head = await reader.read(8);
    if (head.length < 8) return { container: 'MP4' };
    const rest = await restOf(head.readUInt32BE(0), reader);
    if (rest < 0) return { container: 'MP4' };
    if (head.toString('latin1', 4) === 'moov') return readMovie(await reader.read(rest));
    await reader.skip(rest);
  }
}

// Bytes left in a box: a size of 1 means that the real one follows, 0 that the box goes on to the end.
async function restOf(size: number, reader: ByteReader): Promise<number> {
  if (size === 0) return Infinity;
  if (size !== 1) return size - 8;
  const long = await reader.read(8);
  return long.length < 8 ? -1 : Number(long.readBigUInt64BE(0)) - 16;
}

function readMovie(moov: Buffer): SoundFacts {
  const track = boxes(moov)
    .filter(([type]) => type === 'trak')
    .map(([, body]) => readTrack(body))
    .find((found) => found !== undefined);
  const header = find(moov, ['mvhd']);
  const seconds = track?.seconds ?? (header === undefined ? undefined : readDuration(header));
  return { container: 'MP4', ...track, ...(seconds !== undefined && { seconds }) };
}

function readTrack(trak: Buffer): Partial<SoundFacts> | undefined {
  const handler = find(trak, ['mdia', 'hdlr']);
  if (handler === undefined || handler.toString('latin1', 8, 12) !== 'soun') return undefined;
  const header = find(trak, ['mdia', 'mdhd']);
  const seconds = header === undefined ? undefined : readDuration(header);
  const entry = find(trak, ['mdia', 'minf', 'stbl', 'stsd'])?.subarray(8);
  const known = seconds === undefined ? {} : { seconds };
  if (entry === undefined || entry.length < 36) return known;
  const type = entry.toString('latin1', 4, 8);
  return {
    ...known,
    codec: CODECS[type] ?? type,
    channels: entry.readUInt16BE(24),
    rate: entry.readUInt32BE(32) >>> 16,
  };
}

// `mvhd` and `mdhd` begin alike: version, times, time scale, duration. A fragmented file has 0 there.
function readDuration(box: Buffer): number | undefined {
  const long = box[0] === 1;
  if (box.length < (long ? 32 : 20)) return undefined;
  const scale = box.readUInt32BE(long ? 20 : 12);
  const duration = long ? Number(box.readBigUInt64BE(24)) : box.readUInt32BE(16);
  return scale > 0 && duration > 0 && duration !== 0xffff_ffff ? duration / scale : undefined;
}

function boxes(body: Buffer): readonly (readonly [type: string, body: Buffer])[] {
  const found: (readonly [string, Buffer])[] = [];
  for (let at = 0; at + 8 <= body.length;) {
    const size = body.readUInt32BE(at) || body.length - at;
    if (size < 8) break;
    found.push([body.toString('latin1', at + 4, at + 8), body.subarray(at + 8, at + size)]);
    at += size;
  }
  return found;
}

function find(body: Buffer, path: readonly string[]): Buffer | undefined {
  let at: Buffer | undefined = body;
  for (const wanted of path) at = at === undefined ? undefined : boxes(at).find(([type]) => type === wanted)?.[1];
  return at;
}
