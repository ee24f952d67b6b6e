import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { BlockHead, Event } from '../../src/model/event.ts';
import { checked } from '../../src/model/grammar.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { NO_USAGE } from '../../src/model/usage.ts';
import { dialect } from '../../src/protocols/openai-chat/index.ts';
import type { Reply } from '../../src/protocols/codec.ts';
import { payloadsOf, reply } from './exchange.ts';

const plain: JsonObject = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
const to = (body: JsonObject = {}, options: Partial<Reply['options']> = {}): Reply => {
  const own = reply(dialect.decodeRequest({ ...plain, ...body }), body);
  return { ...own, options: { ...own.options, ...options } };
};
const START: Event = { type: 'start', id: 'up-1', model: 'up', created: 5 };
const STOP: Event = { type: 'finish', reason: 'stop' };
const block = (index: number, head: BlockHead, ...deltas: readonly Event[]): readonly Event[] => [
  { type: 'block-start', index, block: head },
  ...deltas,
  { type: 'block-end', index },
];
const text = (value: string, index = 0, type: 'text' | 'reasoning' = 'text'): readonly Event[] =>
  block(index, { type }, { type: 'text-delta', index, text: value });
const call = (input: string, index = 0): readonly Event[] =>
  block(index, { type: 'tool-call', id: `call_${index}`, name: 'f' }, { type: 'input-delta', index, json: input });

/** What is written for events, write by write, and how many events were lost. */
function written(
  events: readonly Event[],
  where = to(),
): { readonly writes: readonly string[]; readonly lost: number } {
  const writes: string[] = [];
  const encoder = dialect.encoder((chunk) => void writes.push(String(chunk)), where);
  const push = checked((event) => encoder.push(event));
  for (const event of events) push(event);
  return { writes, lost: encoder.lost };
}
const payloads = (events: readonly Event[], where = to()): unknown[] =>
  payloadsOf(written(events, where).writes.join(''));
const choices = (events: readonly Event[], where = to()): unknown[] =>
  payloads(events, where).flatMap((payload) =>
    payload === '[DONE]' ? [] : (payload as { choices: unknown[] }).choices,
  );
const finishWord = (event: Event, before: readonly Event[] = text('a')): unknown =>
  payloads([START, ...before, event]).at(-2);

describe('a stream that is written', () => {
  test('CC-01 CC-02 CC-03 CC-04 CC-05 WD-02 the bytes of a plain answer', () => {
    const head =
      'data: {"id":"chatcmpl-abcdefghijklmnopqrstuvwx","object":"chat.completion.chunk","created":1767225600,"model":"asked-model","choices":[';
    expect(written([START, ...text('Hello'), STOP]).writes).toEqual([
      `${head}{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n` +
        `${head}{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]}\n\n`,
      `${head}{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`,
    ]);
  });

  test('WD-03 no character of a payload ends a line for any reader', () => {
    const ends = '\u0085\u2028\u2029\n';
    const { writes } = written([START, ...text(ends), STOP], { ...to(), model: `m${ends}` });
    expect(writes.join('')).not.toMatch(/[\u0085\u2028\u2029]/);
    expect(payloadsOf(writes.join(''))[1]).toMatchObject({
      model: `m${ends}`,
      choices: [{ delta: { content: ends } }],
    });
  });

  test('CC-07 CC-08 CC-09 CC-11 usage is written only when asked for, flagged when estimated, directly before [DONE]', () => {
    const usage = { ...NO_USAGE, input: 3, cacheRead: 4, output: 5, reasoning: 6, estimated: true as const };
    const events: readonly Event[] = [START, ...text('a'), { type: 'usage', usage }, STOP];
    const asked = payloads(events, to({ stream_options: { include_usage: true } }));
    expect(asked.slice(-2)).toMatchObject([
      {
        choices: [],
        usage: {
          prompt_tokens: 7,
          completion_tokens: 11,
          total_tokens: 18,
          prompt_tokens_details: { cached_tokens: 4, audio_tokens: 0 },
          completion_tokens_details: {
            reasoning_tokens: 6,
            audio_tokens: 0,
            accepted_prediction_tokens: 0,
            rejected_prediction_tokens: 0,
          },
          estimated: true,
        },
      },
      '[DONE]',
    ]);
    expect(asked.slice(0, -2)).toEqual(
      asked.slice(0, -2).map(() => expect.objectContaining({ usage: null }) as unknown),
    );
    for (const off of [{}, { stream_options: { include_usage: false } }, { stream_options: null }])
      expect(JSON.stringify(payloads(events, to(off)))).not.toMatch(/usage|"choices":\[\]/);
  });

  test('CC-02 CC-15 a call opens with id, type and name, which are written once', () => {
    expect(choices([START, ...call('{"a":1}'), { type: 'finish', reason: 'tool-calls' }])).toEqual([
      { index: 0, delta: { role: 'assistant', content: null }, finish_reason: null },
      {
        index: 0,
        delta: { tool_calls: [{ index: 0, id: 'call_0', type: 'function', function: { name: 'f', arguments: '' } }] },
        finish_reason: null,
      },
      { index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] }, finish_reason: null },
      { index: 0, delta: {}, finish_reason: 'tool_calls' },
    ]);
  });

  test('CC-13 CC-29 a client that asked with functions is answered with function_call, and told of one call', () => {
    const events: readonly Event[] = [START, ...call('{}'), ...call('{}', 1), { type: 'finish', reason: 'tool-calls' }];
    const where = to({ functions: [{ name: 'f' }] });
    expect(choices(events, where)).toMatchObject([
      {},
      { delta: { function_call: { name: 'f', arguments: '' } } },
      { delta: { function_call: { arguments: '{}' } } },
      { finish_reason: 'function_call' },
    ]);
    expect(written(events, where).lost).toBe(1);
    expect(JSON.parse(String(dialect.encodeWhole(collect(events), where).body))).toMatchObject({
      choices: [
        { message: { content: null, function_call: { name: 'f', arguments: '{}' } }, finish_reason: 'function_call' },
      ],
    });
  });

  test.each([
    ['reasoning_content', { reasoning_content: 'r' }],
    ['reasoning', { reasoning: 'r' }],
    ['both', { reasoning_content: 'r', reasoning: 'r' }],
    ['off', {}],
  ] as const)('CC-20 reasoning goes where %s says and never into content', (chatReasoningField, keys) => {
    const events: readonly Event[] = [START, ...text('r', 0, 'reasoning'), ...text('a', 1), STOP];
    const where = to({}, { chatReasoningField });
    const deltas = choices(events, where).map((choice) => (choice as { delta: object }).delta);
    expect(Object.assign({}, ...deltas)).toEqual({ role: 'assistant', content: 'a', ...keys });
    const { body } = dialect.encodeWhole(collect(events), where);
    expect(JSON.parse(String(body))).toMatchObject({ choices: [{ message: { content: 'a', ...keys } }] });
  });

  test('CC-06 what the format cannot say is counted', () => {
    const native = { protocol: 'openai-responses', value: {} } as const;
    const seal = { protocol: 'openai-responses', data: 'x' } as const;
    const sealed: readonly Event[] = [
      { type: 'block-start', index: 1, block: { type: 'reasoning' } },
      { type: 'block-end', index: 1, seal },
    ];
    const image = block(2, { type: 'media', media: 'image' });
    const { lost, writes } = written([START, ...text('a'), { type: 'native', native }, ...sealed, ...image, STOP]);
    expect(lost).toBe(2);
    expect(writes).toHaveLength(3);
  });

  test('CC-25 an error is one bare frame, without choices and without [DONE]', () => {
    const error = { kind: 'bad_response', message: 'M' } as const;
    const { writes } = written([START, ...text('a').slice(0, 2), { type: 'error', error }]);
    expect(writes.at(-1)).toBe(
      'data: {"error":{"message":"M","type":"upstream_error","param":null,"code":"upstream_bad_response"}}\n\n',
    );
  });

  test.each<readonly [Event, unknown]>([
    [
      { type: 'finish', reason: 'stop-sequence', raw: 'stop_sequence', stopSequence: 'X' },
      { choices: [{ finish_reason: 'stop' }] },
    ],
    [
      { type: 'finish', reason: 'length', raw: 'budget_exceeded' },
      { choices: [{ finish_reason: 'length' }], x_gateway: { stop: 'budget_exceeded' } },
    ],
    [{ type: 'finish', reason: 'context-full' }, { choices: [{ finish_reason: 'length' }] }],
    [{ type: 'finish', reason: 'filter', raw: 'SAFETY' }, { choices: [{ finish_reason: 'content_filter' }] }],
    [
      { type: 'finish', reason: 'pause', raw: 'pause_turn' },
      { choices: [{ finish_reason: 'stop' }], x_gateway: { stop: 'pause_turn' } },
    ],
    [
      { type: 'finish', reason: 'other', raw: 'zzz' },
      { choices: [{ finish_reason: 'stop' }], x_gateway: { stop: 'zzz' } },
    ],
  ])('§9 CC-14 FM-48 %j', (event, chunk) => {
    expect(finishWord(event)).toMatchObject(chunk as object);
    expect(Object.hasOwn(finishWord(event) as object, 'x_gateway')).toBe('x_gateway' in (chunk as object));
    const { body } = dialect.encodeWhole(collect([START, ...text('a'), event]), to());
    expect(JSON.parse(String(body))).toMatchObject(chunk as object);
  });

  test('FM-48 an unknown reason over a call is not a stop', () => {
    expect(finishWord({ type: 'finish', reason: 'other', raw: 'zzz' }, call('{}'))).toMatchObject({
      choices: [{ finish_reason: 'tool_calls' }],
    });
  });

  test('CC-22 CC-23 choices keep their number, have their own role and end, and logprobs stand beside their tokens', () => {
    const tokens = [{ token: 'a', logprob: -0.1, bytes: [97], top_logprobs: [] }];
    const events: readonly Event[] = [
      START,
      { type: 'block-start', index: 0, block: { type: 'text', choice: 1 } },
      { type: 'text-delta', index: 0, text: 'a', logprobs: tokens },
      { type: 'block-end', index: 0 },
      { ...STOP, others: [{ choice: 1, reason: 'length' }] },
    ];
    expect(choices(events)).toEqual([
      { index: 1, delta: { role: 'assistant', content: '' }, finish_reason: null },
      { index: 1, delta: { content: 'a' }, logprobs: { content: tokens, refusal: null }, finish_reason: null },
      { index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null },
      { index: 0, delta: {}, finish_reason: 'stop' },
      { index: 1, delta: {}, finish_reason: 'length' },
    ]);
  });

  test('CC-26 an HTTP error has all four fields', () => {
    const { status, body } = dialect.encodeError({ kind: 'rate_limited', message: 'M' });
    expect([status, JSON.parse(body)]).toEqual([
      429,
      { error: { message: 'M', type: 'rate_limit_error', param: null, code: 'rate_limit_exceeded' } },
    ]);
  });

  test('CC-28 a whole answer has every field that clients read unguarded', () => {
    const usage: Event = { type: 'usage', usage: { ...NO_USAGE, input: 1, output: 1 } };
    const { body } = dialect.encodeWhole(collect([START, ...text('a'), usage, STOP]), to());
    expect(JSON.parse(String(body))).toMatchObject({
      id: 'chatcmpl-abcdefghijklmnopqrstuvwx',
      object: 'chat.completion',
      created: 1767225600,
      model: 'asked-model',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'a', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    });
  });
});
