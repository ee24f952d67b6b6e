import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { dialect, protocol } from '../../src/protocols/openai-chat/index.ts';
import { Peek } from '../support/peek.ts';
import { encoded, payloadsOf, reply, target } from './exchange.ts';

const asked = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], stream: true };
const SEAL = 'EuYB+/~=.streamweir.é';
const THOUGHT = 'Hm, 日本 – "so".';

const events: readonly Event[] = [
  { type: 'start', id: 'x', model: 'm' },
  { type: 'block-start', index: 0, block: { type: 'reasoning' } },
  { type: 'text-delta', index: 0, text: THOUGHT },
  { type: 'block-end', index: 0, seal: { protocol: 'anthropic-messages', data: SEAL } },
  { type: 'block-start', index: 1, block: { type: 'reasoning-summary' } },
  { type: 'block-end', index: 1, seal: { protocol: 'openai-responses', data: 'gAAA' } },
  { type: 'block-start', index: 2, block: { type: 'tool-call', id: 'call_1', name: 'f' } },
  { type: 'input-delta', index: 2, json: '{}' },
  { type: 'block-end', index: 2, seal: { protocol: 'gemini', data: 'Cig+' } },
  { type: 'finish', reason: 'tool-calls' },
];

/** The message a client puts together from a stream, of the keys that concern seals. */
function message(): JsonObject {
  const { text, lost } = encoded(dialect, events, reply(dialect.decodeRequest(asked), asked));
  expect(lost).toBe(0);
  const deltas = payloadsOf(text).map((payload) => new Peek(payload).at('choices', 0, 'delta'));
  const details = deltas.flatMap((delta) => delta.at('reasoning_details').list.map(({ value }) => value));
  const extra = deltas.map((delta) => delta.at('tool_calls', 0, 'extra_content')).find(({ given }) => given);
  const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } };
  return {
    role: 'assistant',
    content: null,
    reasoning_details: details,
    tool_calls: [{ ...call, extra_content: extra?.value }],
  } as JsonObject;
}

const SEALED = [
  { type: 'reasoning', text: THOUGHT, seal: { protocol: 'anthropic-messages', data: SEAL } },
  { type: 'reasoning-summary', text: '', seal: { protocol: 'openai-responses', data: 'gAAA' } },
  { type: 'tool-call', id: 'call_1', name: 'f', input: '{}', seal: { protocol: 'gemini', data: 'Cig+' } },
];

function blocksOf(told: JsonObject): unknown {
  const result = { role: 'tool', tool_call_id: 'call_1', content: 'ok' };
  const request = dialect.decodeRequest({ ...asked, messages: [...asked.messages, told, result] });
  return request.task === 'generation' ? request.turns[1]?.blocks : undefined;
}

describe("seals of other formats in a chat client's hands", () => {
  test('CC-21 come back as they were, streamed, with the thoughts they belong to', () => {
    expect(blocksOf(message())).toEqual(SEALED);
  });

  test('CC-21 come back as they were from a whole answer', () => {
    const { body } = dialect.encodeWhole(collect(events), reply(dialect.decodeRequest(asked), asked));
    const told = Peek.parse(String(body)).at('choices', 0, 'message');
    expect(told.at('reasoning_content').text).toBe(THOUGHT);
    expect(blocksOf(told.value as JsonObject)).toEqual(SEALED);
  });

  test("FM-50 reach no chat upstream, and the upstream's own stay", () => {
    const own = { type: 'reasoning.text', signature: 'own' };
    const told = message();
    const messages = [
      ...asked.messages,
      { ...told, reasoning_details: [...(told['reasoning_details'] as readonly JsonObject[]), own] },
    ];
    const { body } = protocol.encodeRequest(dialect.decodeRequest({ ...asked, messages }), target());
    expect(String(body)).not.toContain('streamweir');
    expect(Peek.parse(String(body)).at('messages', 1, 'reasoning_details').value).toEqual([own]);
    expect(Peek.parse(String(body)).at('messages', 1, 'tool_calls', 0).has('extra_content')).toBe(false);
  });
});
