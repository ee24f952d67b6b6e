import { describe, expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import { parseJson } from '../../src/model/json.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { decodeCount, decodeRequest } from '../../src/protocols/anthropic-messages/request-read.ts';
import { haveRecordings, recordings, bodyOf } from '../support/recordings.ts';

const user = { role: 'user', content: 'hi' };
const read = (more: JsonObject = {}): ReturnType<typeof decodeRequest> =>
  decodeRequest({ model: 'm', max_tokens: 9, messages: [user], ...more });
const blocksOf = (content: unknown, role = 'user'): unknown =>
  read({ messages: [{ role, content } as JsonObject] }).turns[0]?.blocks;

function refusal(body: JsonObject): unknown {
  try {
    decodeRequest({ model: 'm', max_tokens: 9, messages: [user], ...body });
    return undefined;
  } catch (error) {
    return error instanceof GatewayFailure ? [error.error.param, error.error.code] : error;
  }
}

describe('the conversation', () => {
  test('MS-15 the system prompt is a text or a list of texts, with what is to be cached', () => {
    expect(read({ system: 'Be brief.' }).turns[0]).toEqual({
      role: 'system',
      blocks: [{ type: 'text', text: 'Be brief.' }],
    });
    const cached = { type: 'text', text: 'Long.', cache_control: { type: 'ephemeral', ttl: '1h' } };
    expect(read({ system: [cached] }).turns[0]?.blocks).toEqual([
      { type: 'text', text: 'Long.', cache: { ttl: '1h' } },
    ]);
    expect(read().turns).toHaveLength(1);
  });

  test('MS-15 pictures and documents are read from every kind of source', () => {
    const source = (more: JsonObject): JsonObject => ({ type: 'image', source: more });
    expect(
      blocksOf([
        source({ type: 'base64', media_type: 'image/png', data: 'aGk=' }),
        source({ type: 'url', url: 'https://example.com/a.png' }),
        source({ type: 'file', file_id: 'file_1' }),
      ]),
    ).toMatchObject([
      { media: 'image', source: { type: 'base64', data: 'aGk=', mimeType: 'image/png' } },
      { media: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      { media: 'image', source: { type: 'file', id: 'file_1' } },
    ]);
    expect(
      blocksOf([
        { type: 'document', title: 'Law', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' } },
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Å' } },
        { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } },
        { type: 'document', source: { type: 'content', content: [] } },
      ]),
    ).toMatchObject([
      { media: 'document', name: 'Law', format: 'pdf', source: { data: 'JVBERg==' } },
      { media: 'document', format: 'txt', source: { data: 'w4U=', mimeType: 'text/plain' } },
      { media: 'document', source: { type: 'url' } },
      { type: 'native' },
    ]);
  });

  test('MS-15 calls and their results, with pictures, keep their ids and say whether they failed', () => {
    const picture = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } };
    expect(blocksOf([{ type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } }], 'assistant')).toEqual([
      { type: 'tool-call', id: 'toolu_1', name: 'f', input: '{"a":1}' },
    ]);
    expect(
      blocksOf([
        { type: 'tool_result', tool_use_id: 'toolu_1', content: 'ok' },
        {
          type: 'tool_result',
          tool_use_id: 'toolu_2',
          is_error: true,
          content: [{ type: 'text', text: 'no' }, picture],
        },
        { type: 'tool_result', tool_use_id: 'toolu_3', cache_control: { type: 'ephemeral' } },
      ]),
    ).toMatchObject([
      { type: 'tool-result', id: 'toolu_1', failed: false, output: [{ type: 'text', text: 'ok' }] },
      {
        type: 'tool-result',
        id: 'toolu_2',
        failed: true,
        output: [{ type: 'text' }, { type: 'media', media: 'image' }],
      },
      { type: 'tool-result', id: 'toolu_3', output: [], cache: {} },
    ]);
  });

  test('UP-10 numbers of a call are not rounded', () => {
    const text =
      '{"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"id":2512292042121000001,"x":1.0}}]}]}';
    const body = parseJson(text) as JsonObject;
    expect(decodeRequest(body).turns[0]?.blocks[0]).toMatchObject({ input: '{"id":2512292042121000001,"x":1.0}' });
  });

  test('MS-06 blocks of the provider and those that nobody knows are kept as they came', () => {
    const blocks = [
      { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
      { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
      { type: 'zzz', a: 1 },
    ];
    expect(blocksOf(blocks, 'assistant')).toEqual(
      blocks.map((value) => ({ type: 'native', native: { protocol: 'anthropic-messages', value } })),
    );
  });

  test('a system turn may stand in the middle', () => {
    expect(read({ messages: [user, { role: 'system', content: 'Now briefly.' }] }).turns[1]?.role).toBe('system');
  });
});

describe('the options', () => {
  test('tools of the client are functions, those of the provider stay as they are', () => {
    const own = {
      name: 'f',
      description: 'd',
      input_schema: { type: 'object' },
      strict: true,
      cache_control: { type: 'ephemeral' },
    };
    const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 2 };
    expect(read({ tools: [own, { ...own, type: 'custom' }, search] }).tools).toMatchObject([
      { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' }, strict: true, cache: {} },
      { type: 'function', name: 'f' },
      { type: 'native', native: { value: search } },
    ]);
  });

  test.each([
    [{ type: 'auto' }, { type: 'auto' }],
    [{ type: 'any' }, { type: 'required' }],
    [
      { type: 'tool', name: 'f' },
      { type: 'tool', name: 'f' },
    ],
    [{ type: 'none' }, { type: 'none' }],
  ])('the choice %o of a tool is read', (choice, expected) => {
    const { toolChoice, parallelToolCalls } = read({ tool_choice: { ...choice, disable_parallel_tool_use: true } });
    expect([toolChoice, parallelToolCalls]).toEqual([expected, false]);
    expect(read({ tool_choice: choice }).parallelToolCalls).toBeUndefined();
  });

  test.each([
    [{ thinking: { type: 'enabled', budget_tokens: 2048 } }, { budget: 2048, summary: 'auto' }],
    [
      { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
      { budget: -1, effort: 'low', summary: 'auto' },
    ],
    [{ thinking: { type: 'adaptive', display: 'omitted' } }, { budget: -1 }],
    [{ thinking: { type: 'disabled' } }, { budget: 0 }],
    [{ output_config: { effort: 'max' } }, { effort: 'max' }],
    [{ thinking: { type: 'between_tools' } }, undefined],
    [{}, undefined],
  ])('how much to think is read from %o', (more, expected) => {
    expect(read(more).reasoning).toEqual(expected);
  });

  test('the form of the answer is read from its place of today and from that of the beta', () => {
    const format = { type: 'json_schema', schema: { type: 'object' } };
    const expected = { type: 'schema', name: 'response', schema: { type: 'object' }, strict: true };
    expect(read({ output_config: { format } }).output).toEqual(expected);
    expect(read({ output_format: format }).output).toEqual(expected);
  });

  test('UP-10 sampling, limits and the rest are read as they were written', () => {
    const body = parseJson(
      '{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"temperature":1.0,"top_p":0.9,"top_k":5,' +
        '"stop_sequences":["a","b"],"metadata":{"user_id":"u"},"service_tier":"standard_only","stream":true}',
    ) as JsonObject;
    const request = decodeRequest(body);
    expect(JSON.stringify(request.sampling)).toBe('{"temperature":1.0,"topP":0.9,"topK":5}');
    expect(request).toMatchObject({ maxTokens: 9, stop: ['a', 'b'], user: 'u', serviceTier: 'default', stream: true });
  });

  test('MS-14 a count needs no limit, and is never streamed', () => {
    const count = decodeCount({ model: 'm', messages: [user], stream: true });
    expect(count).toMatchObject({ task: 'count', model: 'm', stream: false, generation: { task: 'generation' } });
  });
});

describe('what is wrong', () => {
  test.each<[JsonObject, string, string?]>([
    [{ model: '' }, 'model', 'missing_required_parameter'],
    [{ max_tokens: null }, 'max_tokens', 'missing_required_parameter'],
    [{ max_tokens: -1 }, 'max_tokens'],
    [{ max_tokens: 1.5 }, 'max_tokens'],
    [{ messages: null }, 'messages', 'missing_required_parameter'],
    [{ messages: [] }, 'messages', 'empty_array'],
    [{ messages: ['x'] }, 'messages[0]'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content', 'missing_required_parameter'],
    [
      { messages: [user, { role: 'user', content: [{ text: 'x' }] }] },
      'messages[1].content[0].type',
      'missing_required_parameter',
    ],
    [{ messages: [{ role: 'user', content: [{ type: 7 }] }] }, 'messages[0].content[0].type'],
    [
      { messages: [{ role: 'user', content: [{ type: 'text' }] }] },
      'messages[0].content[0].text',
      'missing_required_parameter',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'image' }] }] },
      'messages[0].content[0].source',
      'missing_required_parameter',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'ftp' } }] }] },
      'messages[0].content[0].source.type',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [{}] }] }] },
      'messages[0].content[0].content[0].type',
      'missing_required_parameter',
    ],
    [{ system: [{ type: 'text' }] }, 'system[0].text', 'missing_required_parameter'],
    [{ tools: [{ name: 'f' }] }, 'tools[0].input_schema', 'missing_required_parameter'],
    [{ tool_choice: { type: 'all' } }, 'tool_choice.type'],
    [{ tool_choice: { type: 'tool' } }, 'tool_choice.name', 'missing_required_parameter'],
    [{ thinking: { type: 'enabled' } }, 'thinking.budget_tokens', 'missing_required_parameter'],
    [{ output_config: { format: { type: 'xml' } } }, 'output_config.format.type'],
    [{ temperature: 'hot' }, 'temperature'],
  ])('%o is refused at %s', (body, param, code = 'invalid_value') => {
    expect(refusal(body)).toEqual([param, code]);
  });
});

describe.skipIf(!haveRecordings)('recorded requests', () => {
  test('MS-15 each of them is read', () => {
    const requests = recordings().filter(({ protocol }) => protocol === 'anthropic-messages');
    let count = 0;
    for (const recording of requests) {
      const file = recording.file.replace(/\.(?:sse|json)$/, '.request.json');
      const sent = parseJson(bodyOfRequest({ ...recording, file })) as { body?: JsonObject };
      if (sent.body?.['messages'] === undefined) continue;
      count++;
      expect(decodeRequest({ model: 'm', ...sent.body }).turns.length).toBeGreaterThan(0);
    }
    expect(count).toBeGreaterThan(40);
  });
});

function bodyOfRequest(recording: Parameters<typeof bodyOf>[0]): string {
  try {
    return bodyOf(recording).toString();
  } catch {
    return '{}';
  }
}
