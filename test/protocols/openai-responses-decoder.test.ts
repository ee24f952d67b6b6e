import { describe, expect, test } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import { dialect, protocol } from '../../src/protocols/openai-responses/index.ts';
import { decoded, fixture, folded, framesOf, streamOf } from './exchange.ts';
import { faultUnderMutation } from './mutations.ts';
import { ASKS_ALL, SCENARIOS, decodePayloads, decodeWhole, streamed } from './openai-responses-bench.ts';

const request = dialect.decodeRequest(ASKS_ALL);
const withoutEvents = (events: readonly Event[]): unknown => {
  const { natives, ...rest } = folded(events);
  return { ...rest, natives: natives.filter(({ value }) => JSON.stringify(value).includes('output_item.done')).length };
};
const blocksOf = (events: readonly Event[]): unknown[] =>
  folded(events).blocks.map(({ head, text }) => [head.type === 'tool-call' ? head.name : head.type, text]);

const created = { type: 'response.created', response: { id: 'resp_1', model: 'm', created_at: 1 } };
const completed = (output: unknown = []): unknown => ({
  type: 'response.completed',
  response: { status: 'completed', output },
});
const delta = (text: string, place: object = { output_index: 0, content_index: 0 }): unknown => ({
  type: 'response.output_text.delta',
  ...place,
  delta: text,
});

describe('a response that is read', () => {
  test.each(SCENARIOS)('OR-05 OR-28 FM-10 %s is the same answer streamed and whole', (name) => {
    const whole = decodeWhole(fixture(`openai-responses/${name}/whole.json`).toString());
    expect(withoutEvents(whole)).toEqual(withoutEvents(streamed(name)));
  });

  test('every kind of block, with seal, annotations and log-probabilities', () => {
    const { blocks, usage, finish } = folded(streamed('everything'));
    expect(blocks.map(({ head, text }) => [head.type, head.itemId, text])).toEqual([
      ['reasoning-summary', 'rs_b1', 'First, look.'],
      ['reasoning-summary', 'rs_b1', 'Then answer.'],
      ['text', 'msg_b2', 'It is'],
      ['refusal', 'msg_b2', 'I cannot say more.'],
      ['tool-call', 'fc_b3', '{"location":"Florence"}'],
      ['tool-call', 'ctc_b4', 'SELECT 1'],
    ]);
    expect(blocks.map(({ seal }) => seal?.data)).toEqual([
      undefined,
      'gAAAA-token',
      ...Array<undefined>(4).fill(undefined),
    ]);
    expect(blocks[2]?.annotations.map(({ type }) => type)).toEqual(['url', 'native']);
    expect(blocks[2]?.logprobs).toHaveLength(2);
    expect(blocks[5]?.head).toMatchObject({ custom: true, id: 'call_b4' });
    expect(usage).toMatchObject({ input: 32, cacheRead: 8, output: 18, reasoning: 12 });
    expect(finish).toEqual({ reason: 'tool-calls', raw: 'completed' });
  });

  test('FM-11 calls at output_index 1 and 4 stay apart, and a 64-bit number stays whole', () => {
    expect(blocksOf(streamed('interleaved-calls'))).toEqual([
      ['left', '{"a":1}'],
      ['right', '{"b":2512292042121000001}'],
    ]);
  });

  test('CC-17 what only a done event or the final output says is said once', () => {
    expect(blocksOf(streamed('done-only'))).toEqual([
      ['text', 'Only at the end'],
      ['refusal', 'No.'],
      ['f', '{"x":1}'],
    ]);
    expect(folded(streamed('done-only')).blocks[0]?.annotations).toHaveLength(1);
    expect(blocksOf(streamed('output-only'))).toEqual([
      ['reasoning-summary', 'Hm.'],
      ['text', 'Said last.'],
    ]);
  });

  test('CC-17 a name that comes late is waited for, and the arguments that came before it are kept', () => {
    const item = { type: 'function_call', id: 'fc_1', call_id: 'call_1', arguments: '{}' };
    const early = { type: 'response.function_call_arguments.delta', output_index: 0, delta: '{}' };
    const events = decodePayloads(
      created,
      { type: 'response.output_item.added', output_index: 0, item: { ...item, name: '', arguments: '' } },
      early,
      { type: 'response.output_item.done', output_index: 0, item: { ...item, name: 'late' } },
      completed(),
    );
    expect(blocksOf(events)).toEqual([['late', '{}']]);
    const nameless = decodePayloads(
      created,
      { type: 'response.output_item.added', output_index: 0, item },
      early,
      completed(),
    );
    expect(nameless.at(-1)).toMatchObject({ type: 'error', error: { kind: 'bad_response' } });
  });

  test.each([
    ['no response.created', [delta('a'), completed()]],
    ['no output_item.added', [created, delta('a'), completed()]],
    ['no output_index', [created, delta('a', { item_id: 'x' }), completed()]],
    [
      'another item id on each event',
      [
        created,
        delta('', { output_index: 0, item_id: 'p' }),
        delta('a', { output_index: 0, item_id: 'q' }),
        completed(),
      ],
    ],
    ['an item opened twice', [created, ...twice('message'), delta('a'), completed()]],
    [
      'content_index not from 0',
      [created, delta('a', { output_index: 0, content_index: 1 }), messageDone('a'), completed()],
    ],
    ['an empty final output', [created, messageDone('a'), completed([])]],
    ['a final output whose ids are new', [created, messageDone('a'), completed([message('a', 'msg_other')])]],
    ['comments, blanks and [DONE] as data', [created, ': WAIT', '', '[DONE]', delta('a'), completed()]],
  ])('FM-08 %s does no harm', (_what, payloads) => {
    const events = decodePayloads(...payloads);
    expect(blocksOf(events)).toEqual([['text', 'a']]);
    expect(events.at(-1)).toMatchObject({ type: 'finish', reason: 'stop' });
  });

  test('OR-84 raw reasoning is read under all its names', () => {
    for (const name of ['reasoning_text', 'reasoning'])
      expect(
        blocksOf(
          decodePayloads(created, { type: `response.${name}.delta`, output_index: 0, delta: 'Hm' }, completed()),
        ),
      ).toEqual([['reasoning', 'Hm']]);
    expect(blocksOf(streamed('raw-reasoning'))[0]).toEqual(['reasoning', 'We think.']);
  });

  test('a seal without any summary still has its block', () => {
    expect(folded(streamed('sealed-without-summary')).blocks[0]).toMatchObject({
      text: '',
      seal: { data: 'gAAAA-only' },
    });
  });

  test('FM-56 unknown items and events are kept as they came', () => {
    const types = folded(streamed('native-items')).natives.map(
      ({ value }) => JSON.stringify(value).match(/"type":"([^"]+)"/)?.[1],
    );
    expect(types).toContain('response.zzz.new');
    expect(types).toContain('response.image_generation_call.partial_image');
    expect(types.filter((type) => type === 'response.output_item.done')).toHaveLength(2);
  });
});

describe('how a response ends', () => {
  test.each([
    ['cut-off-call', { reason: 'length', raw: 'incomplete:max_output_tokens' }],
    ['filtered', { reason: 'filter', raw: 'incomplete:content_filter' }],
    ['greeting', { reason: 'stop', raw: 'completed' }],
  ])('FM-48 %s', (name, finish) => {
    expect(folded(streamed(name)).finish).toEqual(finish);
  });

  test('UP-08 FM-03 a stream cut after any event is an error, and its text is kept', () => {
    const frames = framesOf(fixture('openai-responses/everything/streamed.sse').toString());
    for (let length = 0; length < frames.length; length++) {
      const events = decoded(protocol, request, streamOf(frames.slice(0, length)));
      expect(events.at(-1)).toMatchObject({ type: 'error', error: { kind: 'bad_response' } });
    }
  });

  test('nothing follows the terminal event', () => {
    expect(decodePayloads(created, completed(), delta('late'), completed()).at(-1)).toMatchObject({ type: 'finish' });
  });

  test.each([
    [
      'an error event, nested',
      [created, { type: 'error', error: { code: 'rate_limit_exceeded', message: 'Slow.' } }],
      'rate_limited',
    ],
    ['an error event, flat', [created, { type: 'error', code: 'server_error', message: 'Oops.' }], 'bad_response'],
    ['an error without a type', [{ error: { message: 'Oops.', code: 'context_length_exceeded' } }], 'client_error'],
    ['an event that is no JSON', [created, delta('a'), '{"type":"resp'], 'bad_response'],
  ])('FM-05 %s', (_what, payloads, kind) => {
    expect(decodePayloads(...payloads).at(-1)).toMatchObject({ type: 'error', error: { kind } });
  });

  test('a failed response keeps its usage and its code', () => {
    const events = streamed('failed-first');
    expect(folded(events).usage).toMatchObject({ input: 32, reasoning: 12 });
    expect(events.at(-1)).toMatchObject({ error: { kind: 'rate_limited', code: 'rate_limit_exceeded' } });
    expect(streamed('error-after-text').at(-1)).toMatchObject({
      error: { code: 'server_error', message: 'Something broke.' },
    });
  });

  test.each(['queued', 'in_progress', 'cancelled'])('a whole body that is %s is no finished answer', (status) => {
    expect(decodeWhole(JSON.stringify({ object: 'response', status, output: [] })).at(-1)).toMatchObject({
      type: 'error',
    });
  });

  test.each(['', 'null', '[]', '<html>', '{"error":{"message":"Oops."}}', '{}'])(
    'the whole body %j is an error',
    (body) => {
      expect(
        decodeWhole(body)
          .map(({ type }) => type)
          .at(-1),
      ).toBe('error');
    },
  );

  test.each(['everything', 'native-items', 'interleaved-calls', 'done-only'])(
    'UP-01 mutations of %s end exactly once',
    (name) => {
      const frames = framesOf(fixture(`openai-responses/${name}/streamed.sse`).toString());
      expect(faultUnderMutation(protocol, request, frames)).toBeUndefined();
    },
  );
});

function message(text: string, id = 'msg_1'): unknown {
  return { type: 'message', id, role: 'assistant', content: [{ type: 'output_text', text }] };
}

function messageDone(text: string): unknown {
  return { type: 'response.output_item.done', output_index: 0, item: message(text) };
}

function twice(type: string): unknown[] {
  const added = { type: 'response.output_item.added', output_index: 0, item: { type, id: 'msg_1' } };
  return [added, added];
}
