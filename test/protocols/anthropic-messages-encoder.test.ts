import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { BlockHead, Event, FinishReason } from '../../src/model/event.ts';
import { NO_USAGE } from '../../src/model/usage.ts';
import { countDialect, dialect } from '../../src/protocols/anthropic-messages/index.ts';
import { readMessageEvents } from '../support/messages-automaton.ts';
import { framesOf, reply } from './exchange.ts';
import {
  START,
  FINISH,
  said,
  REPLY,
  opened,
  piece,
  input,
  callHead,
  ended,
  written,
  told,
  blocksTold,
} from './anthropic-messages-bench.ts';

const usage = (counts: Partial<typeof NO_USAGE>): Event => ({ type: 'usage', usage: { ...NO_USAGE, ...counts } });

test('MS-01 MS-02 MS-07 MS-09 the bytes of a plain answer', () => {
  const counted = usage({ input: 9, cacheRead: 5, output: 16 });
  expect(written([START, ...said('Hello'), counted, FINISH]).writes.join('')).toBe(
    'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_abcdefghijklmnopqrstuvwx","type":"message",' +
      '"role":"assistant","model":"asked-model","content":[],"stop_reason":null,"stop_sequence":null,' +
      '"usage":{"input_tokens":5,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}}\n\n' +
      'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n' +
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}\n\n' +
      'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n' +
      'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},' +
      '"usage":{"input_tokens":9,"cache_creation_input_tokens":0,"cache_read_input_tokens":5,"output_tokens":16}}\n\n' +
      'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  );
});

test('WD-02 OR-10 each write holds whole events, and each event is in the write of what it says', () => {
  const { writes } = written([
    START,
    ...said('a'),
    opened(1, callHead(1)),
    input(1, '{"a":'),
    input(1, '1}'),
    ended(1),
    FINISH,
  ]);
  expect(writes.map((write) => framesOf(write).map(({ event }) => event?.replace('content_block_', '')))).toEqual([
    ['message_start', 'start', 'delta'],
    ['stop'],
    ['start', 'delta'],
    ['delta'],
    ['stop'],
    ['message_delta', 'message_stop'],
  ]);
});

test('WD-03 no character of a payload ends a line for any reader', () => {
  const ends = '\u0085\u2028\u2029\n';
  const events = [
    START,
    ...said(ends),
    ...said(ends, 1, 'reasoning'),
    opened(2, callHead(2)),
    input(2, `"${ends}"`),
    ended(2),
    FINISH,
  ];
  const { writes } = written(events, { ...REPLY, model: `m${ends}` });
  expect(writes.join('')).not.toMatch(/[\u0085\u2028\u2029]/);
  expect(readMessageEvents(writes.join('')).blocks[0]?.text).toBe(ends);
});

describe('blocks', () => {
  test('MS-03 a text that is open beside a call ends before the call begins', () => {
    const events = [START, opened(0, { type: 'text' }), piece(0, 'a'), opened(1, callHead(1)), piece(0, 'b'), ended(0)];
    expect(blocksTold([...events, input(1, '{}'), ended(1), { type: 'finish', reason: 'tool-calls' }])).toEqual([
      ['text', 'ab'],
      ['tool_use', '{}'],
    ]);
  });

  test('MS-04 calls that are written side by side come one after another, each whole and once', () => {
    const events = [START, opened(0, callHead(0)), opened(1, callHead(1)), opened(2, callHead(2))];
    for (const json of ['{"a"', ':1', '}']) for (const index of [2, 0, 1]) events.push(input(index, json));
    const end: Event[] = [ended(1), ended(0), ended(2), { type: 'finish', reason: 'tool-calls' }];
    const { blocks, stop } = told([...events, ...end]);
    expect(blocks.map(({ head, json }) => [head.at('name').text, json])).toEqual([
      ['f0', '{"a":1}'],
      ['f1', '{"a":1}'],
      ['f2', '{"a":1}'],
    ]);
    expect(stop).toBe('tool_use');
  });

  test('MS-04 the first of several calls is shown while it is written', () => {
    const { writes } = written([
      START,
      opened(0, callHead(0)),
      opened(1, callHead(1)),
      input(0, '{"a"'),
      input(1, '{'),
    ]);
    expect(writes.join('')).toContain('"partial_json":"{\\"a\\""');
    expect(writes.join('')).not.toContain('call_1');
  });

  test('MS-02 a block with nothing to say is not shown', () => {
    expect(blocksTold([START, ...said(''), ...said('', 1, 'reasoning'), ...said('a', 2), FINISH])).toEqual([
      ['text', 'a'],
    ]);
  });

  test('FM-14 unsigned thinking has an empty signature; a refusal and the words of a sound are text', () => {
    const sound: Event[] = [opened(2, { type: 'media', media: 'audio' }), piece(2, 'spoken'), ended(2)];
    const events = [
      START,
      ...said('a', 0, 'reasoning'),
      opened(1, { type: 'refusal' }),
      piece(1, 'no'),
      ended(1),
      ...sound,
    ];
    const { blocks } = told([...events, FINISH]);
    expect(blocks.map(({ type, text }) => [type, text])).toEqual([
      ['thinking', 'a'],
      ['text', 'no'],
      ['text', 'spoken'],
    ]);
    expect(blocks[0]?.head.at('signature').value).toBe('');
    expect(written([...events, FINISH]).lost).toBe(1);
  });

  test('FM-13 free text of a call is the one key of its input', () => {
    const custom: BlockHead = { type: 'tool-call', id: 'call_0', name: 'patch', custom: true };
    const events = [START, opened(0, custom), input(0, 'say "hi"\n'), input(0, '🦀'), ended(0), FINISH];
    expect(JSON.parse(told(events).blocks[0]?.json ?? '')).toEqual({ input: 'say "hi"\n🦀' });
    expect(JSON.parse(told([START, opened(0, custom), ended(0), FINISH]).blocks[0]?.json ?? '')).toEqual({ input: '' });
  });

  test('only the first of several answers is told, and what cannot be told is counted', () => {
    const other: Event[] = [opened(1, { type: 'text', choice: 1 }), piece(1, 'b'), ended(1)];
    const annotation: Event = {
      type: 'annotation',
      index: 0,
      annotation: { type: 'native', native: { protocol: 'gemini', value: {} } },
    };
    const events = [START, opened(0, { type: 'text' }), piece(0, 'a'), annotation, ended(0), ...other];
    const native: Event = { type: 'native', native: { protocol: 'openai-responses', value: { type: 'x' } } };
    const { lost } = written([
      ...events,
      native,
      { type: 'finish', reason: 'stop', others: [{ choice: 1, reason: 'stop' }] },
    ]);
    expect(lost).toBe(3);
    expect(blocksTold([...events, native, FINISH])).toEqual([['text', 'a']]);
  });
});

describe('usage', () => {
  test('MS-09 the beginning tells what is known by then', () => {
    const known = told([START, usage({ input: 9, output: 1 }), ...said('a'), usage({ input: 9, output: 4 }), FINISH]);
    expect(known.message.at('usage', 'input_tokens').value).toBe(9);
    expect(told([START, ...said('a'), FINISH]).message.at('usage', 'input_tokens').number).toBeGreaterThan(0);
  });

  test('MS-08 nothing that the beginning told is taken back', () => {
    const { usage: folded } = told([START, ...said('a'), usage({ output: 4 }), FINISH]);
    expect(folded).toMatchObject({ input_tokens: 5, output_tokens: 4 });
  });

  test('MS-07 what only another format counts is in the sums; estimates are marked', () => {
    const events = [START, ...said('a'), usage({ input: 1, audioInput: 2, output: 3, reasoning: 4, audioOutput: 5 })];
    expect(told([...events, FINISH]).usage).toMatchObject({
      input_tokens: 3,
      output_tokens: 12,
      output_tokens_details: { thinking_tokens: 4 },
    });
    const guessed: Event = { type: 'usage', usage: { ...NO_USAGE, input: 3, output: 2, estimated: true } };
    expect(told([START, ...said('a'), guessed, FINISH]).usage).toMatchObject({ estimated: true });
  });

  test("MS-07 another format's own object is not taken for this one's", () => {
    const raw = { input_tokens: 100, output_tokens: 5, total_tokens: 105 };
    const event: Event = { type: 'usage', usage: { ...NO_USAGE, input: 40, cacheRead: 60, output: 5, raw } };
    expect(told([START, ...said('a'), event, FINISH]).usage).toMatchObject({
      input_tokens: 40,
      cache_read_input_tokens: 60,
    });
  });
});

describe('the end', () => {
  const WORDS: readonly (readonly [FinishReason, string | undefined, string])[] = [
    ['stop', undefined, 'end_turn'],
    ['length', 'MAX_TOKENS', 'max_tokens'],
    ['context-full', undefined, 'model_context_window_exceeded'],
    ['tool-calls', 'tool_calls', 'tool_use'],
    ['filter', 'content_filter', 'refusal'],
    ['pause', undefined, 'pause_turn'],
    ['other', 'zzz', 'zzz'],
    ['stop-sequence', undefined, 'end_turn'],
  ];

  test.each(WORDS)('the end %s (%s) is told as %s, whole and streamed', (reason, raw, word) => {
    const finish: Event = { type: 'finish', reason, ...(raw !== undefined && { raw }) };
    const events = [START, ...said('a'), finish];
    expect(told(events).stop).toBe(word);
    expect(JSON.parse(String(dialect.encodeWhole(collect(events), REPLY).body))).toMatchObject({ stop_reason: word });
  });

  test('the stop sequence that was met is told', () => {
    const events: Event[] = [START, ...said('a'), { type: 'finish', reason: 'stop-sequence', stopSequence: 'END' }];
    expect(told(events)).toMatchObject({ stop: 'stop_sequence', stopSequence: 'END' });
  });

  test('MS-02 an answer that says nothing has a beginning and an end', () => {
    expect(told([START, FINISH])).toMatchObject({ blocks: [], stop: 'end_turn' });
  });

  test('MS-12 an error ends the stream, and no stop follows', () => {
    const error = { kind: 'overloaded', message: 'busy' } as const;
    for (const before of [[], [START, opened(0, { type: 'text' }), piece(0, 'a')] as Event[]]) {
      const stream = told([...before, { type: 'error', error }]);
      expect([stream.end, stream.error?.at('error').value]).toEqual([
        'error',
        { type: 'overloaded_error', message: 'busy' },
      ]);
    }
  });
});

describe('errors before the stream', () => {
  test.each([
    ['invalid_request', 400, 'invalid_request_error'],
    ['unauthenticated', 401, 'authentication_error'],
    ['quota', 402, 'billing_error'],
    ['forbidden', 403, 'permission_error'],
    ['not_found', 404, 'not_found_error'],
    ['too_large', 413, 'request_too_large'],
    ['rate_limited', 429, 'rate_limit_error'],
    ['internal', 500, 'api_error'],
    ['bad_response', 502, 'api_error'],
    ['timeout', 504, 'timeout_error'],
    ['overloaded', 529, 'overloaded_error'],
    ['shutdown', 529, 'overloaded_error'],
  ] as const)('MS-13 %s is answered with %i and %s', (kind, status, type) => {
    const answer = dialect.encodeError({ kind, message: 'why' });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({ type: 'error', error: { type, message: 'why' }, request_id: null });
  });
});

test('MS-11 the sign of life is a ping, and the beginning may be shown before there is content', () => {
  const form = dialect.streamForm(REPLY.request);
  expect(framesOf(form.keepAlive ?? '')).toEqual([{ event: 'ping', data: '{"type":"ping"}' }]);
  const writes: string[] = [];
  const encoder = dialect.encoder((chunk) => void writes.push(String(chunk)), REPLY);
  encoder.opening?.();
  for (const event of [START, ...said('a'), FINISH]) encoder.push(event);
  expect(readMessageEvents(writes.join('')).blocks).toHaveLength(1);
});

test('MS-14 a count is told as its number alone', () => {
  const asked = countDialect.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'x' }] });
  const counted = collect([START, usage({ input: 3, cacheRead: 4 }), FINISH]);
  expect(countDialect.encodeWhole(counted, reply(asked)).body).toBe('{"input_tokens":7}');
});
