import { Readable } from 'node:stream';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import { checked } from '../../src/model/grammar.ts';
import type { SpeechRequest, TranscriptionRequest } from '../../src/model/request.ts';
import { runSandbox } from '../../src/sandbox/sandbox.ts';
import { adts, flac, m4a, mp3, ogg, wav, webm } from './recordings.ts';
import { eventsOf } from './run.ts';

const REQUEST: TranscriptionRequest = {
  task: 'transcription',
  model: 'sandbox/ear',
  stream: true,
  translate: false,
  format: 'json',
  fields: [],
};

function inChunks(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  return Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    ),
  );
}

async function heard(bytes: Uint8Array, more: Partial<TranscriptionRequest> = {}, chunk = 4096): Promise<Completion> {
  const upload = { name: 'take "1".bin', contentType: 'audio/mpeg', stream: inChunks(bytes, chunk) };
  return collect(await eventsOf('ear', { ...REQUEST, ...more }, { upload }));
}

async function said(bytes: Uint8Array, chunk?: number): Promise<string> {
  return (await heard(bytes, {}, chunk)).blocks[0]?.text ?? '';
}

const RECORDINGS: readonly (readonly [string, Buffer, string])[] = [
  ['wav', wav(), 'WAV (PCM, 16 bit): 2 seconds, 1 channel, 16000 Hz'],
  ['wav, stereo 8 bit', wav({ bits: 8, channels: 2, rate: 8000 }), 'WAV (PCM, 8 bit): 2 seconds, 2 channels, 8000 Hz'],
  [
    'wav, streamed with unknown sizes',
    wav({ dataSize: 0xffff_ffff }),
    'WAV (PCM, 16 bit): 2 seconds, 1 channel, 16000 Hz',
  ],
  ['wav, cut off', wav().subarray(0, 60 + 32_000), 'WAV (PCM, 16 bit): 1.000 seconds'],
  ['mp3', mp3(), 'MP3 (MPEG-1 layer 3, 128 kbit/s): 2.612 seconds, 2 channels, 44100 Hz'],
  [
    'mp3 without tags',
    mp3({ id3: false, info: false }),
    'MP3 (MPEG-1 layer 3, 128 kbit/s): 2.612 seconds, 2 channels, 44100 Hz',
  ],
  [
    'mp3, variable',
    mp3({ variable: true }),
    'MP3 (MPEG-1 layer 3, variable bit rate): 2.612 seconds, 2 channels, 44100 Hz',
  ],
  ['aac', adts(), 'ADTS (AAC): 0.998 seconds, 2 channels, 44100 Hz'],
  ['m4a', m4a(), 'MP4 (AAC): 1.5 seconds, 2 channels, 44100 Hz'],
  ['m4a with the index first', m4a({ moovFirst: true }), 'MP4 (AAC): 1.5 seconds, 2 channels, 44100 Hz'],
  ['m4a with long sizes', m4a({ long: true }), 'MP4 (AAC): 1.5 seconds, 2 channels, 44100 Hz'],
  ['flac', flac(), 'FLAC (24 bit): 2.5 seconds, 2 channels, 48000 Hz'],
  ['flac of unknown length', flac(0), 'FLAC (24 bit): of unknown duration, 2 channels, 48000 Hz'],
  ['ogg opus', ogg('opus'), 'Ogg (Opus): 1.5 seconds, 1 channel, 48000 Hz'],
  ['ogg vorbis', ogg('vorbis'), 'Ogg (Vorbis): 1.5 seconds, 2 channels, 44100 Hz'],
  ['webm from a browser', webm(), 'WebM (Opus): 1.48 seconds, 2 channels, 48000 Hz'],
  ['webm', webm(2500), 'WebM (Opus): 2.5 seconds, 2 channels, 48000 Hz'],
];

describe('the container is read truthfully, whatever name and type say', () => {
  test.each(RECORDINGS)('%s', async (_name, bytes, facts) => {
    expect(await said(bytes)).toContain(`The recording "take \\"1\\".bin" is ${facts.replace('1.000', '1')}`);
    expect(await said(bytes)).toMatch(new RegExp(`, ${bytes.length} bytes\\.$`));
  });
});

test('the chunks of the network change nothing', async () => {
  for (const [, bytes] of RECORDINGS) {
    const whole = await said(bytes, bytes.length);
    for (const size of [1, 7, 64, 1000]) expect(await said(bytes, size)).toBe(whole);
  }
});

test('bytes of no known container are counted, and an empty upload is refused', async () => {
  expect(await said(Buffer.from('plain words, no sound'))).toBe(
    'The recording "take \\"1\\".bin" is in no container that the sandbox knows; it has 21 bytes.',
  );
  expect((await heard(new Uint8Array())).error).toMatchObject({ kind: 'invalid_request', param: 'file' });
  const [first] = await eventsOf('ear', REQUEST);
  expect(first).toMatchObject({
    type: 'error',
    error: { kind: 'invalid_request', code: 'missing_required_parameter', param: 'file' },
  });
});

test('damaged recordings are answered too, always', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...RECORDINGS.map(([, bytes]) => bytes)),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 8 }),
      fc.nat(6000),
      async (bytes, changes, length) => {
        const damaged = Buffer.from(bytes.subarray(0, length + 1));
        for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
        const { finish, blocks, natives } = await heard(damaged);
        expect(finish).toEqual({ reason: 'stop' });
        expect(blocks[0]?.text).not.toMatch(/NaN|Infinity| -\d/);
        expect(JSON.stringify(natives)).not.toContain('null');
      },
    ),
    { numRuns: 500 },
  );
});

test('ear hears what voice says', async () => {
  const speech: SpeechRequest = {
    task: 'speech',
    model: '',
    stream: true,
    input: 'Hello, ear!',
    format: 'mp3',
    delivery: 'sse',
    native: { protocol: 'openai-speech', value: {} },
  };
  const seconds = new Set<number | undefined>();
  for (const format of ['mp3', 'wav']) {
    const { blocks } = collect(await eventsOf('voice', { ...speech, format }));
    const { usage } = await heard(Buffer.concat((blocks[0]?.audio ?? []).map((piece) => Buffer.from(piece, 'base64'))));
    seconds.add(usage?.seconds);
  }
  expect(seconds.size).toBe(1);
  expect([...seconds][0]).toBeGreaterThan(0.3);
});

test('verbose_json carries what the longer form needs, and other forms do not', async () => {
  const { natives, blocks } = await heard(wav(), {
    format: 'verbose_json',
    language: 'nl',
    translate: true,
    stream: false,
  });
  const text = blocks[0]?.text;
  const whole = { task: 'translate', language: 'nl', duration: 2, text, segments: [{ id: 0, start: 0, end: 2, text }] };
  expect(natives).toMatchObject([{ protocol: 'openai-transcriptions', value: { whole } }]);
  expect((await heard(wav(), { stream: false })).natives).toEqual([]);
});

test('srt and vtt are subtitles that last as long as the recording', async () => {
  const text = await said(wav());
  const subtitles = async (format: string): Promise<string | undefined> =>
    (await heard(wav(), { format })).blocks[0]?.text;
  expect(await subtitles('srt')).toBe(`1\n00:00:00,000 --> 00:00:02,000\n${text}\n\n`);
  expect(await subtitles('vtt')).toBe(`WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n${text}\n\n`);
});

test('a form field behind the file counts', async () => {
  let request: TranscriptionRequest = REQUEST;
  async function* lateField(): AsyncGenerator<Uint8Array, void> {
    yield* inChunks(wav(), 4096);
    request = { ...REQUEST, format: 'vtt' };
  }
  const events: Event[] = [];
  await runSandbox({
    get request() {
      return request;
    },
    model: 'ear',
    upload: { name: 'a.wav', contentType: '', stream: lateField() },
    emit: checked((event) => events.push(event)),
    signal: new AbortController().signal,
    mint: (prefix) => prefix,
    created: 0,
    ready: () => undefined,
  });
  expect(collect(events).blocks[0]?.text).toMatch(/^WEBVTT/);
});

test('formats it does not write are refused by name', async () => {
  const { error } = await heard(wav(), { format: 'diarized_json' });
  expect(error).toMatchObject({ code: 'unsupported_parameter', param: 'response_format' });
  expect(error?.message).toContain("not 'diarized_json'");
});

test('an upload that stops coming ends quietly when the client leaves', async () => {
  async function* stalled(): AsyncGenerator<Uint8Array, void> {
    yield wav().subarray(0, 1000);
    await new Promise(() => undefined);
  }
  const upload = { name: 'a.wav', contentType: 'audio/wav', stream: stalled() };
  const events = await eventsOf('ear', REQUEST, { upload, signal: AbortSignal.timeout(20) });
  expect(events.map((event) => event.type)).toEqual(['start']);
});

test('an upload is never held whole', async () => {
  const block = Buffer.alloc(1 << 20);
  const big = Readable.from([wav({ dataSize: 0xffff_ffff }), ...Array.from({ length: 200 }, () => block)]);
  const before = process.memoryUsage().arrayBuffers;
  const { blocks } = collect(
    await eventsOf('ear', REQUEST, { upload: { name: 'big.wav', contentType: 'audio/wav', stream: big } }),
  );
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 << 20);
  expect(blocks[0]?.text).toContain(`${wav().length + (200 << 20)} bytes`);
});
