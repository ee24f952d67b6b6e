import { describe, expect, test } from 'vitest';
import type { BlockHead, Event } from '../../src/model/event.ts';
import { NO_USAGE } from '../../src/model/usage.ts';
import { dialect } from '../../src/protocols/openai-responses/index.ts';
import type { Peek } from '../support/peek.ts';
import { assertResponsesStream } from '../support/responses-automaton.ts';
import { encoded } from './exchange.ts';
import { SCENARIOS, finalOf, replyTo, streamed, typesOf, written } from './openai-responses-bench.ts';

const start: Event = { type: 'start', id: 'up', model: 'up' };
const stop: Event = { type: 'finish', reason: 'stop' };
const open = (index: number, block: BlockHead): Event => ({ type: 'block-start', index, block });
const call = (index: number, id: string): Event => open(index, { type: 'tool-call', id, name: 'f' });
const text = (index: number, piece: string): Event => ({ type: 'text-delta', index, text: piece });
const input = (index: number, json: string): Event => ({ type: 'input-delta', index, json });
const end = (index: number): Event => ({ type: 'block-end', index });
const broken: Event = { type: 'error', error: { kind: 'bad_response', message: 'The upstream ended.' } };
const hello = [start, open(0, { type: 'text' }), text(0, 'Hel'), text(0, 'lo'), end(0)];

describe('the events of a written response', () => {
  test.each(SCENARIOS)('OR-15 OR-19 OR-21 OR-22 OR-24 OR-27 %s keeps the grammar', (name) => {
    const { events, lost } = written(streamed(name));
    expect(lost).toBe(0);
    expect(events.length).toBeGreaterThan(4);
  });

  test('OR-08 OR-13 OR-17 a text answer, event by event', () => {
    const { events, text: bytes } = written([...hello, stop]);
    expect(typesOf(events)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    for (const frame of bytes.trimEnd().split('\n\n'))
      expect(frame).toMatch(/^event: (response\.[a-z_.]+)\ndata: \{"type":"\1","sequence_number":\d+,[^\n]+\}$/);
    expect(bytes.endsWith('}\n\n')).toBe(true);
    expect(events.filter((event) => event.at('delta').given).map((event) => event.at('logprobs').value)).toEqual([
      [],
      [],
    ]);
  });

  test('OR-14 FM-65 the marker stands last when it is asked for, also behind an error', () => {
    for (const last of [stop, broken])
      expect(written([...hello, last], replyTo(undefined, true)).text.endsWith('}\n\ndata: [DONE]\n\n')).toBe(true);
  });

  test('OR-09 no character that ends a line for some reader stands bare', () => {
    const { text: bytes, events } = written([
      start,
      open(0, { type: 'text' }),
      text(0, 'a\u2028b\u0085c\u2029d'),
      end(0),
      stop,
    ]);
    expect(bytes).not.toMatch(/[\u0085\u2028\u2029\r]/);
    expect(finalOf(events).at('output', 0, 'content', 0, 'text').text).toBe('a\u2028b\u0085c\u2029d');
  });

  test('OR-10 every event is one write, and nothing is written before there is something to say', () => {
    const writes: string[] = [];
    const encoder = dialect.encoder((chunk) => void writes.push(chunk.toString()), replyTo());
    encoder.push(start);
    encoder.push({ type: 'usage', usage: NO_USAGE });
    expect(writes).toEqual([]);
    for (const event of [...hello.slice(1), stop]) encoder.push(event);
    for (const write of writes) expect(write).toMatch(/^event: [^\n]+\ndata: [^\n]+\n\n$/);
  });

  test('OR-26 a lifecycle event is a snapshot', () => {
    const { events } = written([...hello, stop]);
    expect(events.slice(0, 2).map((event) => event.at('response', 'output').value)).toEqual([[], []]);
  });

  test('OR-23 ids that fit are kept, others are made, and calls keep the id their result must name', () => {
    const heads: BlockHead[] = [
      { type: 'text', itemId: 'msg_ok' },
      { type: 'text', itemId: 'odd id' },
      { type: 'text', itemId: `msg_${'x'.repeat(80)}` },
      { type: 'tool-call', id: 'toolu_1', name: 'f', itemId: 'fc_ok' },
      { type: 'tool-call', id: 'odd id', name: 'f', itemId: 'fc_ok' },
    ];
    const { events } = written([start, ...heads.flatMap((head, index) => [open(index, head), end(index)]), stop]);
    const output = finalOf(events).at('output').list;
    expect(output.map((item) => item.at('id').text)).toEqual([
      'msg_ok',
      'msg_minted0',
      'msg_minted1',
      'fc_ok',
      'fc_minted3',
    ]);
    expect(output.slice(3).map((item) => item.at('call_id').text)).toEqual(['toolu_1', 'call_minted2']);
  });

  test('OR-25 FM-11 calls may interleave, and each is done', () => {
    const { events } = written([
      start,
      call(0, 'call_a'),
      call(1, 'call_b'),
      input(0, '{"a":'),
      input(1, '{}'),
      input(0, '1}'),
      end(1),
      end(0),
      stop,
    ]);
    expect(
      finalOf(events)
        .at('output')
        .list.map((item) => item.at('arguments').text),
    ).toEqual(['{"a":1}', '{}']);
  });

  test('OR-32 FM-13 a call without arguments has the empty object, and one that was cut off does not', () => {
    const without = [start, call(0, 'call_a'), end(0)];
    expect(finalOf(written([...without, stop]).events).at('output', 0, 'arguments').text).toBe('{}');
    expect(
      finalOf(written([...without, { type: 'finish', reason: 'length' }]).events).at('output', 0, 'arguments').text,
    ).toBe('');
  });

  test('OR-29 OR-35 OR-36 items hold what must be there and nothing that is null', () => {
    const { text: bytes, events } = written(streamed('everything'));
    const items = events.filter((event) => event.at('item').given).map((event) => event.at('item'));
    for (const item of items) expect(['in_progress', 'completed']).toContain(item.at('status').text);
    expect(bytes).not.toMatch(/"(phase|encrypted_content|logprobs|content|obfuscation)":null/);
    const final = finalOf(events).at('output');
    expect(final.at(1, 'content', 0, 'annotations').list).toHaveLength(2);
    expect(final.at(1, 'phase').text).toBe('final_answer');
    expect(finalOf(written([...hello, stop]).events).at('output', 0, 'content', 0, 'annotations').value).toEqual([]);
  });

  test('OR-39 media and further choices have no item and count as lost', () => {
    const events = [
      start,
      open(0, { type: 'media', media: 'audio' }),
      open(1, { type: 'text', choice: 1 }),
      text(1, 'x'),
      end(0),
      end(1),
      stop,
    ];
    const result = written(events);
    expect(result.lost).toBe(5);
    expect(finalOf(result.events).at('output').list).toEqual([]);
  });

  test('OR-18 FM-56 native events get their new place, and none can raise an error', () => {
    const native = (value: object): Event => ({
      type: 'native',
      native: { protocol: 'openai-responses', value: { ...value } },
    });
    const shifted = streamed('native-items').filter(({ type }) => type !== 'start');
    const result = written(
      [
        start,
        open(0, { type: 'text' }),
        text(0, 'first'),
        end(0),
        ...shifted.map(later),
        native({ type: 'x', error: {} }),
      ]
        .filter(({ type }) => type !== 'finish')
        .concat(stop),
    );
    expect(result.lost).toBe(1);
    const about = result.events.filter((event) => event.at('item_id').text === 'ws_h1');
    expect(about.map((event) => event.at('output_index').number)).toEqual([1, 1, 1]);
    expect(typesOf(result.events)).toContain('response.zzz.new');
  });
});

describe('how a written response ends', () => {
  test.each([
    ['length', 'max_output_tokens'],
    ['context-full', 'max_output_tokens'],
    ['filter', 'content_filter'],
    ['pause', 'pause_turn'],
  ] as const)('OR-30 FM-48 %s leaves the last item incomplete', (reason, told) => {
    const { events } = written([...hello, call(1, 'call_a'), input(1, '{"a'), end(1), { type: 'finish', reason }]);
    const response = finalOf(events);
    expect(events.at(-1)?.at('type').text).toBe('response.incomplete');
    expect(response.at('incomplete_details').value).toEqual({ reason: told });
    expect(response.at('output').list.map((item) => item.at('status').text)).toEqual(['completed', 'incomplete']);
    expect(response.at('completed_at').value).toBeNull();
  });

  test('FM-48 a reason only this format knows is kept, and a strange one of another format completes', () => {
    const raw = (value: string): Peek =>
      finalOf(written([...hello, { type: 'finish', reason: 'other', raw: value }]).events);
    expect(raw('incomplete:zzz').at('incomplete_details', 'reason').text).toBe('zzz');
    expect(raw('zzz').at('status').text).toBe('completed');
  });

  test('OR-31 OR-48 OR-49 a failure shows the text so far, no half call, then the error flat and nested', () => {
    const { events } = written([...hello.slice(0, 4), call(1, 'call_a'), input(1, '{"a'), broken]);
    expect(typesOf(events).slice(-2)).toEqual(['response.failed', 'error']);
    const response = finalOf(events);
    expect(response.at('error').value).toEqual({ code: 'upstream_bad_response', message: 'The upstream ended.' });
    expect(
      response
        .at('output')
        .list.map((item) => [item.at('type').text, item.at('status').text, item.at('content', 0, 'text').text]),
    ).toEqual([['message', 'incomplete', 'Hello']]);
    expect(typesOf(events)).not.toContain('response.output_item.done');
    const nested = {
      type: 'upstream_error',
      code: 'upstream_bad_response',
      message: 'The upstream ended.',
      param: null,
    };
    expect(events.at(-1)?.value).toMatchObject({
      code: nested.code,
      message: nested.message,
      param: null,
      error: nested,
    });
  });

  test('OR-20 a failure before anything else still begins with created', () => {
    expect(typesOf(written([start, broken]).events)).toEqual([
      'response.created',
      'response.in_progress',
      'response.failed',
      'error',
    ]);
    expect(typesOf(written([broken]).events)).toHaveLength(4);
  });

  test('OR-47 codes that clients act on are spelt their way', () => {
    const told = (error: Extract<Event, { type: 'error' }>['error']): Peek =>
      finalOf(written([{ type: 'error', error }]).events).at('error');
    expect(told({ kind: 'overloaded', message: 'Busy.' }).at('code').text).toBe('server_is_overloaded');
    const limited = told({ kind: 'rate_limited', message: 'Too fast.', retryAfter: 3 });
    expect(limited.value).toEqual({ code: 'rate_limit_exceeded', message: 'Too fast. Please try again in 3s.' });
  });

  test('nothing follows the end', () => {
    expect(
      written([...hello, stop, text(0, 'late'), broken])
        .events.at(-1)
        ?.at('type').text,
    ).toBe('response.completed');
  });
});

describe('reasoning', () => {
  const think = (head: BlockHead): Event[] => [
    start,
    open(0, head),
    text(0, 'Hm'),
    { type: 'block-end', index: 0, seal: { protocol: 'openai-responses', data: 'sealed' } },
    stop,
  ];

  test('OR-83 OR-85 raw reasoning is shown as a summary, never as text', () => {
    const { events } = written(think({ type: 'reasoning' }));
    expect(typesOf(events)).toContain('response.reasoning_summary_text.delta');
    expect(typesOf(events).filter((type) => type.includes('output_text') || type.includes('content_part'))).toEqual([]);
  });

  test('OR-84 OR-87 raw reasoning of another server of this format keeps its name', () => {
    const { events } = written(think({ type: 'reasoning', itemId: 'rs_1' }));
    expect(typesOf(events)).toContain('response.reasoning_text.delta');
    expect(finalOf(events).at('output', 0, 'content', 0).value).toEqual({ type: 'reasoning_text', text: 'Hm' });
  });

  test('OR-86 sealed reasoning is shown only to who asked for it', () => {
    expect(
      finalOf(written(think({ type: 'reasoning-summary' })).events).at('output', 0, 'encrypted_content').text,
    ).toBe('sealed');
    const unasked = written(think({ type: 'reasoning-summary' }), replyTo({ model: 'm', input: 'Hi' }));
    expect(unasked.text).not.toContain('encrypted_content');
  });
});

test('the automaton refuses a stream with any one event missing', () => {
  const payloads = written(streamed('everything')).events.map(({ value }) => value);
  for (const gap of payloads.keys()) {
    const rest = payloads
      .filter((_, index) => index !== gap)
      .map((payload, index) => Object.assign({}, payload, { sequence_number: index }));
    expect(() => assertResponsesStream(rest), String(gap)).toThrow(/^[a-z0-9_. ]+: /);
  }
});

test('the encoder loses nothing silently when a block came with an unknown index', () => {
  expect(encoded(dialect, [start, text(3, 'x'), stop], replyTo()).lost).toBe(1);
});

function later(event: Event): Event {
  return 'index' in event ? { ...event, index: event.index + 1 } : event;
}
