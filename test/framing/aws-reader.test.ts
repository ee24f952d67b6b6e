import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AwsReader, beginsAwsStream } from '../../src/framing/aws-reader.ts';
import type { Frame } from '../../src/framing/frame.ts';
import {
  awsChunk,
  awsError,
  awsEvent,
  awsException,
  awsMessage,
  messageAround,
  prelude,
} from '../support/aws-frames.ts';

interface Outcome {
  readonly frames: readonly Frame[];
  readonly comments: number;
  readonly truncated: boolean;
  readonly broken?: string;
}

function read(pieces: readonly Uint8Array[], eventBytes = 1_000_000): Outcome {
  const frames: Frame[] = [];
  const reader = new AwsReader((frame) => frames.push(frame), { eventBytes });
  try {
    for (const piece of pieces) reader.push(piece);
  } catch (error) {
    return { frames, comments: reader.comments, truncated: false, broken: (error as Error).name };
  }
  reader.end();
  return { frames, comments: reader.comments, truncated: reader.truncated };
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

const SAMPLE = Buffer.concat([
  awsEvent('messageStart', { role: 'assistant', p: 'abcd' }),
  awsEvent('contentBlockDelta', { delta: { text: 'é日本😀\u2028' }, contentBlockIndex: 0 }),
  awsEvent('contentBlockDelta', { delta: { text: 'x' }, contentBlockIndex: 0 }),
  awsChunk({ type: 'ping' }),
  awsException('throttlingException', { message: 'Too many.' }),
]);
const FRAMES: readonly Frame[] = [
  { event: 'messageStart', data: '{"role":"assistant","p":"abcd"}' },
  { event: 'contentBlockDelta', data: '{"delta":{"text":"é日本😀\u2028"},"contentBlockIndex":0}' },
  { event: 'contentBlockDelta', data: '{"delta":{"text":"x"},"contentBlockIndex":0}' },
  { event: 'ping', data: '{"type":"ping"}' },
  {
    event: 'error',
    data: '{"type":"error","error":{"type":"rate_limit_error","message":"Too many.","code":"throttlingException","status":429}}',
  },
];

describe('messages of an AWS event stream', () => {
  test('UP-01 give the same frames wherever they are cut, inside the prelude too', () => {
    expect(read([SAMPLE])).toEqual({ frames: FRAMES, comments: 0, truncated: false });
    for (let cut = 0; cut <= SAMPLE.length; cut++) expect(read(cutAt(SAMPLE, [cut])).frames).toEqual(FRAMES);
    for (const size of [1, 7, 64, 4096]) {
      const pieces = Array.from({ length: Math.ceil(SAMPLE.length / size) }, (_, index) =>
        SAMPLE.subarray(index * size, (index + 1) * size),
      );
      expect(read(pieces)).toEqual({ frames: FRAMES, comments: 0, truncated: false });
    }
  });

  test('UP-01 any messages cut at any places give their payloads, and the bytes may be reused afterwards', () => {
    const messages = fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,12}$/), fc.string({ minLength: 1 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(messages, fc.array(fc.nat(), { maxLength: 8 }), (list, cuts) => {
        const bytes = Buffer.concat(list.map(([type, data]) => awsEvent(type, data)));
        const frames: Frame[] = [];
        const reader = new AwsReader((frame) => frames.push(frame), { eventBytes: 10_000 });
        for (const piece of cutAt(bytes, cuts)) {
          const lent = Buffer.from(piece);
          reader.push(lent);
          lent.fill(0xff);
        }
        reader.end();
        const texts = list.map(([event, data]) => ({ event, data: Buffer.from(data).toString() }));
        expect(frames).toEqual(texts);
        expect(reader.truncated).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('headers of every type are stepped over', () => {
    const headers = [
      ['yes', { flag: true }],
      ['no', { flag: false }],
      ['byte', { byte: -3 }],
      ['short', { short: -300 }],
      ['integer', { integer: 70_000 }],
      ['long', { long: -5n }],
      ['bytes', { bytes: randomBytes(300) }],
      [':event-type', 'metadata'],
      ['time', { time: 1_767_225_600_000n }],
      ['uuid', { uuid: randomBytes(16) }],
      ['emoji 😀', 'é'],
      [':message-type', 'event'],
    ] as const;
    expect(read([awsMessage(headers, '{"a":1}')]).frames).toEqual([{ event: 'metadata', data: '{"a":1}' }]);
  });

  test('a message without payload or of a kind that nobody knows is a sign of life', () => {
    const bytes = Buffer.concat([awsEvent('messageStart', ''), awsMessage([[':message-type', 'rumour']], '{}')]);
    expect(read([bytes])).toEqual({ frames: [], comments: 2, truncated: false });
    expect(read([awsMessage([], '{"a":1}')]).frames).toEqual([{ data: '{"a":1}' }]);
  });

  test('a wrapped message is unwrapped and goes by its own type', () => {
    const inner = '{"type":"content_block_delta","delta":{"text":"日本"}}';
    expect(read([awsChunk(inner)]).frames).toEqual([{ event: 'content_block_delta', data: inner }]);
    expect(read([awsChunk('{"index":0,"type":"late"}')]).frames).toEqual([
      { event: 'late', data: '{"index":0,"type":"late"}' },
    ]);
    expect(read([awsChunk('{"outputs":[]}')]).frames).toEqual([{ data: '{"outputs":[]}' }]);
    expect(read([awsEvent('chunk', { bytes: 5 })]).frames).toEqual([{ event: 'chunk', data: '{"bytes":5}' }]);
    expect(read([awsEvent('chunk', 'no json')]).frames).toEqual([{ event: 'chunk', data: 'no json' }]);
  });
});

describe('exceptions', () => {
  const told = (bytes: Uint8Array): unknown => {
    const { frames } = read([bytes]);
    expect(frames.map(({ event }) => event)).toEqual(['error']);
    return (JSON.parse(frames[0]?.data ?? '') as { readonly error: unknown }).error;
  };

  test.each([
    ['throttlingException', 429, 'rate_limit_error'],
    ['validationException', 400, 'invalid_request_error'],
    ['modelStreamErrorException', 502, 'api_error'],
    ['internalServerException', 502, 'api_error'],
    ['serviceUnavailableException', 503, 'overloaded_error'],
    ['modelTimeoutException', 504, 'timeout_error'],
    ['accessDeniedException', 403, 'permission_error'],
    ['aNewException', 502, 'api_error'],
  ])('FM-26 %s means %d %s', (name, status, type) => {
    expect(told(awsException(name, { message: 'M' }))).toEqual({ type, message: 'M', code: name, status });
  });

  test('FM-26 what the model itself said of its failure is told too', () => {
    const error = { message: 'The model failed.', originalStatusCode: 500, originalMessage: 'out of memory' };
    expect(told(awsException('modelStreamErrorException', error))).toMatchObject({
      message: 'The model failed. out of memory',
    });
    expect(told(awsException('modelStreamErrorException', null))).toMatchObject({
      message: 'The upstream reported modelStreamErrorException.',
    });
  });

  test('FM-26 an error that no exception models has its code and message in headers', () => {
    expect(told(awsError('InternalFailure', 'Try later.'))).toEqual({
      type: 'api_error',
      message: 'Try later.',
      code: 'InternalFailure',
      status: 502,
    });
    expect(told(awsError('ThrottlingException', 'Slow down.'))).toMatchObject({ status: 429 });
  });
});

describe('what is no sound message', () => {
  const good = awsEvent('contentBlockDelta', { delta: { text: 'never seen' } });

  test('FM-27 any flipped bit is found before anything of the message is given out', () => {
    fc.assert(
      fc.property(fc.nat({ max: good.length * 8 - 1 }), fc.array(fc.nat(), { maxLength: 3 }), (bit, cuts) => {
        const bytes = Buffer.from(good);
        bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(read(cutAt(bytes, cuts))).toMatchObject({ frames: [], broken: 'BrokenFrame' });
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['a length of four gibibytes', 0xffffffff, 0, 'FrameTooLarge'],
    ['a length over the limit', 1_000_001, 0, 'FrameTooLarge'],
    ['headers longer than the message', 64, 49, 'BrokenFrame'],
    ['headers of four gibibytes', 64, 0xffffffff, 'BrokenFrame'],
    ['a message shorter than its frame', 15, 0, 'BrokenFrame'],
    ['a message of no length', 0, 0, 'BrokenFrame'],
  ])('FM-27 %s is refused with the twelfth byte', (_, total, headers, broken) => {
    const bytes = prelude(total, headers);
    const eleven = read([bytes.subarray(0, 11)]);
    expect(eleven).toEqual({ frames: [], comments: 0, truncated: true });
    expect(read([bytes])).toMatchObject({ frames: [], broken });
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toMatchObject({ frames: [], broken });
  });

  test.each([
    ['a text that goes on behind them', [1, 97, 7, 0, 9, 97]],
    ['an unknown type', [1, 97, 10]],
    ['a name that goes on behind them', [200]],
    ['no type', [1, 97]],
    ['half a length', [1, 97, 6, 0]],
  ])('FM-27 headers with %s are refused', (_, block) => {
    expect(read([messageAround(Buffer.from(block), '{}')])).toMatchObject({ frames: [], broken: 'BrokenFrame' });
  });

  test('FM-27 the end inside a message is a truncation, and between messages it is none', () => {
    for (let length = 1; length < good.length; length++)
      expect(read([good.subarray(0, length)])).toEqual({ frames: [], comments: 0, truncated: true });
    expect(read([good]).truncated).toBe(false);
    expect(read([]).truncated).toBe(false);
  });

  test('FM-25 a message of eight megabytes arrives whole in small pieces, and so does one after it', () => {
    const text = 'x'.repeat(8 << 20);
    const bytes = Buffer.concat([awsEvent('first', text), awsEvent('second', 'y')]);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 1024) }, (_, index) =>
      bytes.subarray(index * 1024, (index + 1) * 1024),
    );
    const { frames } = read(pieces, 16 << 20);
    expect(frames.map(({ event, data }) => [event, data.length])).toEqual([
      ['first', text.length],
      ['second', 1],
    ]);
  });
});

describe('the beginning of a stream', () => {
  test('UP-06 is told by its checksum, whatever the content type says', () => {
    for (let length = 0; length < SAMPLE.length; length++)
      expect(beginsAwsStream(SAMPLE.subarray(0, length))).toBe(length === 0 ? false : length < 12 ? undefined : true);
    expect(beginsAwsStream(Buffer.from('data: x\n\n'))).toBe(false);
    expect(beginsAwsStream(Buffer.alloc(64))).toBe(false);
  });
});
