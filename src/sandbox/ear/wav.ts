import type { ByteReader } from './byte-reader.ts';
import type { SoundFacts } from './sound-facts.ts';

const CODECS: Record<number, string> = {
  1: 'PCM',
  3: 'float PCM',
  6: 'A-law',
  7: 'mu-law',
  0x11: 'IMA ADPCM',
  0x55: 'MP3',
};
const EXTENSIBLE = 0xfffe;
// Writers that stream put these where they could not know the size.
const UNKNOWN_SIZES = [0, 0x7fff_ffff, 0xffff_ffff];

/** Reads a RIFF or RF64 WAVE file. The bytes that are there count where the header's sizes are wrong, as in a streamed file. */
export async function readWav(reader: ByteReader): Promise<SoundFacts> {
  await reader.read(12);
  let format: { readonly facts: SoundFacts; readonly bytesPerSecond: number } | undefined;
  for (;;) {
    const head = await reader.read(8);
    if (head.length < 8) return format?.facts ?? { container: 'WAV' };
    const id = head.toString('latin1', 0, 4);
    const size = head.readUInt32LE(4);
    if (id === 'data') return withLength(format, size, reader);
    const body = await reader.read(id === 'fmt ' ? Math.min(size, 40) : 0);
    if (id === 'fmt ') format = readFormat(body);
    // Chunks begin at even places.
    await reader.skip(size - body.length + (size % 2));
  }
}

async function withLength(
  format: ReturnType<typeof readFormat>,
  size: number,
  reader: ByteReader,
): Promise<SoundFacts> {
  const wanted = UNKNOWN_SIZES.includes(size) ? Infinity : size;
  const bytes = await reader.skip(wanted);
  if (format === undefined) return { container: 'WAV' };
  return format.bytesPerSecond > 0 ? { ...format.facts, seconds: bytes / format.bytesPerSecond } : format.facts;
}

function readFormat(chunk: Buffer): { readonly facts: SoundFacts; readonly bytesPerSecond: number } | undefined {
  if (chunk.length < 16) return undefined;
  const tag = chunk.readUInt16LE(0);
  const code = tag === EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : tag;
  const bits = chunk.readUInt16LE(14);
  const codec = CODECS[code] ?? `codec ${code}`;
  const facts = {
    container: 'WAV',
    codec: bits > 0 ? `${codec}, ${bits} bit` : codec,
    channels: chunk.readUInt16LE(2),
    rate: chunk.readUInt32LE(4),
  };
  return { facts, bytesPerSecond: chunk.readUInt32LE(8) };
}
