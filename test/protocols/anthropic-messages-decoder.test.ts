import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import { protocol } from '../../src/protocols/anthropic-messages/index.ts';
import { decodeRequest } from '../../src/protocols/anthropic-messages/request-read.ts';
import {
  start,
  open,
  delta,
  close,
  last,
  STOP,
  read,
  PLAIN,
  textBlock,
  callBlock,
} from './anthropic-messages-bench.ts';
import { decodeRequest as decodeChat } from '../../src/protocols/openai-chat/request-read.ts';
import { decoded, streamOf, target } from './exchange.ts';

const messages = [{ role: 'user', content: 'hi' }];
const request = decodeRequest(PLAIN);

describe('usage', () => {
  const figures = (first: object, then: object): unknown => {
    const usage = read(start(first), ...textBlock(0, 'a'), last('end_turn', then), STOP).usage;
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
    expect(read(start(), ...textBlock(0, 'a'), last('end_turn', usage), STOP).usage).toMatchObject({
      output: 8,
      reasoning: 12,
    });
  });

  test('FM-16 impossible figures are marked and never negative', () => {
    const usage = read(
      start({ input_tokens: -4 }),
      ...textBlock(0, 'a'),
      last('end_turn', { output_tokens: '7' }),
      STOP,
    ).usage;
    expect(usage).toMatchObject({ input: 0, output: 7, suspect: true });
  });

  test('FM-16 a message without any figure tells no usage', () => {
    expect(read(start({}), ...textBlock(0, 'a'), last('end_turn', {}), STOP).usage).toBeUndefined();
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
    expect(read(start(), ...textBlock(0, 'a'), last(word), STOP).finish).toEqual({ reason, raw: word });
  });

  test('FM-19 a turn that calls a tool has not simply ended', () => {
    expect(read(start(), ...callBlock(0, '{}'), last('end_turn'), STOP).finish?.reason).toBe('tool-calls');
    // Calls before the last words were answered by the provider itself.
    expect(read(start(), ...callBlock(0, '{}'), ...textBlock(1, 'a'), last('end_turn'), STOP).finish?.reason).toBe(
      'stop',
    );
  });

  test('UP-08 message_stop without a reason ends a whole message, and not one whose call is cut off', () => {
    expect(read(start(), ...textBlock(0, 'a'), STOP).finish).toEqual({ reason: 'stop' });
    expect(read(start(), ...callBlock(0, '{"a":').slice(0, 2), STOP).error?.message).toContain(
      'before it was complete',
    );
    expect(read(STOP).error?.message).toContain('before it was complete');
  });

  test('FM-47 a marker of another format ends what is whole and nothing else; what follows the end is not read', () => {
    expect(read(start(), ...textBlock(0, 'a'), last('end_turn'), '[DONE]', ...textBlock(1, 'b')).blocks).toHaveLength(
      1,
    );
    expect(read(start(), ...textBlock(0, 'a'), '[DONE]').error?.message).toContain('before it was complete');
  });

  test('UP-08 an answer that goes on after it has told why it ended is an error, figures that come late are not', () => {
    for (const more of [textBlock(1, 'b'), [start()]])
      expect(read(start(), ...textBlock(0, 'a'), last('end_turn'), ...more, STOP).error?.message).toContain(
        'after it had ended',
      );
    const late = read(start(), ...textBlock(0, 'a'), last('end_turn', {}), last(null, { output_tokens: 20 }), STOP);
    expect([late.finish?.raw, late.usage?.output]).toEqual(['end_turn', 20]);
  });

  test('FM-14 a beginning that comes twice counts once; one behind content begins the blocks anew', () => {
    const answer = read(
      start(),
      start(),
      ...textBlock(0, 'a'),
      start({}, { id: 'msg_2' }),
      ...textBlock(0, 'b'),
      last('end_turn'),
      STOP,
    );
    expect([answer.id, answer.blocks.map((block) => block.text)]).toEqual(['msg_1', ['a', 'b']]);
    expect(read(start(), ...callBlock(0, '{"a').slice(0, 2), start()).error?.message).toContain('anew');
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
    expect(read(start(), ...textBlock(0, 'a').slice(0, 2), ': comment').error?.message).toContain(
      'before it was complete',
    );
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
  const asks = decodeChat({ model: 'm', messages, response_format: format });
  const feed = [
    start(),
    open(0, { type: 'tool_use', id: 'toolu_0', name: 'city', input: {} }),
    delta(0, { type: 'input_json_delta', partial_json: '{"name":' }),
    delta(0, { type: 'input_json_delta', partial_json: '"Bergen"}' }),
    close(0),
    last('tool_use'),
    STOP,
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
