import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Generation } from '../../src/model/request.ts';
import { dialect, protocol } from '../../src/protocols/openai-responses/index.ts';
import { decoded, streamOf } from './exchange.ts';
import { decodePayloads, finalOf, replyTo, written } from './openai-responses-bench.ts';

const item = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'f',
  caller: { type: 'program' },
  namespace: null,
};
const output = [
  {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    phase: 'commentary',
    content: [{ type: 'output_text', text: 'Hi' }],
  },
  { ...item, arguments: '{}' },
];
const more = { service_tier: 'flex', billing: { payer: 'me' }, user: null, status: 'completed', id: 'resp_up', output };
const PAYLOADS = [
  { type: 'response.created', response: { id: 'resp_up' } },
  { type: 'response.output_item.added', output_index: 0, item: { ...output[0], content: [] } },
  { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Hi', obfuscation: 'x7\u2028' },
  { type: 'response.output_item.added', output_index: 1, item: { ...item, arguments: '' } },
  { type: 'response.function_call_arguments.delta', output_index: 1, delta: '{}', obfuscation: 'y8' },
  { type: 'response.completed', response: more },
];

const events = decodePayloads(...PAYLOADS);
const asked = (body: JsonObject = {}): ReturnType<typeof replyTo> => replyTo({ model: 'm', input: 'Hi', ...body });

describe('what only this format knows, between two that speak it', () => {
  test('OR-38 OR-44 FM-56 further keys of the response and of its items reach the client, streamed and whole', () => {
    const streamed = finalOf(written(events, asked()).events);
    expect(streamed.value).toMatchObject({ service_tier: 'flex', billing: { payer: 'me' } });
    expect(streamed.at('id').text).not.toBe('resp_up');
    expect(streamed.at('output').list.map((each) => [each.at('phase').value, each.at('caller').value])).toEqual([
      ['commentary', undefined],
      [undefined, { type: 'program' }],
    ]);
    expect(streamed.at('output', 1).has('namespace') || streamed.has('user')).toBe(false);
    expect(JSON.parse(dialect.encodeWhole(collect(events), asked()).body.toString())).toEqual(streamed.value);
  });

  test('OR-17 obfuscation is passed on unless the client declines it, and never made up', () => {
    const pads = (list: readonly Event[], body?: JsonObject): unknown[] =>
      written(list, asked(body))
        .events.map((event) => event.at('obfuscation').value)
        .filter((value) => value !== undefined);
    expect(pads(events)).toEqual(['x7\u2028', 'y8']);
    expect(pads(events, { stream_options: { include_obfuscation: false } })).toEqual([]);
    expect(pads(decodePayloads(PAYLOADS[0], PAYLOADS[5]))).toEqual([]);
  });

  test('a client of another format is told none of it', () => {
    const request: Generation = {
      task: 'generation',
      model: 'm',
      stream: true,
      turns: [],
      tools: [],
      sampling: {},
      stop: [],
      native: { protocol: 'openai-chat', value: {} },
    };
    const frames = PAYLOADS.map((payload) => ({ data: JSON.stringify(payload) }));
    const plain = decoded(protocol, request, streamOf(frames));
    expect(plain.filter((event) => event.type === 'native' || 'padding' in event)).toEqual([]);
    expect(collect(plain).blocks.map(({ text }) => text)).toEqual(['Hi', '{}']);
  });
});
