import { describe, expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { GatewayError } from '../../src/model/errors.ts';
import type { Json, JsonObject } from '../../src/model/json.ts';
import type { Generation } from '../../src/model/request.ts';
import { dialect } from '../../src/protocols/openai-responses/index.ts';

const read = (body: JsonObject): Generation => {
  const request = dialect.decodeRequest({ model: 'm', input: 'Hi', ...body });
  return request.task === 'generation' ? request : expect.fail('not a text request');
};
const turnsOf = (input: Json, more: JsonObject = {}): Generation['turns'] => read({ input, ...more }).turns;

function refusal(body: JsonObject): GatewayError {
  try {
    dialect.decodeRequest(body);
  } catch (error) {
    if (error instanceof GatewayFailure) return error.error;
    throw error;
  }
  return expect.fail('the request was not refused');
}

const user = (content: Json): JsonObject => ({ role: 'user', content });
const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{"a":1}' };
const result = { type: 'function_call_output', call_id: 'call_1', output: 'done' };

describe('what a request may say', () => {
  test('OR-40 a string is one user message; instructions lead', () => {
    expect(turnsOf('Hello', { instructions: 'Be brief.' })).toEqual([
      { role: 'system', blocks: [{ type: 'text', text: 'Be brief.' }] },
      { role: 'user', blocks: [{ type: 'text', text: 'Hello' }] },
    ]);
  });

  test('OR-41 messages without a type, in every role, and unknown roles as the user', () => {
    const turns = turnsOf(
      ['system', 'developer', 'user', 'assistant', 'critic'].map((role) => ({ role, content: 'x' })),
    );
    expect(turns.map(({ role }) => role)).toEqual(['system', 'developer', 'user', 'assistant', 'user']);
  });

  test('every kind of content part', () => {
    const [turn] = turnsOf([
      user([
        { type: 'input_text', text: 'a' },
        { type: 'input_image', image_url: 'https://example.org/a.png', detail: 'low' },
        { type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
        { type: 'input_image', file_id: 'file-1' },
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' },
        { type: 'input_file', file_url: 'https://example.org/a.pdf' },
        { type: 'input_audio', input_audio: { data: 'CCCC', format: 'mp3' } },
        { type: 'input_video', video_url: 'https://example.org/a.mp4' },
        { type: 'input_smell', smell: 'rose' },
      ]),
    ]);
    expect(turn?.blocks).toEqual([
      { type: 'text', text: 'a' },
      { type: 'media', media: 'image', source: { type: 'url', url: 'https://example.org/a.png' }, detail: 'low' },
      { type: 'media', media: 'image', source: { type: 'base64', data: 'AAAA', mimeType: 'image/png' } },
      { type: 'media', media: 'image', source: { type: 'file', id: 'file-1' } },
      {
        type: 'media',
        media: 'document',
        source: { type: 'base64', data: 'BBBB', mimeType: 'application/pdf' },
        name: 'a.pdf',
      },
      { type: 'media', media: 'document', source: { type: 'url', url: 'https://example.org/a.pdf' } },
      { type: 'media', media: 'audio', source: { type: 'base64', data: 'CCCC' }, format: 'mp3' },
      { type: 'media', media: 'video', source: { type: 'url', url: 'https://example.org/a.mp4' } },
      { type: 'native', native: { protocol: 'openai-responses', value: { type: 'input_smell', smell: 'rose' } } },
    ]);
  });

  test('OR-59 a turn of reasoning, words and calls is one turn, its results the next', () => {
    const turns = turnsOf([
      user('Go'),
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm' }], encrypted_content: 'sealed' },
      {
        role: 'assistant',
        id: 'msg_1',
        phase: 'commentary',
        content: [{ type: 'output_text', text: 'Looking', annotations: [], logprobs: [] }],
      },
      call,
      { type: 'custom_tool_call', call_id: 'call_2', name: 'sql', input: 'SELECT' },
      result,
      { type: 'custom_tool_call_output', call_id: 'call_2', output: [{ type: 'input_text', text: '1' }] },
      user('And?'),
    ]);
    expect(turns.map(({ role, blocks }) => [role, ...blocks.map(({ type }) => type)])).toEqual([
      ['user', 'text'],
      ['assistant', 'reasoning-summary', 'text', 'tool-call', 'tool-call'],
      ['user', 'tool-result', 'tool-result'],
      ['user', 'text'],
    ]);
    expect(turns[1]?.blocks[0]).toMatchObject({
      seal: { protocol: 'openai-responses', data: 'sealed' },
      itemId: 'rs_1',
    });
    expect(turns[1]?.blocks[3]).toMatchObject({ custom: true, input: 'SELECT' });
  });

  test('a message between a call and its result joins the turn of the call; two messages in a row stay two', () => {
    const words = { role: 'assistant', content: 'x' };
    expect(turnsOf([call, words, result]).map(({ blocks }) => blocks.length)).toEqual([2, 1]);
    expect(turnsOf([words, words]).map(({ role }) => role)).toEqual(['assistant', 'assistant']);
  });

  test('OR-44 OR-72 unknown items, unknown fields and phases pass and stay in the body', () => {
    const compaction = { type: 'compaction', id: 'cmp_1', encrypted_content: 'x' };
    const request = read({ input: [compaction, user('Hi')], zzz: { a: 1 }, include: ['zzz'], service_tier: 'zzz' });
    expect(request.turns[0]?.blocks).toEqual([
      { type: 'native', native: { protocol: 'openai-responses', value: compaction } },
    ]);
    expect(request.native.value['zzz']).toEqual({ a: 1 });
  });

  test('FM-13 empty arguments are the empty object', () => {
    expect(turnsOf([{ ...call, arguments: '' }])[0]?.blocks[0]).toMatchObject({ input: '{}' });
  });

  test('OR-41 tools: functions are read, all others kept', () => {
    const tools = [
      { type: 'function', name: 'f', parameters: { $schema: 'x', type: 'object' }, strict: true, description: null },
      { type: 'namespace', name: 'n', tools: [] },
      { type: 'web_search', external_web_access: true },
    ];
    expect(read({ tools }).tools).toEqual([
      { type: 'function', name: 'f', parameters: { $schema: 'x', type: 'object' }, strict: true },
      ...tools.slice(1).map((value) => ({ type: 'native', native: { protocol: 'openai-responses', value } })),
    ]);
  });

  test.each<[Json, unknown]>([
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'required' }],
    ['zzz', undefined],
    [
      { type: 'function', name: 'f' },
      { type: 'tool', name: 'f' },
    ],
    [
      { type: 'custom', name: 'f' },
      { type: 'tool', name: 'f' },
    ],
    [{ type: 'web_search' }, undefined],
    [
      { type: 'allowed_tools', tools: [{ type: 'function', name: 'f' }] },
      { type: 'allowed', names: ['f'], mode: 'auto' },
    ],
    [
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'f' }] },
      { type: 'allowed', names: ['f'], mode: 'required' },
    ],
  ])('OR-51 tool_choice %j', (choice, expected) => {
    expect(read({ tool_choice: choice }).toolChoice).toEqual(expected);
  });

  test('the knobs of a request', () => {
    const request = read({
      stream: true,
      temperature: 0.5,
      top_p: 1,
      max_output_tokens: 1,
      parallel_tool_calls: false,
      reasoning: { effort: 'zzz', summary: 'auto' },
      text: { format: { type: 'json_schema', name: 'n', strict: true }, verbosity: 'low' },
      include: ['message.output_text.logprobs'],
      top_logprobs: 3,
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
      safety_identifier: 's',
      service_tier: 'flex',
    });
    expect(request).toMatchObject({
      stream: true,
      sampling: { temperature: 0.5, topP: 1 },
      maxTokens: 1,
      parallelToolCalls: false,
      reasoning: { effort: 'zzz', summary: 'auto' },
      output: { type: 'schema', name: 'n', strict: true },
      verbosity: 'low',
      logprobs: { top: 3 },
      metadata: { a: 'b' },
      cacheKey: 'k',
      user: 's',
      serviceTier: 'flex',
    });
  });

  test('OR-41 OR-42 null counts as absent, and empty objects say nothing', () => {
    const request = read({
      text: {},
      include: [],
      reasoning: null,
      tools: null,
      metadata: null,
      temperature: null,
      stream: null,
    });
    expect(request).toMatchObject({ stream: false, tools: [], sampling: {} });
    expect(request.output).toBeUndefined();
  });
});

describe('what a request may not say', () => {
  test.each<[JsonObject, string, string]>([
    [{ input: 'Hi' }, 'model', 'missing_required_parameter'],
    [{ model: 'm' }, 'input', 'missing_required_parameter'],
    [{ model: 'm', input: [] }, 'input', 'empty_array'],
    [{ model: 'm', input: 'Hi', stream: 'yes' }, 'stream', 'invalid_value'],
    [{ model: 'm', input: 7 }, 'input', 'invalid_value'],
    [{ model: 'm', input: [user('a'), 'b'] }, 'input[1]', 'invalid_value'],
    [{ model: 'm', input: [user('a'), user('b'), user([{ type: 7 }])] }, 'input[2].content[0].type', 'invalid_value'],
    [{ model: 'm', input: [user([{ type: 'input_text' }])] }, 'input[0].content[0].text', 'missing_required_parameter'],
    [
      { model: 'm', input: [user([{ type: 'input_image' }])] },
      'input[0].content[0].image_url',
      'missing_required_parameter',
    ],
    [{ model: 'm', input: [user(null)] }, 'input[0].content', 'missing_required_parameter'],
    [
      { model: 'm', input: [{ type: 'function_call', name: 'f', arguments: {} }] },
      'input[0].arguments',
      'invalid_value',
    ],
    [{ model: 'm', input: [{}] }, 'input[0].type', 'missing_required_parameter'],
    [{ model: 'm', input: 'Hi', tools: [{ type: 'function' }] }, 'tools[0].name', 'missing_required_parameter'],
    [{ model: 'm', input: 'Hi', tools: {} }, 'tools', 'invalid_value'],
    [{ model: 'm', input: 'Hi', tool_choice: 7 }, 'tool_choice', 'invalid_value'],
    [
      { model: 'm', input: 'Hi', tool_choice: { type: 'allowed_tools' } },
      'tool_choice.tools',
      'missing_required_parameter',
    ],
    [{ model: 'm', input: 'Hi', max_output_tokens: 0 }, 'max_output_tokens', 'invalid_value'],
    [{ model: 'm', input: 'Hi', temperature: '1' }, 'temperature', 'invalid_value'],
    [{ model: 'm', input: 'Hi', text: { format: 'json' } }, 'text.format', 'invalid_value'],
    [
      { model: 'm', input: 'Hi', stream_options: { include_obfuscation: 1 } },
      'stream_options.include_obfuscation',
      'invalid_value',
    ],
    [{ model: 'm', input: 'Hi', store: 'no' }, 'store', 'invalid_value'],
    [{ model: 'm', input: 'Hi', include: 'x' }, 'include', 'invalid_value'],
  ])('OR-40 OR-42 %j names %s', (body, param, code) => {
    expect(refusal(body)).toMatchObject({ kind: 'invalid_request', param, code });
  });

  test.each<[string, Json, string]>([
    ['17 pairs', Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, 'v'])), 'metadata'],
    ['a long key', { ['k'.repeat(65)]: 'v' }, 'metadata'],
    ['a long value', { key: 'v'.repeat(513) }, 'metadata.key'],
    ['a number', { key: 7 }, 'metadata.key'],
  ])('OR-41 metadata with %s', (_what, metadata, param) => {
    expect(refusal({ model: 'm', input: 'Hi', metadata })).toMatchObject({ param });
  });

  test.each(['prompt_cache_key', 'safety_identifier'])('OR-41 %s of more than 64 characters', (key) => {
    expect(refusal({ model: 'm', input: 'Hi', [key]: 'x'.repeat(65) })).toMatchObject({ param: key });
  });

  test('OR-43 a result without its call', () => {
    expect(refusal({ model: 'm', input: [result] })).toMatchObject({ param: 'input', code: 'tool_call_not_found' });
    expect(turnsOf([call, result])).toHaveLength(2);
  });

  test('OR-57 OR-58 what would have to be stored is not found, and nothing runs in the background', () => {
    expect(refusal({ model: 'm', previous_response_id: 'resp_0' })).toMatchObject({
      message: "Previous response with id 'resp_0' not found.",
      param: 'previous_response_id',
      code: 'previous_response_not_found',
    });
    const references = [{ type: 'item_reference', id: 'msg_0' }, { id: 'msg_0' }, { type: null, id: 'msg_0' }];
    for (const item of references)
      expect(refusal({ model: 'm', input: [user('a'), item] })).toMatchObject({
        param: 'input[1].id',
        code: 'item_not_found',
      });
    expect(refusal({ model: 'm', input: 'Hi', background: true })).toMatchObject({
      param: 'background',
      code: 'unsupported_parameter',
    });
  });
});
