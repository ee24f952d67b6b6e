import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { collect } from '../../src/model/completion.ts';
import type { SpeechRequest } from '../../src/model/request.ts';
import { countTokens } from '../../src/sandbox/tokenizer.ts';
import { eventsOf } from './run.ts';

const TEXT = 'The quick brown fox, no: the slow one. 日本語 café!';

function speaking(format: string, more: Partial<SpeechRequest> = {}): SpeechRequest {
  return {
    task: 'speech',
    model: 'sandbox/voice',
    stream: true,
    input: TEXT,
    format,
    delivery: 'audio',
    native: { protocol: 'openai-speech', value: {} },
    ...more,
  };
}

async function sound(format: string, more: Partial<SpeechRequest> = {}): Promise<Buffer> {
  const { blocks, finish } = collect(await eventsOf('voice', speaking(format, more)));
  expect(finish).toEqual({ reason: 'stop' });
  return Buffer.concat((blocks[0]?.audio ?? []).map((piece) => Buffer.from(piece, 'base64')));
}

test('wav: the header tells the truth about size and form, and pcm is its body', async () => {
  const wav = await sound('wav');
  expect(wav.toString('latin1', 0, 4) + wav.toString('latin1', 8, 16)).toBe('RIFFWAVEfmt ');
  expect(wav.readUInt32LE(4)).toBe(wav.length - 8);
  expect([
    wav.readUInt16LE(20),
    wav.readUInt16LE(22),
    wav.readUInt32LE(24),
    wav.readUInt32LE(28),
    wav.readUInt16LE(32),
    wav.readUInt16LE(34),
  ]).toEqual([1, 1, 24_000, 48_000, 2, 16]);
  expect(wav.toString('latin1', 36, 40)).toBe('data');
  expect(wav.readUInt32LE(40)).toBe(wav.length - 44);
  expect(wav.subarray(44).equals(await sound('pcm'))).toBe(true);
});

test('pcm: tones and silences follow the words', async () => {
  const pcm = await sound('pcm', { input: 'one. two' });
  const samples = new Int16Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length));
  const loud = Array.from({ length: samples.length / 576 }, (_, grain) =>
    samples.subarray(grain * 576, grain * 576 + 576).some((sample) => Math.abs(sample) > 5000),
  );
  const runs = loud
    .map((one) => (one ? 'x' : ' '))
    .join('')
    .trim()
    .split(/ +/);
  // o-ne, two: three syllables, and between the words the pause of the full stop.
  expect(runs).toEqual(['xxxxx', 'xxxxx', 'xxxxx']);
  expect(Math.max(...samples)).toBeLessThan(32_767);
});

/** Reads the bits of an MP3 frame, written from the standard's tables and not from the writer. */
function linesOf(frame: Buffer): readonly (readonly [line: number, value: number])[] {
  let at = 0;
  const bits = (count: number): number => {
    let value = 0;
    for (let left = count; left > 0; left--, at++) value = value * 2 + (((frame[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
    return value;
  };
  expect(bits(32)).toBe(0xfff344c0); // MPEG-2 layer III, no CRC, 32 kbit/s, 24 kHz, mono
  expect(bits(9)).toBe(0); // main data begins in this frame
  const length = bits(12);
  const pairs = bits(9);
  bits(8);
  expect(bits(10)).toBe(0);
  expect([bits(5), bits(5), bits(5)]).toEqual([1, 1, 1]);
  bits(9);
  expect(at).toBe(13 * 8);
  const codes: Record<string, readonly [number, number]> = { '1': [0, 0], '001': [0, 1], '01': [1, 0], '000': [1, 1] };
  const found: (readonly [number, number])[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    let code = String(bits(1));
    while (codes[code] === undefined) code += String(bits(1));
    codes[code]?.forEach((value, index) => {
      if (value !== 0) found.push([pair * 2 + index, bits(1) === 1 ? -value : value]);
    });
  }
  expect(at).toBe(13 * 8 + length);
  return found;
}

test('mp3: every frame is whole, valid and as long as the same pcm; each tone is one line whose phase runs on', async () => {
  const mp3 = await sound('mp3');
  const pcm = await sound('pcm');
  expect(mp3.length % 96).toBe(0);
  expect((mp3.length / 96) * 576 * 2).toBe(pcm.length);
  let tones = 0;
  for (let frame = 0; frame < mp3.length / 96; frame++) {
    const lines = linesOf(mp3.subarray(frame * 96, frame * 96 + 96));
    const silent = !new Int16Array(
      pcm.buffer.slice(pcm.byteOffset + frame * 1152, pcm.byteOffset + frame * 1152 + 1152),
    ).some((sample) => sample !== 0);
    expect(lines).toHaveLength(silent ? 0 : 1);
    for (const [line, value] of lines) {
      tones++;
      expect(value).toBe(((line % 18) % 2 === 0 ? [1, -1, -1, 1] : [1, 1, -1, -1])[frame % 4]);
    }
  }
  expect(tones).toBeGreaterThan(20);
});

test('each token of the text is one delta and one token of sound, in any text and format', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), fc.constantFrom('mp3', 'wav', 'pcm'), async (input, format) => {
      const { blocks, usage } = collect(await eventsOf('voice', speaking(format, { input })));
      expect(blocks[0]?.audio).toHaveLength(countTokens(input) + (format === 'wav' ? 1 : 0));
      expect(usage).toMatchObject({ input: countTokens(input), audioOutput: countTokens(input), output: 0 });
    }),
  );
});

test('speed shortens the sound', async () => {
  const [plain, fast] = await Promise.all([sound('pcm'), sound('pcm', { speed: 2 })]);
  expect(fast.length / plain.length).toBeGreaterThan(0.4);
  expect(fast.length / plain.length).toBeLessThan(0.65);
});

describe('what it cannot make it refuses by name, and says what it can', () => {
  test.each(['opus', 'aac', 'flac', 'ogg'])('%s', async (format) => {
    const events = await eventsOf('voice', speaking(format));
    expect(events).toMatchObject([
      {
        type: 'error',
        error: {
          kind: 'invalid_request',
          code: 'unsupported_parameter',
          param: 'response_format',
          message: `The sandbox makes mp3, wav and pcm, not '${format}'.`,
        },
      },
    ]);
  });
});
