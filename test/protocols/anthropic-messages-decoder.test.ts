import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import { dialect, protocol } from '../../src/protocols/anthropic-messages/index.ts';
import { dialect as chat } from '../../src/protocols/openai-chat/index.ts';
import { decoded, fixture, framesOf, streamOf, target } from './exchange.ts';

const messages = [{ role: 'user', content: 'hi' }];
const request = dialect.decodeRequest({ model: 'm', max_tokens: 9, messages });

type Payload = Readonly<Record<string, unknown>>;
const start = (usage: object = { input_tokens: 9, output_tokens: 1 }, more: object = {}): Payload => ({
  type: 'message_start',
  message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'tiny-1', content: [], usage, ...more },
});
const open = (index: number, block: object): Payload => ({ type: 'content_block_start', index, content_block: block });
const delta = (index: number, value: object): Payload => ({ type: 'content_block_delta', index, delta: value });
const close = (index: number): Payload => ({ type: 'content_block_stop', index });
const text = (index: number, said: string): Payload[] => [
  open(index, { type: 'text', text: '' }),
  delta(index, { type: 'text_delta', text: said }),
  close(index),
];
const call = (index: number, ...pieces: readonly string[]): Payload[] => [
  open(index, { type: 'tool_use', id: `toolu_${index}`, name: 'f', input: {} }),
  ...pieces.map((json) => delta(index, { type: 'input_json_delta', partial_json: json })),
  close(index),
];
const last = (reason: string | null, usage: object = { output_tokens: 16 }, more: object = {}): Payload => ({
  type: 'message_delta',
  delta: { stop_reason: reason, stop_sequence: null, ...more },
  usage,
});
const stop: Payload = { type: 'message_stop' };

const events = (...payloads: readonly (Payload | string)[]): Event[] =>
  decoded(
    protocol,
    request,
    streamOf(payloads.map((each) => ({ data: typeof each === 'string' ? each : JSON.stringify(each) }))),
  );
const read = (...payloads: readonly (Payload | string)[]): Completion => collect(events(...payloads));

describe('usage', () => {
  const figures = (first: object, then: object): unknown => {
    const usage = read(start(first), ...text(0, 'a'), last('end_turn', then), stop).usage;
    return usage && [usage.input, usage.cacheRead, usage.cacheWrite, usage.output];
  };
  const all = { input_tokens: 9, cache_read_input_tokens: 5, cache_creation_input_tokens: 2 };

  test.each([
    ['the end tells the output only', { ...all, output_tokens: 1 }, { output_tokens: 16 }, [9, 5, 2, 16]],
    ['the end repeats the input', { ...all, output_tokens: 1 }, { ...all, output_tokens: 16 }, [9, 5, 2, 16]],
    [
      'the end alone tells anything',
      {},
      { input_tokens: 4522, cache_creation_input_tokens: 4511, output_tokens: 5 },
      [4522, 0, 4511, 5],
    ],
    [
      'the end corrects what was cached',
      { input_tokens: 8834 },
      { input_tokens: 18, cache_read_input_tokens: 8831, output_tokens: 7 },
      [18, 8831, 0, 7],
    ],
    [
      'the end tells zeros',
      { ...all, output_tokens: 3 },
      { input_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0, output_tokens: 0 },
      [9, 5, 2, 3],
    ],
    [
      'all was cached',
      { input_tokens: 40, output_tokens: 1 },
      { input_tokens: 0, cache_read_input_tokens: 40, output_tokens: 2 },
      [0, 40, 0, 2],
    ],
  ])('MS-07 MS-10 FM-16 is read right when %s', (_case, first, then, expected) => {
    expect(figures(first, then)).toEqual(expected);
  });

  test('MS-07 thinking is counted apart from the rest of the output', () => {
    const usage = { output_tokens: 20, output_tokens_details: { thinking_tokens: 12 } };
    expect(read(start(), ...text(0, 'a'), last('end_turn', usage), stop).usage).toMatchObject({
      output: 8,
      reasoning: 12,
    });
  });

  test('FM-16 impossible figures are marked and never negative', () => {
    const usage = read(
      start({ input_tokens: -4 }),
      ...text(0, 'a'),
      last('end_turn', { output_tokens: '7' }),
      stop,
    ).usage;
    expect(usage).toMatchObject({ input: 0, output: 7, suspect: true });
  });

  test('FM-16 a message without any figure tells no usage', () => {
    expect(read(start({}), ...text(0, 'a'), last('end_turn', {}), stop).usage).toBeUndefined();
  });
});

describe('blocks', () => {
  test('FM-13 a call without arguments has the empty object', () => {
    const { blocks } = read(start(), ...call(0, ''), ...call(1), last('tool_use'), stop);
    expect(blocks.map((block) => block.text)).toEqual(['{}', '{}']);
  });

  test('FM-13 input that stands in the opener is not lost, and not doubled', () => {
    const opener = { type: 'tool_use', id: 'toolu_0', name: 'f', input: { a: 1 } };
    expect(read(start(), open(0, opener), close(0), last('tool_use'), stop).blocks[0]?.text).toBe('{"a":1}');
    const streamed = delta(0, { type: 'input_json_delta', partial_json: '{"a":1}' });
    expect(read(start(), open(0, opener), streamed, close(0), last('tool_use'), stop).blocks[0]?.text).toBe('{"a":1}');
  });

  test('CC-18 ids that clients refuse, or that come twice, are made anew', () => {
    const twice = { type: 'tool_use', id: 'bad id', name: 'f', input: {} };
    const { blocks } = read(start(), open(0, twice), close(0), open(1, twice), close(1), last('tool_use'), stop);
    expect(blocks.map(({ head }) => (head.type === 'tool-call' ? head.id : ''))).toEqual(['toolu_0', 'toolu_1']);
  });

  test('UP-08 a call without a name is an error', () => {
    const { error } = read(start(), open(0, { type: 'tool_use', id: 'a' }), close(0), last('tool_use'), stop);
    expect(error?.message).toContain('without naming');
  });

  test('MS-05 FM-14 thinking, its signature and what is redacted are kept apart', () => {
    const { blocks } = read(
      start(),
      open(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'signature_delta', signature: 'c2ln' }),
      close(0),
      open(1, { type: 'redacted_thinking', data: 'aGlk' }),
      close(1),
      ...text(2, 'a'),
      last('end_turn'),
      stop,
    );
    expect(blocks.map(({ head, seal }) => [head.type, seal?.data])).toEqual([
      ['reasoning', 'c2ln'],
      ['reasoning', 'redacted:aGlk'],
      ['text', undefined],
    ]);
  });

  test.each([
    ['thinking in text', { type: 'text', text: '' }, { type: 'thinking_delta', thinking: 'x' }],
    ['input in text', { type: 'text', text: '' }, { type: 'input_json_delta', partial_json: '{}' }],
    ['text in a call', { type: 'tool_use', id: 'a', name: 'f', input: {} }, { type: 'text_delta', text: 'x' }],
    ['citations in thinking', { type: 'thinking', thinking: '' }, { type: 'citations_delta' }],
  ])('MS-02 a piece that fits no block is an error: %s', (_case, block, piece) => {
    const answer = read(start(), open(0, block), delta(0, piece), close(0), last('end_turn'), stop);
    expect(answer.error?.message).toContain('fits no block');
  });

  test('UP-08 blocks that nobody opened are opened by what they say', () => {
    const said = delta(0, { type: 'text_delta', text: 'a' });
    const thought = delta(1, { type: 'thinking_delta', thinking: 'b' });
    expect(
      read(start(), said, thought, last('end_turn'), stop).blocks.map(({ head, text: t }) => [head.type, t]),
    ).toEqual([
      ['text', 'a'],
      ['reasoning', 'b'],
    ]);
  });

  test('MS-06 what only the format knows is kept: blocks, deltas, events', () => {
    const { natives } = read(
      start(),
      open(0, { type: 'text', text: '' }),
      delta(0, { type: 'zzz_delta', mood: 'calm' }),
      close(0),
      open(1, { type: 'zzz', count: 1 }),
      delta(1, { type: 'zzz_delta', more: 'a' }),
      delta(1, { type: 'zzz_delta', more: 'b' }),
      close(1),
      { type: 'zzz.new', a: 1 },
      last('end_turn', {}, { stop_details: { type: 'x' } }),
      stop,
    );
    expect(natives.map(({ value }) => value)).toEqual([
      { type: 'content_block_delta', index: 0, delta: { type: 'zzz_delta', mood: 'calm' } },
      { type: 'content_block', index: 1, content_block: { type: 'zzz', count: 1, more: 'ab' } },
      { type: 'zzz.new', a: 1 },
      { type: 'message_delta', delta: { stop_details: { type: 'x' } } },
    ]);
  });

  test('MS-06 a citation of the web has its address, any other is kept as it came', () => {
    const { blocks } = collect(
      decoded(protocol, request, streamOf(framesOf(fixture('anthropic-messages/server-tool/streamed.sse').toString()))),
    );
    expect(blocks.at(-1)?.annotations).toMatchObject([
      { type: 'url', url: 'https://example.com/bergen', title: 'Bergen' },
      { type: 'native', native: { value: { type: 'char_location' } } },
    ]);
  });
});

describe('the end', () => {
  test.each([
    ['end_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'context-full'],
    ['refusal', 'filter'],
    ['pause_turn', 'pause'],
    ['zzz', 'other'],
  ])('UP-08 the stop reason %s is read as %s', (word, reason) => {
    expect(read(start(), ...text(0, 'a'), last(word), stop).finish).toEqual({ reason, raw: word });
  });

  test('FM-19 a turn that calls a tool has not simply ended', () => {
    expect(read(start(), ...call(0, '{}'), last('end_turn'), stop).finish?.reason).toBe('tool-calls');
    // Calls before the last words were answered by the provider itself.
    expect(read(start(), ...call(0, '{}'), ...text(1, 'a'), last('end_turn'), stop).finish?.reason).toBe('stop');
  });

  test('UP-08 message_stop without a reason ends a whole message, and not one whose call is cut off', () => {
    expect(read(start(), ...text(0, 'a'), stop).finish).toEqual({ reason: 'stop' });
    expect(read(start(), ...call(0, '{"a":').slice(0, 2), stop).error?.message).toContain('before it was complete');
    expect(read(stop).error?.message).toContain('before it was complete');
  });

  test('FM-47 a marker of another format ends what is whole and nothing else; what follows the end is not read', () => {
    expect(read(start(), ...text(0, 'a'), last('end_turn'), '[DONE]', ...text(1, 'b')).blocks).toHaveLength(1);
    expect(read(start(), ...text(0, 'a'), '[DONE]').error?.message).toContain('before it was complete');
  });

  test('FM-14 a beginning that comes twice counts once; one behind content begins the blocks anew', () => {
    const answer = read(
      start(),
      start(),
      ...text(0, 'a'),
      start({}, { id: 'msg_2' }),
      ...text(0, 'b'),
      last('end_turn'),
      stop,
    );
    expect([answer.id, answer.blocks.map((block) => block.text)]).toEqual(['msg_1', ['a', 'b']]);
    expect(read(start(), ...call(0, '{"a').slice(0, 2), start()).error?.message).toContain('anew');
  });
});

describe('errors inside a 200', () => {
  test.each([
    ['overloaded_error', 'overloaded'],
    ['rate_limit_error', 'rate_limited'],
    ['api_error', 'bad_response'],
    ['timeout_error', 'timeout'],
    ['invalid_request_error', 'client_error'],
    ['authentication_error', 'upstream_auth'],
  ])('FM-04 MS-12 an event of the type %s is an error of the kind %s', (type, kind) => {
    const { error } = read({ type: 'error', error: { type, message: 'secret words' } });
    expect(error?.kind).toBe(kind);
    expect(error?.message.includes('secret')).toBe(kind !== 'upstream_auth');
  });

  test('FM-04 other shapes of errors are errors too', () => {
    for (const value of [{ error: { message: 'no' } }, { error: 'no' }, { message: 'no' }])
      expect(read(start(), value).error?.message).toBe('no');
    expect(read(start(), '<html>').error?.message).toContain('not JSON');
    expect(read(start(), ...text(0, 'a').slice(0, 2), ': comment').error?.message).toContain('before it was complete');
  });
});

describe('a whole body', () => {
  const whole = (value: unknown, asks = request): Completion =>
    collect(decoded(protocol, asks, (decoder) => decoder.whole(JSON.stringify(value))));

  test('FM-04 that is an error, or no message, is an error', () => {
    expect(whole({ type: 'error', error: { type: 'api_error', message: 'no' } }).error?.message).toBe('no');
    expect(whole({ type: 'message' }).error?.message).toContain('without content');
    expect(whole([]).error).toBeDefined();
  });

  test('MS-14 a count is the input of the usage', async () => {
    const { countDialect } = await import('../../src/protocols/anthropic-messages/index.ts');
    const count = countDialect.decodeRequest({ model: 'm', messages });
    const { usage, finish } = whole({ input_tokens: 2095 }, count as typeof request);
    expect([usage?.input, finish?.reason]).toEqual([2095, 'stop']);
    expect(whole({ inputTokens: 7 }, count as typeof request).usage?.input).toBe(7);
    expect(whole({ tokens: 7 }, count as typeof request).error?.message).toContain('how many tokens');
  });
});

test('FM-14 an answer that was forced through a tool is text again', () => {
  const format = { type: 'json_schema', json_schema: { name: 'city', schema: { type: 'object' } } };
  const asks = chat.decodeRequest({ model: 'm', messages, response_format: format });
  const feed = [
    start(),
    open(0, { type: 'tool_use', id: 'toolu_0', name: 'city', input: {} }),
    delta(0, { type: 'input_json_delta', partial_json: '{"name":' }),
    delta(0, { type: 'input_json_delta', partial_json: '"Bergen"}' }),
    close(0),
    last('tool_use'),
    stop,
  ].map((each) => ({ data: JSON.stringify(each) }));
  const said = collect(decoded(protocol, asks, streamOf(feed), target(true, { schemaOutput: 'tool' })));
  expect([said.finish?.reason, said.blocks.map(({ head, text: t }) => [head.type, t])]).toEqual([
    'stop',
    [['text', '{"name":"Bergen"}']],
  ]);
  expect(collect(decoded(protocol, asks, streamOf(feed))).blocks[0]?.head.type).toBe('tool-call');
});

test('UP-01 text that comes without its message is the same text', () => {
  const frames = [start(), open(0, { type: 'text', text: '' }), delta(0, { type: 'text_delta', text: 'a' })];
  const said = decoded(protocol, request, (decoder) => {
    for (const each of frames) decoder.push({ data: JSON.stringify(each) });
    expect(decoder.textKey).toBe('"text":"');
    decoder.text?.('b');
    decoder.push({ data: JSON.stringify(close(0)) });
    expect(decoder.textKey).toBeUndefined();
    decoder.push({ data: JSON.stringify(last('end_turn')) });
    decoder.end();
  });
  expect(collect(said).blocks[0]?.text).toBe('ab');
});
