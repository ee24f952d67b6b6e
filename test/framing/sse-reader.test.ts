import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Frame } from '../../src/framing/frame.ts';
import { SseReader } from '../../src/framing/sse-reader.ts';

interface Outcome {
  readonly frames: readonly Frame[];
  readonly comments: number;
  readonly truncated: boolean;
}

function read(pieces: readonly Uint8Array[], eventBytes = 1_000_000): Outcome {
  const frames: Frame[] = [];
  const reader = new SseReader((frame) => frames.push(frame), { eventBytes });
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return { frames, comments: reader.comments, truncated: reader.truncated };
}

function readText(text: string): Outcome {
  return read([Buffer.from(text)]);
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

/** What the published parser makes of a whole text; empty and comment payloads, which ours counts as life, left out. */
function oracle(text: string): Frame[] {
  const frames: Frame[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (data !== '' && !data.startsWith(':')) frames.push(event ? { event, data } : { data });
    },
  });
  parser.feed(text);
  return frames;
}

const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
const word = fc.stringMatching(/^[ -~\u00e9\u65e5\u{1F600}\u2028\u0085\0]{0,12}$/u);
const line = fc.oneof(
  { weight: 4, arbitrary: word.map((text) => `data: ${text}`) },
  word.map((text) => `data:${text}`),
  word.map((text) => `event: ${text}`),
  word.map((text) => `:${text}`),
  word.map((text) => `id: ${text}`),
  fc.constantFrom('data', 'event', 'retry: 10', 'dat', 'datas: 1', 'unknown: x', ' data: x', 'DATA: x'),
  { weight: 3, arbitrary: fc.constant('') },
);
const streamText = fc
  .tuple(fc.boolean(), fc.array(fc.tuple(line, lineEnd), { maxLength: 30 }))
  .map(([bom, lines]) => `${bom ? '\uFEFF' : ''}${lines.map(([text, end]) => text + end).join('')}: last\n\n`);

const SAMPLE = '\uFEFF: hi\r\nevent: a\rdata: {"t":"é日本😀\u2028"}\r\n\r\ndata:1\ndata: 2\r\r: c\n\ndata: [DONE]\n\n';

describe('against the published parser', () => {
  test('UP-01 UP-02 any text gives the frames of eventsource-parser, however it is cut', () => {
    fc.assert(
      fc.property(streamText, fc.array(fc.nat(), { maxLength: 8 }), (text, cuts) => {
        expect(read(cutAt(Buffer.from(text), cuts)).frames).toEqual(oracle(text));
      }),
      { numRuns: 1000 },
    );
  });

  test('UP-01 any bytes give the same outcome whole and one byte at a time', () => {
    const soup = fc.array(fc.constantFrom(...Buffer.from('data:\n\r \0'), 0xef, 0xbb, 0xbf, 0xe2, 0x80, 0xff, 0xf0), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(soup, (numbers) => {
        const bytes = Uint8Array.from([...Buffer.from('data:'), ...numbers]);
        const whole = read([bytes]);
        expect(read(cutAt(bytes, [...bytes.keys()]))).toEqual(whole);
        for (const { data } of whole.frames) expect(new TextDecoder().decode(bytes)).toContain(data.split('\n')[0]);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('bytes', () => {
  test('UP-01 a cut at any offset, or at every offset, gives the same frames and no replacement character', () => {
    const bytes = Buffer.from(SAMPLE);
    const whole = read([bytes]);
    expect(whole.frames).toEqual([{ event: 'a', data: '{"t":"é日本😀\u2028"}' }, { data: '1\n2' }, { data: '[DONE]' }]);
    for (let cut = 0; cut <= bytes.length; cut += 1) expect(read(cutAt(bytes, [cut]))).toEqual(whole);
    expect(read(cutAt(bytes, [...bytes.keys()]))).toEqual(whole);
  });

  test('UP-01 bytes that are no UTF-8 become what TextDecoder makes of them', () => {
    const bad = Uint8Array.of(0x61, 0xff, 0xe2, 0x82, 0x62, 0xf0, 0x9f, 0x98, 0xc3);
    const bytes = Buffer.concat([Buffer.from('data: '), bad, Buffer.from('\n\n')]);
    for (let cut = 0; cut <= bytes.length; cut += 1)
      expect(read(cutAt(bytes, [cut])).frames).toEqual([{ data: new TextDecoder().decode(bad) }]);
  });

  test('UP-01 a chunk may be overwritten as soon as push returns', () => {
    const frames: Frame[] = [];
    const reader = new SseReader((frame) => frames.push(frame), { eventBytes: 100 });
    const chunk = Buffer.alloc(1);
    for (const byte of Buffer.from('data: {"é":1}\n\n')) {
      chunk[0] = byte;
      reader.push(chunk);
    }
    expect(frames).toEqual([{ data: '{"é":1}' }]);
  });
});

describe('lines and fields', () => {
  test('UP-02 an event is given out with the byte that completes it, and a line feed after a carriage return is swallowed', () => {
    const frames: Frame[] = [];
    const reader = new SseReader((frame) => frames.push(frame), { eventBytes: 100 });
    reader.push(Buffer.from('data: 1\r\n\r'));
    expect(frames).toEqual([{ data: '1' }]);
    reader.push(Buffer.from('\ndata: 2\r\r'));
    expect(frames).toEqual([{ data: '1' }, { data: '2' }]);
    reader.push(Buffer.from('data: 3\n'));
    reader.push(Buffer.from('\n'));
    expect(frames).toEqual([{ data: '1' }, { data: '2' }, { data: '3' }]);
  });

  test('UP-02 no space after the colon, several data lines, NUL, id, retry and unknown fields', () => {
    const text = 'id: 1\nretry: 5\nfoo: bar\ndata:{"a":\ndata:  1}\nevent:x\n\ndata: a\0b\n\n';
    expect(readText(text).frames).toEqual([{ event: 'x', data: '{"a":\n 1}' }, { data: 'a\0b' }]);
  });

  test('UP-02 the name of an event without data does not reach the next event', () => {
    expect(readText('event: a\n\ndata: 1\n\n').frames).toEqual([{ data: '1' }]);
  });

  test('UP-03 comments, comment payloads and empty payloads are no frames but are counted', () => {
    const outcome = readText(': PROCESSING\n\ndata: : PROCESSING\n\ndata:\n\ndata: 1\n\n');
    expect(outcome).toEqual({ frames: [{ data: '1' }], comments: 3, truncated: false });
  });

  test('UP-01 the boundary says how much of a chunk is whole events', () => {
    const reader = new SseReader(() => {}, { eventBytes: 100 });
    const boundaries = ['data: 1\n\ndata: 2', '\n', '\ndata: é\r\n\r\nda', 'ta\r', '\n\r', '', '\nd'].map((text) => {
      reader.push(Buffer.from(text));
      return reader.boundary;
    });
    expect(boundaries).toEqual([9, 0, 13, 0, 2, 0, 1]);
  });
});
