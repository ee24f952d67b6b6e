import { describe, expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { Block } from '../../src/model/block.ts';
import { parseJson } from '../../src/model/json.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Generation, Request, Turn } from '../../src/model/request.ts';
import type { Target } from '../../src/protocols/codec.ts';
import { countDialect, dialect, protocol } from '../../src/protocols/anthropic-messages/index.ts';
import { dialect as chat } from '../../src/protocols/openai-chat/index.ts';
import { target } from './exchange.ts';

const OLD = 'claude-sonnet-4-5-20250929';
const to = (model: string = OLD, more: Partial<Target> = {}): Target => ({ ...target(), model, ...more });

interface Written {
  readonly body: JsonObject;
  readonly lost: readonly string[] | undefined;
}
function writtenOf(request: Request, where = to()): Written {
  const { body, lost } = protocol.encodeRequest(request, where);
  return { body: JSON.parse(String(body)) as JsonObject, lost };
}
const ask = (more: JsonObject = {}): Request =>
  chat.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more });
const write = (more: JsonObject = {}, where = to()): Written => writtenOf(ask(more), where);
const turnsOf = (turns: readonly Turn[], where = to()): unknown =>
  writtenOf({ ...(ask() as Generation), turns }, where).body['messages'];
const says = (text: string): Block => ({ type: 'text', text });
const call = (id: string, input = '{}'): Block => ({ type: 'tool-call', id, name: 'f', input });
const result = (id: string, text = 'ok'): Block => ({ type: 'tool-result', id, output: [says(text)], failed: false });
const shown = (text: string): JsonObject => ({ type: 'text', text });
const use = (id: string): JsonObject => ({ type: 'tool_use', id, name: 'f', input: {} });
const gave = (id: string, content = 'ok'): JsonObject => ({ type: 'tool_result', tool_use_id: id, content });
const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }];

describe('the conversation', () => {
  test('system turns come first and apart; one in the middle is said by the user where the model knows no other way', () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'a' },
      { role: 'developer', content: 'Now loudly.' },
      { role: 'assistant', content: 'b' },
      { role: 'user', content: 'c' },
    ];
    expect(write({ messages }).body).toMatchObject({
      system: 'Be brief.',
      messages: [
        { role: 'user', content: [shown('a'), shown('Now loudly.')] },
        { role: 'assistant', content: [shown('b')] },
        { role: 'user', content: [shown('c')] },
      ],
    });
    expect(write({ messages }, to('claude-opus-5')).body['messages']).toMatchObject([
      { role: 'user', content: [shown('a')] },
      { role: 'system', content: [shown('Now loudly.')] },
      { role: 'assistant' },
      { role: 'user' },
    ]);
  });

  test('a conversation of system turns alone, or one that the assistant begins, begins with the user', () => {
    expect(write({ messages: [{ role: 'system', content: 'a' }] }).body).toMatchObject({
      messages: [{ role: 'user', content: [shown('a')] }],
    });
    expect(turnsOf([{ role: 'assistant', blocks: [says('a')] }])).toMatchObject([
      { role: 'user' },
      { role: 'assistant' },
    ]);
  });

  test('MS-15 neighbours of one role become one message, and results stand first in theirs', () => {
    expect(
      turnsOf([
        { role: 'user', blocks: [says('a')] },
        { role: 'user', blocks: [says('b')] },
        { role: 'assistant', blocks: [call('x'), call('y')] },
        { role: 'user', blocks: [says('c'), result('y')] },
        { role: 'user', blocks: [result('x'), says('d')] },
      ]),
    ).toEqual([
      { role: 'user', content: [shown('a'), shown('b')] },
      { role: 'assistant', content: [use('x'), use('y')] },
      { role: 'user', content: [gave('y'), gave('x'), shown('c'), shown('d')] },
    ]);
  });

  test('MS-15 a call that nobody answered gets a failed result, a result that nobody asked for becomes text', () => {
    expect(
      turnsOf([
        { role: 'user', blocks: [says('a')] },
        { role: 'assistant', blocks: [call('x')] },
        { role: 'user', blocks: [result('z', 'lost')] },
      ]),
    ).toMatchObject([
      {},
      { content: [use('x')] },
      {
        content: [
          { type: 'tool_result', tool_use_id: 'x', is_error: true },
          { type: 'text', text: 'Result of the tool call z:\nlost' },
        ],
      },
    ]);
  });

  test('empty text is dropped, and the white space at the end of an answer that is to be continued', () => {
    expect(
      turnsOf([
        { role: 'user', blocks: [says(''), says(' \n')] },
        { role: 'user', blocks: [says('a')] },
        { role: 'assistant', blocks: [says('It is ')] },
      ]),
    ).toEqual([
      { role: 'user', content: [shown('a')] },
      { role: 'assistant', content: [shown('It is')] },
    ]);
  });

  test('MS-05 FM-14 thinking goes back byte for byte under its own seal, and not at all without', () => {
    const own = (data: string) => ({ protocol: 'anthropic-messages', data }) as const;
    expect(
      turnsOf([
        { role: 'user', blocks: [says('a')] },
        {
          role: 'assistant',
          blocks: [
            { type: 'reasoning', text: ' why \n', seal: own('c2ln') },
            { type: 'reasoning', text: '', seal: own('redacted:aGlk') },
            { type: 'reasoning', text: '', seal: own('bGF0ZXI=') },
            { type: 'reasoning', text: 'unsigned' },
            { type: 'reasoning', text: 'of others', seal: { protocol: 'gemini', data: 'c2ln' } },
            says('b'),
          ],
        },
      ]),
    ).toMatchObject([
      {},
      {
        content: [
          { type: 'thinking', thinking: ' why \n', signature: 'c2ln' },
          { type: 'redacted_thinking', data: 'aGlk' },
          { type: 'thinking', thinking: '', signature: 'bGF0ZXI=' },
          shown('b'),
        ],
      },
    ]);
  });

  test('FM-13 FM-55 the input of a call is an object whose numbers are not rounded; free and broken text is put into one', () => {
    const inputs = ['{"id":2512292042121000001,"x":1.0}', '', '{"q"', '[1]'].map((input, index) =>
      call(`c${index}`, input),
    );
    const custom: Block = { type: 'tool-call', id: 'p', name: 'f', input: 'free', custom: true };
    const turns: Turn[] = [
      { role: 'user', blocks: [says('a')] },
      { role: 'assistant', blocks: [...inputs, custom] },
    ];
    const { body } = protocol.encodeRequest({ ...(ask() as Generation), turns }, to());
    expect(String(body)).toContain('"input":{"id":2512292042121000001,"x":1.0}');
    expect(JSON.parse(String(body))).toMatchObject({
      messages: [
        {},
        {
          content: [
            {},
            { input: {} },
            { input: { input: '{"q"' } },
            { input: { input: '[1]' } },
            { input: { input: 'free' } },
          ],
        },
      ],
    });
  });

  test('ids that this format refuses are made fit, the same for a call and its result', () => {
    const turns: Turn[] = [
      { role: 'user', blocks: [says('a')] },
      { role: 'assistant', blocks: [call('call:1/2')] },
      { role: 'user', blocks: [result('call:1/2')] },
    ];
    expect(turnsOf(turns)).toMatchObject([{}, { content: [{ id: 'call_1_2' }] }, { content: [gave('call_1_2')] }]);
  });

  test('pictures and documents are written with their sources, also in results', () => {
    const picture: Block = { type: 'media', media: 'image', source: { type: 'base64', data: '/9j/4AAQ' } };
    const url: Block = { type: 'media', media: 'image', source: { type: 'url', url: 'https://example.com/a.png' } };
    const pdf: Block = {
      type: 'media',
      media: 'document',
      source: { type: 'base64', data: 'JVBERg==', mimeType: 'application/pdf' },
      name: 'law.pdf',
      cache: {},
    };
    const text: Block = {
      type: 'media',
      media: 'document',
      source: { type: 'base64', data: 'w4U=', mimeType: 'text/markdown' },
    };
    const shot: Block = { type: 'tool-result', id: 'x', output: [picture], failed: true };
    expect(
      turnsOf([
        { role: 'user', blocks: [picture, url, pdf, text] },
        { role: 'assistant', blocks: [call('x')] },
        { role: 'user', blocks: [shot] },
      ]),
    ).toMatchObject([
      {
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: '/9j/4AAQ' } },
          { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
          {
            type: 'document',
            title: 'law.pdf',
            source: { type: 'base64', media_type: 'application/pdf' },
            cache_control: { type: 'ephemeral' },
          },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Å' } },
        ],
      },
      {},
      { content: [{ tool_use_id: 'x', is_error: true, content: [{ type: 'image' }] }] },
    ]);
  });

  test.each<Block>([
    { type: 'media', media: 'audio', source: { type: 'base64', data: 'aGk=' }, format: 'wav' },
    { type: 'media', media: 'document', source: { type: 'base64', data: 'aGk=', mimeType: 'application/zip' } },
    { type: 'native', native: { protocol: 'openai-chat', value: {} } },
  ])('what cannot be left out without a change of meaning is refused: %o', (block) => {
    expect(() => turnsOf([{ role: 'user', blocks: [block] }])).toThrow(GatewayFailure);
    expect(() => write({ n: 2 })).toThrow(GatewayFailure);
  });
});

describe('the options', () => {
  test.each([
    ['claude-3-haiku-20240307', 4096],
    ['claude-3-5-sonnet-20241022', 8192],
    ['claude-3-7-sonnet-20250219', 64_000],
    ['claude-opus-4-20250514', 32_000],
    ['anthropic.claude-opus-4-1-20250805-v1:0', 32_000],
    ['claude-opus-4-5', 64_000],
    ['claude-haiku-4-5@20251001', 64_000],
    ['claude-sonnet-5', 64_000],
    ['deepseek-chat', 8192],
  ])('%s is asked for up to %i tokens when the client set no limit', (model, most) => {
    expect(write({}, to(model)).body['max_tokens']).toBe(most);
    expect(write({ max_tokens: 7 }, to(model)).body['max_tokens']).toBe(7);
  });

  test('tools, the choice among them, and whether several may be called at once', () => {
    const choice = (tool_choice: unknown, more: JsonObject = {}): unknown =>
      write({ tools, tool_choice: tool_choice as JsonObject, ...more }).body['tool_choice'];
    expect(write({ tools }).body['tools']).toEqual([{ name: 'f', input_schema: { type: 'object', properties: {} } }]);
    expect(write({ tools }).body['tool_choice']).toBeUndefined();
    expect(choice('required')).toEqual({ type: 'any' });
    expect(choice('none')).toEqual({ type: 'none' });
    expect(choice({ type: 'function', function: { name: 'f' } })).toEqual({ type: 'tool', name: 'f' });
    expect(choice('auto', { parallel_tool_calls: false })).toEqual({ type: 'auto', disable_parallel_tool_use: true });
    expect(write({ tools, parallel_tool_calls: false }).body['tool_choice']).toEqual({
      type: 'auto',
      disable_parallel_tool_use: true,
    });
  });

  test.each([
    ['low', 2048],
    ['medium', 8192],
    ['high', 16_384],
    ['xhigh', 32_768],
  ])('the effort %s is a budget up to 4.5 and an effort later', (reasoning_effort, budget_tokens) => {
    expect(write({ reasoning_effort }).body).toMatchObject({ thinking: { type: 'enabled', budget_tokens } });
    expect(write({ reasoning_effort }, to('claude-opus-4-8')).body).toMatchObject({
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: reasoning_effort },
    });
  });

  test('a budget becomes the effort that is worth as much, and none stays none', () => {
    const budget = (tokens: number, model: string): JsonObject =>
      writtenOf({ ...(ask() as Generation), reasoning: { budget: tokens } }, to(model)).body;
    expect(budget(10_000, 'claude-sonnet-5')['output_config']).toEqual({ effort: 'high' });
    expect(budget(1024, 'claude-sonnet-5')['output_config']).toEqual({ effort: 'low' });
    expect(budget(-1, 'claude-sonnet-5')).not.toHaveProperty('output_config');
    expect(budget(-1, OLD)['thinking']).toEqual({ type: 'enabled', budget_tokens: 8192 });
    for (const model of [OLD, 'claude-sonnet-5']) expect(budget(0, model)).not.toHaveProperty('thinking');
    expect(write({ reasoning_effort: 'none' }).body).not.toHaveProperty('thinking');
  });

  test('the limit exceeds the budget, or there is no thinking', () => {
    expect(write({ reasoning_effort: 'high', max_tokens: 4000 }).body['thinking']).toEqual({
      type: 'enabled',
      budget_tokens: 3200,
    });
    const small = write({ reasoning_effort: 'high', max_tokens: 1000 });
    expect([small.body['thinking'], small.lost]).toEqual([undefined, ['reasoning']]);
    expect(write({ reasoning_effort: 'high' }, to('claude-3-haiku-20240307')).lost).toEqual(['reasoning']);
  });

  test('what does not go with thinking gives way: temperature and top_k to it, and it to a call that must be made', () => {
    const sampling = { temperature: 0.2, top_p: 0.5 };
    const thinks = write({ reasoning_effort: 'low', ...sampling });
    expect([thinks.body['temperature'], thinks.body['top_p'], thinks.lost]).toEqual([
      undefined,
      undefined,
      ['temperature', 'top_p'],
    ]);
    const forced = write({ reasoning_effort: 'low', tools, tool_choice: 'required' });
    expect([forced.body['thinking'], forced.lost]).toEqual([undefined, ['reasoning']]);
    expect(
      write({ reasoning_effort: 'low', tools, tool_choice: 'required' }, to('claude-opus-4-8')).body,
    ).toMatchObject({
      output_config: { effort: 'low' },
    });
  });

  test('FM-14 a model that thinks by budget cannot begin to think while it waits for results', () => {
    const turns: Turn[] = [
      { role: 'user', blocks: [says('a')] },
      { role: 'assistant', blocks: [call('x')] },
      { role: 'user', blocks: [result('x')] },
    ];
    const late = { ...(ask() as Generation), turns, reasoning: { effort: 'low' } };
    expect(writtenOf(late).lost).toEqual(['reasoning']);
    const thought: Block = { type: 'reasoning', text: 'why', seal: { protocol: 'anthropic-messages', data: 'c2ln' } };
    const began = turns.map((turn) =>
      turn.role === 'assistant' ? { ...turn, blocks: [thought, ...turn.blocks] } : turn,
    );
    expect(writtenOf({ ...late, turns: began }).body['thinking']).toMatchObject({ type: 'enabled' });
    expect(writtenOf(late, to('claude-opus-4-8')).body['thinking']).toMatchObject({ type: 'adaptive' });
  });

  test('sampling stays within what a family takes', () => {
    expect(write({ temperature: 1.7 }).body['temperature']).toBe(1);
    expect(write({ temperature: 0.5, top_p: 0.9 }).lost).toEqual(['top_p']);
    expect(write({ temperature: 0.5, top_p: 0.9 }, to('claude-opus-4-20250514')).body).toMatchObject({
      temperature: 0.5,
      top_p: 0.9,
    });
    const none = write({ temperature: 0.5, top_p: 0.9 }, to('claude-opus-4-7'));
    expect([none.body['temperature'], none.lost]).toEqual([undefined, ['temperature', 'top_p']]);
    expect(write({ temperature: 1 }, to('claude-opus-4-7')).lost).toBeUndefined();
  });

  test('UP-10 a number leaves as it was written', () => {
    const body = parseJson('{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":0.50}') as JsonObject;
    expect(String(protocol.encodeRequest(chat.decodeRequest(body), to()).body)).toContain('"temperature":0.50');
  });

  test('what has no words here is named, and the rest is said', () => {
    const { body, lost } = write({
      seed: 7,
      frequency_penalty: 0.5,
      presence_penalty: 0,
      logprobs: true,
      stop: ['END', '\n'],
      user: 'u',
      service_tier: 'flex',
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
    });
    expect(lost).toEqual([
      'frequency_penalty',
      'seed',
      'logprobs',
      'metadata',
      'prompt_cache_key',
      'stop_sequences',
      'service_tier',
    ]);
    expect(body).toMatchObject({ stop_sequences: ['END'], metadata: { user_id: 'u' } });
    expect(write({ service_tier: 'default' }).body['service_tier']).toBe('standard_only');
  });
});

describe('an answer in a form', () => {
  const schema = { type: 'object', properties: { a: { type: 'object', properties: {} } } };
  const response_format = { type: 'json_schema', json_schema: { name: 'my form', schema } };
  const noSchema = { schemaOutput: 'tool' } as const;

  test('is asked for natively, with every object closed', () => {
    expect(write({ response_format }).body['output_config']).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: { a: { type: 'object', properties: {}, additionalProperties: false } },
          additionalProperties: false,
        },
      },
    });
  });

  test('is asked for through a tool where the target knows no other way', () => {
    const where = { ...target(true, noSchema), model: OLD };
    const { body } = write({ response_format, reasoning_effort: 'low' }, where);
    expect(body).toMatchObject({
      tools: [{ name: 'my_form', input_schema: schema }],
      tool_choice: { type: 'tool', name: 'my_form', disable_parallel_tool_use: true },
    });
    expect(body).not.toHaveProperty('thinking');
    expect(write({ response_format, tools }, where).body['tool_choice']).toMatchObject({ type: 'any' });
    const same = { type: 'json_schema', json_schema: { name: 'f', schema } };
    expect(write({ response_format: same, tools }, where).body['tools']).toMatchObject([
      { name: 'f' },
      { name: 'f_answer' },
    ]);
  });

  test('is asked for in words where there is no schema', () => {
    expect(write({ response_format: { type: 'json_object' } }).body['system']).toMatch(/JSON/);
  });
});

describe('a body of this very format', () => {
  const body: JsonObject = {
    model: 'm',
    max_tokens: 9,
    stream: true,
    zzz: 1,
    messages: [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'why', signature: 'c2ln' }, shown('b')] },
    ],
  };
  const own = dialect.decodeRequest(body);

  test('UP-09 MS-05 only the model changes', () => {
    expect(protocol.patch(own, to())).toEqual({ model: OLD });
    expect(writtenOf(own).body).toEqual({ ...body, model: OLD });
    expect(protocol.patch(own, to(OLD, { stream: false }))).toEqual({ model: OLD, stream: false });
  });

  test('MS-05 FM-14 thinking that its makers did not sign is left out, and citations without an index', () => {
    const cited = { type: 'text', text: 'b', citations: [{ type: 'web_search_result_location', encrypted_index: '' }] };
    const foreign = (signature: string): JsonObject => ({ type: 'thinking', thinking: 'x', signature });
    const content = [
      foreign(''),
      foreign('streamweir.gemini.YQ'),
      { type: 'redacted_thinking', data: 'call:streamweir.gemini.YQ' },
      { type: 'redacted_thinking', data: 'aGlk' },
      cited,
    ];
    const mixed = dialect.decodeRequest({
      ...body,
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content },
        { role: 'assistant', content: [foreign('')] },
      ],
    });
    expect(protocol.patch(mixed, to())).toEqual({
      model: OLD,
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: [{ type: 'redacted_thinking', data: 'aGlk' }, shown('b')] },
      ],
    });
  });

  test('MS-15 what is to be cached stays where it is, also from other formats', () => {
    const cached: Block = { type: 'text', text: 'Long.', cache: { ttl: '1h' } };
    const request: Generation = {
      ...(ask({ tools }) as Generation),
      turns: [
        { role: 'system', blocks: [cached] },
        { role: 'user', blocks: [cached] },
      ],
    };
    const control = { cache_control: { type: 'ephemeral', ttl: '1h' } };
    expect(writtenOf(request).body).toMatchObject({
      system: [{ ...shown('Long.'), ...control }],
      messages: [{ content: [{ ...shown('Long.'), ...control }] }],
    });
  });
});

describe('where it goes', () => {
  const body: JsonObject = { model: 'm', max_tokens: 9, stream: true, messages: [{ role: 'user', content: 'a' }] };
  const own = dialect.decodeRequest(body);
  const count = countDialect.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'a' }] });
  const vertex = to('claude-opus-4-1@20250805', { hosting: { style: 'vertex', project: 'p', location: 'global' } });
  const bedrock = to('us.anthropic.claude-opus-4-1-20250805-v1:0', { hosting: { style: 'bedrock' } });
  const once = (where: Target): Target => ({ ...where, stream: false });

  test('MS-14 to the makers: paths, and the version in a header', () => {
    expect([protocol.path(own, to()), protocol.path(count, to())]).toEqual(['/messages', '/messages/count_tokens']);
    expect(protocol.headers?.(own, to())).toEqual({ 'anthropic-version': '2023-06-01' });
    expect(writtenOf(count).body).toEqual({ model: OLD, messages: body['messages'] });
    expect(write({}).body).toMatchObject({ model: OLD, stream: true });
    expect(write({}, once(to())).body).not.toHaveProperty('stream');
  });

  test('to Vertex: the model is in the path and the version in the body, from every format', () => {
    const name = '/publishers/anthropic/models/claude-opus-4-1@20250805';
    expect(protocol.path(own, vertex)).toBe(`${name}:streamRawPredict`);
    expect(protocol.path(own, once(vertex))).toBe(`${name}:rawPredict`);
    expect(protocol.path(count, vertex)).toBe('/publishers/anthropic/models/count-tokens:rawPredict');
    expect(protocol.headers?.(own, vertex)).toEqual({});
    expect(protocol.patch(own, vertex)).toEqual({ model: undefined, anthropic_version: 'vertex-2023-10-16' });
    for (const request of [own, ask()]) {
      const written = writtenOf(request, vertex).body;
      expect(written).toMatchObject({ anthropic_version: 'vertex-2023-10-16', stream: true });
      expect(written).not.toHaveProperty('model');
    }
    expect(writtenOf(count, vertex).body).toMatchObject({ model: 'claude-opus-4-1@20250805' });
  });

  test('to Bedrock: neither model nor stream are in the body, from every format', () => {
    const name = '/model/us.anthropic.claude-opus-4-1-20250805-v1%3A0';
    expect(protocol.path(own, bedrock)).toBe(`${name}/invoke-with-response-stream`);
    expect(protocol.path(own, once(bedrock))).toBe(`${name}/invoke`);
    expect(protocol.path(count, bedrock)).toBe(`${name}/count-tokens`);
    const version = { anthropic_version: 'bedrock-2023-05-31' };
    expect(protocol.patch(own, bedrock)).toEqual({ ...version, model: undefined, stream: undefined });
    for (const request of [own, ask()]) {
      const written = writtenOf(request, bedrock).body;
      expect(written).toMatchObject(version);
      expect([written['model'], written['stream']]).toEqual([undefined, undefined]);
    }
    const { input, ...rest } = writtenOf(count, bedrock).body as { input: { invokeModel: { body: string } } };
    expect(rest).toEqual({});
    expect(JSON.parse(Buffer.from(input.invokeModel.body, 'base64').toString())).toEqual({
      max_tokens: 1,
      messages: body['messages'],
      ...version,
    });
  });

  test('UP-11 the same request gives the same bytes', () => {
    const twice = [1, 2].map(() => protocol.encodeRequest(ask({ tools, reasoning_effort: 'low' }), to()).body);
    expect(twice[0]).toBe(twice[1]);
  });

  test('a request of another task is refused', () => {
    const speech: Request = {
      task: 'moderation',
      model: 'm',
      stream: false,
      native: { protocol: 'openai-moderations', value: {} },
    };
    expect(() => protocol.encodeRequest(speech, to())).toThrow(GatewayFailure);
  });
});
