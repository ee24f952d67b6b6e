import { describe, expect, test } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { dialect, protocol } from '../../src/protocols/openai-chat/index.ts';
import { decoded, fixture, folded, framesOf, streamOf, target } from './exchange.ts';

const requestOf = (more: JsonObject = {}): ReturnType<typeof dialect.decodeRequest> =>
  dialect.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more });
const chunk = (delta: object | undefined, finish: string | null = null, more: object = {}): object => ({
  id: 'c',
  created: 1,
  model: 'up',
  choices: [{ index: 0, ...(delta !== undefined && { delta }), finish_reason: finish }],
  ...more,
});
const DONE = '[DONE]';
const read = (payloads: readonly (object | string)[], request = requestOf(), to = target()): Event[] =>
  decoded(
    protocol,
    request,
    streamOf(payloads.map((data) => ({ data: typeof data === 'string' ? data : JSON.stringify(data) }))),
    to,
  );
const end = (payloads: readonly (object | string)[], request = requestOf(), to = target()): Event | undefined =>
  read(payloads, request, to).at(-1);
const texts = (payloads: readonly (object | string)[]): (readonly [string, string])[] =>
  folded(read(payloads)).blocks.map(({ head, text }) => [head.type, text]);
const tool = (name: string, input: string | null, more: object = { index: 0, id: 'call_a' }): object => ({
  tool_calls: [{ ...more, type: 'function', function: { name, arguments: input } }],
});

describe('how an answer ends', () => {
  test.each<readonly [string, readonly (object | string)[], string]>([
    ['a finish reason and [DONE]', [chunk({ content: 'a' }), chunk({}, 'length'), DONE], 'length'],
    ['a finish reason and a clean end', [chunk({ content: 'a' }, 'stop')], 'stop'],
    ['[DONE] without a finish reason', [chunk({ content: 'a' }), DONE], 'stop'],
    ['[DONE] after a whole call', [chunk({ content: 'a' }), chunk(tool('f', '{}')), DONE], 'tool-calls'],
    ['a filter', [chunk({ content: 'a' }, 'content_filter')], 'filter'],
    ['a word nobody knows', [chunk({ content: 'a' }, 'zzz')], 'other'],
    ['a pause', [chunk({ content: 'a' }, 'pause_turn')], 'pause'],
  ])('UP-08 FM-48 %s', (_what, payloads, reason) => {
    expect(end(payloads)).toMatchObject({ type: 'finish', reason });
    expect(texts(payloads)[0]).toEqual(['text', 'a']);
  });

  test.each<readonly [string, readonly (object | string)[]]>([
    ['nothing', []],
    ['[DONE] alone', [DONE]],
    ['no finish reason', [chunk({ content: 'a' })]],
    ['[DONE] inside a call', [chunk(tool('f', '{"q')), DONE]],
    ['half a frame', [chunk({ content: 'a' }), '{"choices":[{"del']],
    ['a call without a name', [chunk(tool('', '{}'), 'tool_calls')]],
  ])('UP-08 U22 U24 %s is an error', (_what, payloads) => {
    expect(end(payloads)).toMatchObject({ type: 'error', error: { kind: 'bad_response' } });
  });

  test('FM-19 CC-13 a stop with whole calls is a call, unless a named choice lets it stand', () => {
    const payloads = [chunk(tool('f', '{"a":1}')), chunk({}, 'stop')];
    const named = requestOf({ tool_choice: { type: 'function', function: { name: 'f' } } });
    expect(end(payloads)).toMatchObject({ reason: 'tool-calls', raw: 'stop' });
    expect(end(payloads, named)).toMatchObject({ reason: 'tool-calls' });
    expect(end(payloads, named, target(true, { namedChoiceStops: true }))).toMatchObject({ reason: 'stop' });
  });

  test('FM-19 a length stop over an open call stays one and its input is not mended', () => {
    const open = [chunk(tool('f', '{"q')), chunk({}, 'length')];
    expect(end(open)).toMatchObject({ reason: 'length' });
    expect(texts(open)).toEqual([['tool-call', '{"q']]);
    const hidden = [
      chunk(tool('f', '{"q')),
      chunk({}, 'tool_calls', { usage: { prompt_tokens: 1, completion_tokens: 5 } }),
    ];
    expect(end(hidden, requestOf({ max_tokens: 5 }))).toMatchObject({ reason: 'length' });
    expect(end(hidden)).toMatchObject({ reason: 'tool-calls' });
  });

  test('FM-47 the first finish counts, a whole message at the end repeats nothing, and nothing is read after [DONE]', () => {
    const full = { choices: [{ index: 0, message: { content: 'all of it' }, finish_reason: 'length' }] };
    const payloads = [
      chunk({ content: 'a' }, 'stop'),
      full,
      chunk({}, 'length'),
      DONE,
      chunk({ content: 'late' }),
      DONE,
    ];
    expect(end(payloads)).toMatchObject({ type: 'finish', reason: 'stop' });
    expect(texts(payloads)).toEqual([['text', 'a']]);
  });

  test('FM-47 once every choice has finished only usage is waited for, and a failure then costs no answer', () => {
    const events = decoded(protocol, requestOf({ n: 2 }), (decoder) => {
      decoder.push({ data: JSON.stringify(chunk({ content: 'a' }, 'stop')) });
      expect(decoder.phase).toBe('open');
      decoder.push({
        data: JSON.stringify({ choices: [{ index: 1, delta: { content: 'b' }, finish_reason: 'length' }] }),
      });
      expect(decoder.phase).toBe('finished');
      decoder.push({ data: JSON.stringify({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }) });
      decoder.fail({ kind: 'bad_response', message: 'reset' });
      expect(decoder.phase).toBe('closed');
    });
    expect(events.slice(-2)).toMatchObject([
      { type: 'usage', usage: { output: 2 } },
      { type: 'finish', reason: 'stop', others: [{ choice: 1, reason: 'length' }] },
    ]);
  });

  test('§9 the stop sequence that a server names is told', () => {
    const payload = { choices: [{ index: 0, delta: { content: 'a' }, finish_reason: 'stop', stop_reason: 'END' }] };
    expect(end([payload], requestOf({ stop: ['END'] }))).toEqual({
      type: 'finish',
      reason: 'stop-sequence',
      raw: 'stop',
      stopSequence: 'END',
    });
  });
});

describe('errors inside a 200', () => {
  test.each<readonly [string, object | string, object]>([
    ['an error object', { error: { message: 'M', code: 'K' } }, { message: 'M', code: 'K' }],
    ['a text', { error: 'M' }, { message: 'M' }],
    ['a text with a code', { error: 'M', code: 'K' }, { message: 'M', code: 'K' }],
    ['a bare message', { message: 'M' }, { message: 'M' }],
    ['a bare detail', { detail: 'M' }, { message: 'M' }],
    [
      'beside choices',
      chunk({ content: '' }, 'stop', { error: { message: 'M', code: 429 } }),
      { message: 'M', kind: 'rate_limited' },
    ],
    ['inside a choice', { choices: [{ index: 0, delta: {}, error: { message: 'M' } }] }, { message: 'M' }],
    ['a finish reason', chunk({}, 'error'), { kind: 'bad_response' }],
  ])('FM-04 UP-08 %s', (_what, payload, error) => {
    expect(end([chunk({ content: 'a' }), payload, DONE])).toMatchObject({ type: 'error', error });
    expect(read([payload])).toHaveLength(read([payload]).findIndex(({ type }) => type === 'error') + 1);
  });

  test('FM-04 an event named error is one, whatever it holds', () => {
    for (const data of ['{"message":"M"}', 'M']) {
      const events = decoded(protocol, requestOf(), streamOf([{ event: 'error', data }]));
      expect(events).toMatchObject([{ type: 'error', error: { message: 'M' } }]);
    }
    expect(
      decoded(
        protocol,
        requestOf(),
        streamOf(framesOf(fixture('openai-chat/error-in-band/streamed.sse').toString())),
      ).at(-1),
    ).toMatchObject({
      type: 'error',
      error: { kind: 'overloaded', code: 'overloaded' },
    });
  });

  test('U13 a refused credential is told without the words of the upstream', () => {
    const event = end([{ error: { message: 'key sk-123 is wrong', status: 401 } }]);
    expect(event).toMatchObject({ type: 'error', error: { kind: 'upstream_auth' } });
    expect(JSON.stringify(event)).not.toContain('sk-123');
  });

  test.each([
    '',
    '<html>busy</html>',
    '[]',
    '{"object":"chat.completion","choices":[]}',
    '{"error":{"message":"M"}}',
    '{"message":"M"}',
  ])('UP-06 the whole body %j is an error', (text) => {
    expect(decoded(protocol, requestOf(), (decoder) => decoder.whole(text))).toMatchObject([{ type: 'error' }]);
  });
});
