import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { GatewayError } from '../../src/model/errors.ts';
import type { BlockHead, Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { NO_USAGE } from '../../src/model/usage.ts';
import { dialect } from '../../src/protocols/openai-responses/index.ts';
import { Peek } from '../support/peek.ts';
import { ASKS_ALL, SCENARIOS, decodeText, finalOf, replyTo, streamed, written } from './openai-responses-bench.ts';

const KEYS =
  'id object created_at completed_at status incomplete_details model previous_response_id instructions output error tools tool_choice ' +
  'truncation parallel_tool_calls text top_p presence_penalty frequency_penalty top_logprobs temperature reasoning usage ' +
  'max_output_tokens max_tool_calls store background service_tier metadata safety_identifier prompt_cache_key';

const start: Event = { type: 'start', id: 'up', model: 'up' };
const stop: Event = { type: 'finish', reason: 'stop' };

function whole(events: Iterable<Event>, body: JsonObject = ASKS_ALL): Peek {
  return Peek.parse(dialect.encodeWhole(collect(events), replyTo(body)).body.toString());
}

describe('the response object', () => {
  test.each(SCENARIOS)('OR-04 OR-05 OR-28 %s streamed equals whole', (name) => {
    const events = streamed(name);
    expect(whole(events).value).toEqual(finalOf(written(events).events).value);
    expect(dialect.encodeWhole(collect(events), replyTo()).contentType).toBe('application/json');
  });

  test('OR-33 every key is there in every lifecycle event, with its default', () => {
    const { events } = written([start, stop], replyTo({ model: 'm', input: 'Hi' }));
    for (const event of events) expect(KEYS.split(' ').filter((key) => !event.at('response').has(key))).toEqual([]);
    expect(finalOf(events).value).toMatchObject({
      object: 'response',
      created_at: 1_767_225_600,
      completed_at: 1_767_225_601,
      model: 'asked-model',
      output: [],
      error: null,
      tools: [],
      tool_choice: 'auto',
      truncation: 'disabled',
      text: { format: { type: 'text' } },
      top_p: 1,
      temperature: 1,
      reasoning: { effort: null, summary: null },
      store: true,
      background: false,
      service_tier: 'default',
      metadata: {},
    });
    expect(finalOf(events).at('id').text).toMatch(/^resp_[a-z0-9]+$/);
  });

  test('OR-33 OR-37 what the request said is echoed, completed where keys are missing', () => {
    const format = { type: 'json_schema', name: 'n', schema: { type: 'object' } };
    const body = {
      model: 'm',
      input: 'Hi',
      instructions: 'Be brief.',
      temperature: 0.5,
      store: false,
      metadata: { a: 'b' },
      reasoning: { effort: 'high' },
      text: { format, verbosity: 'low' },
      tools: [{ type: 'function', name: 'f' }, { type: 'web_search' }],
      tool_choice: { type: 'allowed_tools', tools: [{ type: 'function', name: 'f' }] },
    };
    expect(whole([start, stop], body).value).toMatchObject({
      instructions: 'Be brief.',
      temperature: 0.5,
      store: false,
      metadata: { a: 'b' },
      reasoning: { effort: 'high', summary: null },
      text: { format: { ...format, description: null, strict: false }, verbosity: 'low' },
      tools: [
        { type: 'function', name: 'f', description: null, parameters: null, strict: null },
        { type: 'web_search' },
      ],
      tool_choice: { type: 'allowed_tools', tools: [{ type: 'function', name: 'f' }], mode: 'auto' },
    });
  });

  test('OR-34 usage has five integers, cached and reasoning tokens within their totals, and estimates are marked', () => {
    const usage = { ...NO_USAGE, input: 10, cacheRead: 5, cacheWrite: 2, output: 3, reasoning: 4 };
    const told = {
      input_tokens: 17,
      input_tokens_details: { cached_tokens: 5 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 4 },
      total_tokens: 24,
    };
    expect(whole([start, { type: 'usage', usage }, stop]).at('usage').value).toEqual(told);
    expect(whole([start, { type: 'usage', usage: { ...usage, estimated: true } }, stop]).at('usage').value).toEqual({
      ...told,
      estimated: true,
    });
    expect(whole([start, stop]).at('usage').value).toBeNull();
  });

  test('FM-56 native items stand where they stood', () => {
    const types = whole(streamed('native-items'))
      .at('output')
      .list.map((item) => item.at('type').text);
    expect(types).toEqual(['web_search_call', 'message', 'image_generation_call']);
  });
});

describe('errors before anything was sent', () => {
  const told = (error: GatewayError): Peek => Peek.parse(dialect.encodeError(error).body).at('error');

  test('OR-45 OR-46 all four keys, with strings for param and code', () => {
    expect(dialect.encodeError({ kind: 'bad_response', message: 'Bad.' })).toEqual({
      status: 502,
      body: '{"error":{"message":"Bad.","type":"upstream_error","param":"","code":"upstream_bad_response"}}',
    });
    expect(
      told({ kind: 'invalid_request', message: 'No.', param: 'input', code: 'invalid_value' }).at('param').text,
    ).toBe('input');
  });

  test('OR-47 the codes and the delay that clients read', () => {
    expect(told({ kind: 'overloaded', message: 'Busy.' }).at('code').text).toBe('server_is_overloaded');
    expect(told({ kind: 'rate_limited', message: 'Too fast.', retryAfter: 7 }).at('message').text).toBe(
      'Too fast. Please try again in 7s.',
    );
    expect(told({ kind: 'client_error', message: 'Long.', code: 'context_length_exceeded' }).at('code').text).toBe(
      'context_length_exceeded',
    );
  });

  test('OR-50 nothing of the body of a 401 is shown', () => {
    const secret = 'sk-secret';
    expect(
      JSON.stringify(
        told({ kind: 'upstream_auth', message: 'The upstream refused its credential.', raw: secret }).value,
      ),
    ).not.toContain(secret);
  });
});

type Written = { readonly head: BlockHead; readonly pieces: readonly string[] };

const pieces = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 });
const textHead = fc.constantFrom<BlockHead[]>({ type: 'text' }, { type: 'refusal' }, { type: 'reasoning-summary' });
const callHead = fc.constantFrom('f', 'g').map((name): BlockHead => ({ type: 'tool-call', id: `call_${name}`, name }));
const block = fc.record<Written>({ head: fc.oneof(textHead, callHead), pieces });

function eventsOf(blocks: readonly Written[]): Event[] {
  const bodies = blocks.flatMap(({ head, pieces: texts }, index): Event[] => [
    { type: 'block-start', index, block: head },
    ...texts.map((text): Event =>
      head.type === 'tool-call' ? { type: 'input-delta', index, json: text } : { type: 'text-delta', index, text },
    ),
    { type: 'block-end', index },
  ]);
  return [start, ...bodies, stop];
}

const spoken = (events: readonly Event[]): unknown =>
  collect(events).blocks.map(({ head, text }) => [head.type, head.type === 'tool-call' && head.name, text]);

describe('laws over any answer', () => {
  test('OR-22 OR-23 decode(encode(events)) is the same answer, streamed and whole', () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 6 }), (blocks) => {
        const events = eventsOf(blocks);
        const { text, events: payloads } = written(events);
        expect(spoken(decodeText(text))).toEqual(spoken(events));
        expect(whole(events).value).toEqual(finalOf(payloads).value);
      }),
    );
  });

  test('OR-25 OR-31 blocks that interleave, and a break anywhere, keep the grammar', () => {
    fc.assert(
      fc.property(
        fc.array(block, { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(fc.nat()),
        fc.nat({ max: 40 }),
        (blocks, picks, cut) => {
          const shuffled = interleave(blocks, picks);
          expect(shuffled.at(-1)).toBe(stop);
          written(shuffled);
          const broken: Event = { type: 'error', error: { kind: 'timeout', message: 'Too slow.' } };
          const { events } = written([...shuffled.slice(0, -1).slice(0, cut), broken]);
          expect(events.at(-1)?.at('code').text).toBe('upstream_timeout');
        },
      ),
    );
  });
});

// Opens all blocks in order, then says their pieces and ends in any order.
function interleave(blocks: readonly Written[], picks: Iterable<number>): Event[] {
  const [first, ...rest] = eventsOf(blocks);
  const opens = rest.filter(({ type }) => type === 'block-start');
  const queues = blocks.map((_, index) =>
    rest.filter((event) => 'index' in event && event.index === index && event.type !== 'block-start'),
  );
  const events: Event[] = [first ?? stop, ...opens];
  for (const pick of picks) {
    const waiting = queues.filter(({ length }) => length > 0);
    const next = waiting[pick % Math.max(1, waiting.length)]?.shift();
    if (next === undefined) break;
    events.push(next);
  }
  return [...events, stop];
}
