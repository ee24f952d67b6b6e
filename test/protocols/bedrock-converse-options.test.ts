import { describe, expect, test } from 'vitest';
import { parseJson } from '../../src/model/json.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Generation } from '../../src/model/request.ts';
import { CLAUDE, LLAMA, MISTRAL, NOVA, generation, sent, text, tool, user } from './bedrock-converse-asked.ts';

const SONNET_3 = 'anthropic.claude-3-5-sonnet-20240620-v1:0';
const OPUS_4_1 = 'us.anthropic.claude-opus-4-1-20250805-v1:0';
const OPUS_4_6 = 'us.anthropic.claude-opus-4-6-v1';
const SONNET_5 = 'us.anthropic.claude-sonnet-5';
const OPUS_5_5 = 'us.anthropic.claude-opus-5-5';
const NOVA_2 = 'us.amazon.nova-2-lite-v1:0';
const GPT_OSS = 'openai.gpt-oss-120b-1:0';
const QWEN = 'qwen.qwen3-32b-v1:0';
const COHERE = 'cohere.command-r-plus-v1:0';

describe('tools', () => {
  const f = tool('f');
  const g = tool('g');
  const called: Generation['turns'] = [
    user(text('go')),
    { role: 'assistant', blocks: [{ type: 'tool-call', id: 'a', name: 'f', input: '{}' }] },
    user({ type: 'tool-result', id: 'a', output: [text('ok')], failed: false }),
  ];

  test.each([
    [undefined, undefined],
    [{ type: 'auto' }, { auto: {} }],
    [{ type: 'required' }, { any: {} }],
    [{ type: 'tool', name: 'g' }, { tool: { name: 'g' } }],
  ] as const)('the choice %j is %j', (toolChoice, written) => {
    const { body, lost } = sent(generation({ tools: [f, g], ...(toolChoice !== undefined && { toolChoice }) }));
    const { tools, toolChoice: choice } = body['toolConfig'] as { tools: unknown; toolChoice: unknown };
    expect(tools).toEqual(['f', 'g'].map((name) => ({ toolSpec: { name, inputSchema: { json: f.parameters } } })));
    expect(choice).toEqual(written);
    expect(lost).toEqual([]);
  });

  test('of allowed tools only those are told of', () => {
    const toolChoice = { type: 'allowed', names: ['g'], mode: 'required' } as const;
    const { body, lost } = sent(generation({ tools: [f, g], toolChoice }));
    expect(body['toolConfig']).toMatchObject({ tools: [{ toolSpec: { name: 'g' } }], toolChoice: { any: {} } });
    expect(body['toolConfig']).toHaveProperty('tools.length', 1);
    expect(lost).toEqual([]);
  });

  test('no tool is told of where none may be called, unless the conversation has calls', () => {
    const toolChoice = { type: 'none' } as const;
    expect(sent(generation({ tools: [f], toolChoice })).body).not.toHaveProperty('toolConfig');
    const claude = sent(generation({ tools: [f], toolChoice, turns: called }));
    expect(claude.body).toMatchObject({
      toolConfig: { tools: [{ toolSpec: { name: 'f' } }] },
      additionalModelRequestFields: { tool_choice: { type: 'none' } },
    });
    expect(claude.body['toolConfig']).not.toHaveProperty('toolChoice');
    expect(sent(generation({ tools: [f], toolChoice, turns: called }), NOVA).lost).toEqual(['tool_choice']);
  });

  test('tools that only the conversation names are told of, for calls are refused without', () => {
    const { body } = sent(generation({ turns: called }));
    expect(body['toolConfig']).toEqual({
      tools: [{ toolSpec: { name: 'f', inputSchema: { json: { type: 'object', properties: {} } } } }],
    });
  });

  test.each([
    [{ type: 'auto' }, { type: 'auto', disable_parallel_tool_use: true }],
    [{ type: 'required' }, { type: 'any', disable_parallel_tool_use: true }],
    [
      { type: 'tool', name: 'f' },
      { type: 'tool', name: 'f', disable_parallel_tool_use: true },
    ],
  ] as const)("one call at a time with the choice %j is said in Claude's own words", (toolChoice, own) => {
    const request = generation({ tools: [f], toolChoice, parallelToolCalls: false });
    const { body, lost } = sent(request);
    expect(body['additionalModelRequestFields']).toEqual({ tool_choice: own });
    // Both at once are refused.
    expect(body['toolConfig']).not.toHaveProperty('toolChoice');
    expect(lost).toEqual([]);
    expect(sent(request, NOVA).lost).toEqual(['parallel_tool_calls']);
    expect(sent(request, NOVA).body['toolConfig']).toHaveProperty('toolChoice');
  });

  test('UP-10 numbers of a schema keep their text', () => {
    const parameters = parseJson('{"type":"object","properties":{"n":{"type":"number","maximum":1.0}}}') as never;
    expect(sent(generation({ tools: [{ type: 'function', name: 'f', parameters }] })).text).toContain('"maximum":1.0');
  });

  test('strict tools are strict where the model can be held to a schema', () => {
    const request = generation({ tools: [{ ...f, strict: true, description: '' }] });
    expect(sent(request).body['toolConfig']).toEqual({
      tools: [{ toolSpec: { name: 'f', inputSchema: { json: f.parameters }, strict: true } }],
    });
    expect(sent(request, SONNET_5).lost).toEqual(['strict']);
  });
});

describe('an answer of a wanted form', () => {
  const schema: JsonObject = {
    type: 'object',
    properties: {
      a: { type: 'object', properties: {} },
      b: { type: 'array', items: { type: 'object' } },
      c: { enum: [{ type: 'object' }] },
    },
  };
  const request = generation({ output: { type: 'schema', name: 'my answer', schema, description: 'An answer.' } });

  test.each([CLAUDE, OPUS_4_6, GPT_OSS, QWEN])('%s is held to it by the request, with all objects closed', (model) => {
    const { body, lost } = sent(request, model);
    const { textFormat } = body['outputConfig'] as { textFormat: { structure: { jsonSchema: { schema: string } } } };
    expect(textFormat).toMatchObject({
      type: 'json_schema',
      structure: { jsonSchema: { name: 'my answer', description: 'An answer.' } },
    });
    expect(JSON.parse(textFormat.structure.jsonSchema.schema)).toEqual({
      type: 'object',
      properties: {
        a: { type: 'object', properties: {}, additionalProperties: false },
        b: { type: 'array', items: { type: 'object', additionalProperties: false } },
        c: { enum: [{ type: 'object' }] },
      },
      additionalProperties: false,
    });
    expect(body).not.toHaveProperty('toolConfig');
    expect(lost).toEqual([]);
  });

  test.each([NOVA, LLAMA, MISTRAL])('%s is made to call a tool', (model) => {
    const { body } = sent(request, model);
    expect(body['toolConfig']).toEqual({
      tools: [{ toolSpec: { name: 'my_answer', description: 'An answer.', inputSchema: { json: schema } } }],
      toolChoice: { tool: { name: 'my_answer' } },
    });
    expect(body).not.toHaveProperty('outputConfig');
  });

  test('the configuration may say that a server lacks the field; beside tools of the client any may be called', () => {
    const tools = [tool('my_answer')];
    const { body } = sent({ ...request, tools }, CLAUDE, { schemaOutput: 'tool' });
    expect(body).toMatchObject({
      toolConfig: { tools: [{ toolSpec: { name: 'my_answer' } }, { toolSpec: { name: 'my_answer_answer' } }] },
      additionalModelRequestFields: { tool_choice: { type: 'any', disable_parallel_tool_use: true } },
    });
  });

  test('a model that refuses to be made to call one is left the choice', () => {
    expect(sent(request, OPUS_5_5).body).toMatchObject({
      additionalModelRequestFields: { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    });
  });

  test('JSON without a schema is asked for in words', () => {
    const { body } = sent(generation({ output: { type: 'json' } }));
    expect(body['system']).toEqual([{ text: expect.stringContaining('one JSON object') as string }]);
  });
});

describe('thinking', () => {
  const fields = (reasoning: Generation['reasoning'], model: string, more: Partial<Generation> = {}): unknown => {
    const { body, lost } = sent(generation({ ...(reasoning !== undefined && { reasoning }), ...more }), model);
    const { inferenceConfig, additionalModelRequestFields: extra } = body;
    return { extra, inferenceConfig, lost };
  };

  test.each([
    [CLAUDE, { effort: 'low' }, { thinking: { type: 'enabled', budget_tokens: 2048 } }, { maxTokens: 6144 }],
    [OPUS_4_1, { budget: 5000 }, { thinking: { type: 'enabled', budget_tokens: 5000 } }, { maxTokens: 9096 }],
    [CLAUDE, { budget: 7 }, { thinking: { type: 'enabled', budget_tokens: 1024 } }, { maxTokens: 5120 }],
    [CLAUDE, { budget: -1 }, { thinking: { type: 'enabled', budget_tokens: 8192 } }, { maxTokens: 12_288 }],
    [
      OPUS_4_6,
      { effort: 'xhigh' },
      { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'xhigh' } },
      undefined,
    ],
    [
      SONNET_5,
      { budget: 9000 },
      { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'high' } },
      undefined,
    ],
    [SONNET_5, { budget: -1 }, { thinking: { type: 'adaptive', display: 'summarized' } }, undefined],
    [NOVA_2, { effort: 'max' }, { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' } }, undefined],
    [NOVA_2, { effort: 'minimal' }, { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } }, undefined],
    [GPT_OSS, { effort: 'medium' }, { reasoning_effort: 'medium' }, undefined],
    [GPT_OSS, { budget: 60_000 }, { reasoning_effort: 'high' }, undefined],
    [CLAUDE, { effort: 'none' }, undefined, undefined],
    [SONNET_5, { budget: 0 }, undefined, undefined],
  ])('%s with %j is asked for %j', (model, reasoning, extra, inferenceConfig) => {
    expect(fields(reasoning, model)).toEqual({ extra, inferenceConfig, lost: [] });
  });

  test.each([SONNET_3, NOVA, LLAMA])('%s cannot, which is counted', (model) => {
    expect(fields({ effort: 'high' }, model)).toEqual({
      extra: undefined,
      inferenceConfig: undefined,
      lost: ['reasoning'],
    });
  });

  test('a limit of the client stands: a budget leaves room for the answer', () => {
    expect(fields({ budget: 50_000 }, CLAUDE, { maxTokens: 10_000 })).toEqual({
      extra: { thinking: { type: 'enabled', budget_tokens: 8000 } },
      inferenceConfig: { maxTokens: 10_000 },
      lost: [],
    });
    expect(fields({ budget: 50_000 }, CLAUDE, { maxTokens: 1000 })).toMatchObject({
      extra: undefined,
      lost: ['reasoning'],
    });
    expect(fields({ effort: 'high' }, NOVA_2, { maxTokens: 900 })).toEqual({
      extra: { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'medium' } },
      inferenceConfig: { maxTokens: 900 },
      lost: [],
    });
  });

  test('nobody thinks who is made to call a tool, or waits for results of a call made without thinking', () => {
    const forced = { tools: [tool('f')], toolChoice: { type: 'required' } as const };
    expect(fields({ effort: 'low' }, CLAUDE, forced)).toMatchObject({ extra: undefined, lost: ['reasoning'] });
    expect(fields({ effort: 'low' }, OPUS_4_6, forced)).toMatchObject({
      extra: { output_config: { effort: 'low' } },
      lost: ['reasoning'],
    });
    const turns: Generation['turns'] = [
      user(text('go')),
      { role: 'assistant', blocks: [{ type: 'tool-call', id: 'a', name: 'f', input: '{}' }] },
      user({ type: 'tool-result', id: 'a', output: [text('ok')], failed: false }),
    ];
    expect(fields({ effort: 'low' }, CLAUDE, { turns })).toMatchObject({ lost: ['reasoning'] });
  });

  test('a word that nobody knows is counted', () => {
    expect(fields({ effort: 'heroic' }, CLAUDE)).toMatchObject({ extra: undefined, lost: ['reasoning_effort'] });
  });
});

describe('sampling and the rest', () => {
  const sampling = { temperature: 0.5, topP: 0.9, topK: 40 };
  const of = (model: string, more: Partial<Generation> = {}): unknown => {
    const { body, lost } = sent(generation({ sampling, ...more }), model);
    return [body['inferenceConfig'], body['additionalModelRequestFields'], lost];
  };

  test.each([
    [SONNET_3, { temperature: 0.5, topP: 0.9 }, { top_k: 40 }, []],
    [CLAUDE, { temperature: 0.5 }, { top_k: 40 }, ['top_p']],
    [SONNET_5, undefined, undefined, ['temperature', 'top_p', 'top_k']],
    [NOVA, { temperature: 0.5, topP: 0.9 }, { inferenceConfig: { topK: 40 } }, []],
    [COHERE, { temperature: 0.5, topP: 0.9 }, { k: 40 }, []],
    [LLAMA, { temperature: 0.5, topP: 0.9 }, undefined, ['top_k']],
  ])('%s takes %j and %j', (model, config, extra, lost) => {
    expect(of(model)).toEqual([config, extra, lost]);
  });

  test('temperature ends at 1, and the default is left out where none is taken', () => {
    expect(of(LLAMA, { sampling: { temperature: 1.7 } })).toEqual([{ temperature: 1 }, undefined, []]);
    expect(of(SONNET_5, { sampling: { temperature: 1, topP: 1 } })).toEqual([undefined, undefined, []]);
  });

  test('stop sequences go as they are, and which one it was is asked for where it is told', () => {
    const request = generation({ stop: ['END', ' '], maxTokens: 9 });
    const claude = sent(request);
    expect(claude.body).toMatchObject({
      inferenceConfig: { maxTokens: 9, stopSequences: ['END'] },
      additionalModelResponseFieldPaths: ['/delta/stop_sequence'],
    });
    expect(claude.lost).toEqual(['stop_sequences']);
    expect(sent(request, NOVA).body).not.toHaveProperty('additionalModelResponseFieldPaths');
  });

  test('tiers of service are those of the format', () => {
    expect(sent(generation({ serviceTier: 'flex' })).body['serviceTier']).toEqual({ type: 'flex' });
    expect(sent(generation({ serviceTier: 'auto' })).body).not.toHaveProperty('serviceTier');
    expect(sent(generation({ serviceTier: 'scale' })).lost).toEqual(['service_tier']);
  });

  test('what the format has no words for is counted by name, and what says nothing is not', () => {
    const request = generation({
      sampling: { seed: 1, frequencyPenalty: 0.1, presencePenalty: 0 },
      logprobs: { top: 1 },
      verbosity: 'low',
      metadata: { a: 'b' },
      user: 'me',
      cacheKey: 'k',
      turns: [{ ...user(text('hi')), name: 'Ada' }],
    });
    expect([...sent(request).lost].toSorted()).toEqual([
      'frequency_penalty',
      'logprobs',
      'metadata',
      'name',
      'prompt_cache_key',
      'seed',
      'user',
      'verbosity',
    ]);
  });
});
