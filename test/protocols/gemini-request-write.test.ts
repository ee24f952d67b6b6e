import { describe, expect, test } from 'vitest';
import { parseJson } from '../../src/model/json.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { EmbeddingRequest, Generation, Turn } from '../../src/model/request.ts';
import type { Target } from '../../src/protocols/codec.ts';
import { countDialect, dialect, protocol } from '../../src/protocols/gemini/index.ts';
import { Peek } from '../support/peek.ts';
import { BASE, model, refused, USER, vertex, write } from './gemini-asked.ts';
import { place } from './gemini-bench.ts';

describe('paths', () => {
  test.each<readonly [Target, string]>([
    [model('gemini-3'), '/models/gemini-3:generateContent'],
    [model('gemini-3', { stream: true }), '/models/gemini-3:streamGenerateContent?alt=sse'],
    [model('tunedModels/x y'), '/tunedModels/x%20y:generateContent'],
    [model('a?b#c'), '/models/a%3Fb%23c:generateContent'],
    [model('g', vertex), '/publishers/google/models/g:generateContent'],
  ])('GM-01 %j is asked at %s', (to, path) => {
    expect(protocol.path(BASE, to)).toBe(path);
  });

  test('GM-01 a model that would lead elsewhere is refused', () => {
    for (const name of ['../x', 'a/../../b', 'a//b'])
      expect(refused(() => protocol.path(BASE, model(name)))).toBe('invalid_value');
  });
});

describe('a body of the same format', () => {
  test('UP-09 UP-10 is as it came, for the model stands in the path', () => {
    const text =
      '{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"seed":2512292042121000001,"temperature":1.0},"safetySettings":[],"cachedContent":"c"}';
    const request = dialect.decodeRequest(parseJson(text) as JsonObject, place());
    expect(protocol.patch(request, model('x'))).toEqual({});
    expect(protocol.encodeRequest(request, model('x'))).toEqual({ body: text });
  });

  test('FM-15 the seals of other formats that its client kept do not reach its makers', () => {
    const foreign = Buffer.from(`streamweir.anthropic-messages.${Buffer.from('sig').toString('base64url')}`).toString(
      'base64',
    );
    const parts = [
      { text: 'hm', thought: true, thoughtSignature: foreign },
      { text: '', thought: true, thoughtSignature: foreign },
      { functionCall: { name: 'f', args: {} }, thoughtSignature: foreign },
      { functionCall: { name: 'g', args: {} }, thoughtSignature: 'QQ==' },
    ];
    const request = dialect.decodeRequest({ contents: [{ role: 'model', parts }] }, place());
    const sent = (name: string): unknown =>
      Peek.parse(String(protocol.encodeRequest(request, model(name)).body)).at('contents', 0, 'parts').value;
    expect(sent('gemini-2.5-pro')).toEqual([
      { text: 'hm', thought: true },
      { functionCall: { name: 'f', args: {} } },
      parts[3],
    ]);
    expect(JSON.stringify(sent('gemini-3-pro'))).not.toContain(foreign);
  });
});

describe('tools and configuration', () => {
  const tool = (name: string, more: object = {}) => ({ type: 'function' as const, name, ...more });

  test('schemas go as JSON Schema; what has no words is told', () => {
    const parameters = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: { a: { $ref: '#/$defs/x' } },
      $defs: { x: {} },
    };
    const { body, lost } = write({
      tools: [tool('f', { description: 'd', parameters, strict: true, cache: {} }), tool('g')],
      parallelToolCalls: false,
    });
    const { $schema: _gone, ...schema } = parameters;
    expect(body.at('tools').value).toEqual([
      { functionDeclarations: [{ name: 'f', description: 'd', parametersJsonSchema: schema }, { name: 'g' }] },
    ]);
    expect(lost.toSorted()).toEqual(['cache_control', 'parallel_tool_calls', 'strict']);
    const native = { type: 'native' as const, native: { protocol: 'gemini' as const, value: { googleSearch: {} } } };
    expect(write({ tools: [tool('f'), native] }).body.at('tools', 1).value).toEqual({ googleSearch: {} });
    expect(refused(() => write({ tools: [{ ...native, native: { protocol: 'openai-chat', value: {} } }] }))).toBe(
      'unsupported_parameter',
    );
  });

  test.each<readonly [Generation['toolChoice'], object, readonly string[]]>([
    [{ type: 'auto' }, { mode: 'AUTO' }, ['f', 'g']],
    [{ type: 'none' }, { mode: 'NONE' }, ['f', 'g']],
    [{ type: 'required' }, { mode: 'ANY' }, ['f', 'g']],
    [{ type: 'tool', name: 'g' }, { mode: 'ANY', allowedFunctionNames: ['g'] }, ['f', 'g']],
    [{ type: 'allowed', names: ['g'], mode: 'required' }, { mode: 'ANY', allowedFunctionNames: ['g'] }, ['f', 'g']],
    [{ type: 'allowed', names: ['g'], mode: 'auto' }, { mode: 'AUTO' }, ['g']],
  ])('CC-19 the choice %j', (toolChoice, functionCallingConfig, shown) => {
    const { body } = write({ tools: [tool('f'), tool('g')], ...(toolChoice !== undefined && { toolChoice }) });
    expect(body.at('toolConfig').value).toEqual({ functionCallingConfig });
    expect(body.at('tools', 0, 'functionDeclarations').list.map((each) => each.at('name').text)).toEqual(shown);
  });

  test('UP-10 every knob has its name, its numbers as they were written', () => {
    const sampling = parseJson(
      '{"temperature":1.0,"topP":5e-1,"topK":3,"frequencyPenalty":0.1,"presencePenalty":0.2,"seed":2512292042121000001}',
    );
    const request: Generation = {
      ...BASE,
      sampling: sampling as Generation['sampling'],
      maxTokens: 9,
      stop: ['x'],
      choices: 2,
      logprobs: { top: 3 },
      output: { type: 'schema', name: 'n', schema: { type: 'object' }, strict: true },
      serviceTier: 'flex',
      verbosity: 'low',
      user: 'u',
      metadata: { a: 1 },
      cacheKey: 'k',
    };
    const { body, lost } = protocol.encodeRequest(request, model('m'));
    const sent = Peek.parse(String(body));
    expect(String(body)).toContain(
      '"temperature":1.0,"topP":5e-1,"topK":3,"candidateCount":2,"maxOutputTokens":9,"stopSequences":["x"]',
    );
    expect(String(body)).toContain('"seed":2512292042121000001');
    expect(sent.at('generationConfig').value).toMatchObject({
      responseMimeType: 'application/json',
      responseJsonSchema: { type: 'object' },
      responseLogprobs: true,
      logprobs: 3,
    });
    expect(sent.at('serviceTier').value).toBe('flex');
    expect(lost?.toSorted()).toEqual(['metadata', 'prompt_cache_key', 'user', 'verbosity']);
  });

  test.each<readonly [string, Generation['reasoning'], object | undefined, readonly string[]]>([
    ['gemini-3.5-flash', { effort: 'minimal' }, { thinkingLevel: 'minimal', includeThoughts: true }, []],
    ['gemini-3.5-flash', { effort: 'none' }, { thinkingLevel: 'minimal' }, []],
    ['gemini-3.1-pro-preview', { effort: 'none' }, { thinkingLevel: 'low' }, []],
    ['gemini-3.1-pro-preview', { effort: 'xhigh' }, { thinkingLevel: 'high', includeThoughts: true }, []],
    ['gemini-3.1-pro-preview', { budget: 500 }, { thinkingBudget: 500, includeThoughts: true }, []],
    ['gemini-2.5-flash', { effort: 'low' }, { thinkingBudget: 1024, includeThoughts: true }, []],
    ['gemini-2.5-flash', { effort: 'none' }, { thinkingBudget: 0 }, []],
    ['gemini-2.5-pro', { budget: 0 }, { thinkingBudget: 128 }, []],
    ['gemini-2.5-flash', { budget: -1, effort: 'high' }, { thinkingBudget: -1, includeThoughts: true }, []],
    ['gemini-flash-latest', { effort: 'medium' }, { thinkingBudget: 8192, includeThoughts: true }, []],
    ['gemini-2.5-flash', { summary: 'auto' }, { includeThoughts: true }, []],
    ['gemini-2.0-flash', { effort: 'high' }, undefined, ['reasoning_effort']],
    ['gemini-2.0-flash', { effort: 'none' }, undefined, []],
    ['gemini-2.5-flash-image', { budget: 5 }, undefined, ['reasoning_budget']],
    ['gemini-2.5-flash', { effort: 'zzz' }, undefined, ['reasoning_effort']],
  ])('%s thinks by %j', (name, reasoning, config, lost) => {
    const written = write({ ...(reasoning !== undefined && { reasoning }) }, model(name));
    expect(written.body.at('generationConfig', 'thinkingConfig').value).toEqual(config);
    expect(written.lost).toEqual(lost);
  });
});

describe('counts and embeddings', () => {
  const counted = { task: 'count', model: 'm', stream: false, native: BASE.native } as const;
  const turns: Turn[] = [{ role: 'system', blocks: [{ type: 'text', text: 'S' }] }, USER];
  const plainUser = { role: 'user', parts: [{ text: 'hi' }] };

  test('what is counted beside the contents is a whole request, but not at the cloud host', () => {
    const body = (generation: Generation, to = model('g')): unknown =>
      JSON.parse(String(protocol.encodeRequest({ ...counted, generation }, to).body));
    expect(protocol.path({ ...counted, generation: BASE }, model('g'))).toBe('/models/g:countTokens');
    expect(body(BASE)).toEqual({ contents: [plainUser] });
    const systemInstruction = { parts: [{ text: 'S' }] };
    expect(body({ ...BASE, turns })).toEqual({
      generateContentRequest: { model: 'models/g', contents: [plainUser], systemInstruction },
    });
    expect(body({ ...BASE, turns }, model('g', vertex))).toEqual({ contents: [plainUser], systemInstruction });
    const own = countDialect.decodeRequest(
      { generateContentRequest: { model: 'models/x', contents: [plainUser] } },
      place(),
    );
    expect(protocol.patch(own, model('g'))).toEqual({
      generateContentRequest: { model: 'models/g', contents: [plainUser] },
    });
  });

  test('UP-09 a count of this format is put where its host looks for it', () => {
    const systemInstruction = { parts: [{ text: 'S' }] };
    const bare = { contents: [plainUser], systemInstruction };
    const count = (body: JsonObject) => countDialect.decodeRequest(body, place());
    const sent = (body: JsonObject, to = model('g')): unknown =>
      JSON.parse(String(protocol.encodeRequest(count(body), to).body));
    expect(sent({ contents: [plainUser] })).toEqual({ contents: [plainUser] });
    expect(sent(bare)).toEqual({ generateContentRequest: { ...bare, model: 'models/g' } });
    expect(sent({ generateContentRequest: { model: 'models/x', ...bare } }, model('g', vertex))).toEqual(bare);
    expect(protocol.patch(count(bare), model('g', vertex))).toEqual({});
  });

  const embedding: EmbeddingRequest = {
    task: 'embedding',
    model: 'm',
    stream: false,
    inputs: ['a', 'b'],
    encoding: 'base64',
    dimensions: 3,
    user: 'u',
    native: { protocol: 'openai-embeddings', value: {} },
  };

  test('EM-01 texts are embedded one by one or as a list, by predicting at the cloud host; token ids are refused', () => {
    const sent = (request: EmbeddingRequest, to = model('e')): unknown => [
      protocol.path(request, to),
      JSON.parse(String(protocol.encodeRequest(request, to).body)),
    ];
    const one = (text: string): object => ({
      model: 'models/e',
      content: { parts: [{ text }] },
      outputDimensionality: 3,
    });
    expect(sent(embedding)).toEqual(['/models/e:batchEmbedContents', { requests: [one('a'), one('b')] }]);
    expect(sent({ ...embedding, inputs: ['a'] })).toEqual(['/models/e:embedContent', one('a')]);
    expect(sent(embedding, model('e', vertex))).toEqual([
      '/publishers/google/models/e:predict',
      { instances: [{ content: 'a' }, { content: 'b' }], parameters: { outputDimensionality: 3 } },
    ]);
    expect(protocol.encodeRequest(embedding, model('e')).lost).toEqual(['user']);
    expect(refused(() => sent({ ...embedding, inputs: [[1, 2]] }))).toBe('unsupported_parameter');
  });

  test('UP-09 a body of the same format changes in the model that it repeats', () => {
    const requests = [{ model: 'models/x', content: { parts: [{ text: 'a' }] }, zebra: 1 }];
    const own: EmbeddingRequest = { ...embedding, inputs: ['a'], native: { protocol: 'gemini', value: { requests } } };
    expect(protocol.patch(own, model('e'))).toEqual({ requests: [{ ...requests[0], model: 'models/e' }] });
    expect(protocol.path(own, model('e'))).toBe('/models/e:batchEmbedContents');
    expect(protocol.patch(own, model('e', vertex))).toEqual({
      requests: undefined,
      instances: [{ content: 'a' }],
      parameters: { outputDimensionality: 3 },
    });
  });
});
