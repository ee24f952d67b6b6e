import type { ByteReader } from './byte-reader.ts';
import { readFlac, readOgg } from './flac-ogg.ts';
import { adtsFrame, isMpeg, mpegFrame, readFrames, skipId3 } from './mpeg.ts';
import { readMp4 } from './mp4.ts';
import type { SoundFacts } from './sound-facts.ts';
import { readWav } from './wav.ts';
import { readWebm } from './webm.ts';

// A year.
const LONGEST_SECONDS = 366 * 86_400;

/** Reads an upload to its end and says what it is; undefined for containers it does not know. The name and the declared type are not believed. */
export async function listen(reader: ByteReader): Promise<SoundFacts | undefined> {
  const facts = await recognise(reader);
  await reader.drain();
  return facts === undefined ? undefined : plausible(facts);
}

// A damaged header may say anything: what no sound can have is left out. Durations are told in milliseconds.
function plausible({ seconds, rate, channels, ...rest }: SoundFacts): SoundFacts {
  return {
    ...rest,
    ...(seconds !== undefined &&
      seconds >= 0 &&
      seconds < LONGEST_SECONDS && { seconds: Math.round(seconds * 1000) / 1000 }),
    ...(channels !== undefined && channels > 0 && { channels }),
    ...(rate !== undefined && rate > 0 && Number.isFinite(rate) && { rate }),
  };
}

async function recognise(reader: ByteReader): Promise<SoundFacts | undefined> {
  await skipId3(reader);
  const head = (await reader.peek(12)).toString('latin1');
  if (/^(?:RIFF|RF64)[^]{4}WAVE/.test(head)) return readWav(reader);
  if (head.startsWith('fLaC')) return readFlac(reader);
  if (head.startsWith('OggS')) return readOgg(reader);
  if (/^[^]{4}ftyp/.test(head)) return readMp4(reader);
  if (head.startsWith('\x1aE\xdf\xa3')) return readWebm(reader);
  if (await isMpeg(reader, adtsFrame)) return readFrames(reader, 'ADTS', adtsFrame);
  if (await isMpeg(reader, mpegFrame)) return readFrames(reader, 'MP3', mpegFrame);
  return undefined;
}
