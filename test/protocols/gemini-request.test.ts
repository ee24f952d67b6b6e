import { describe, expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { parseJson } from '../../src/model/json.ts';
import type { Generation } from '../../src/model/request.ts';
import {
  batchEmbedDialect,
  countDialect,
  dialect,
  embedDialect,
  streamDialect,
} from '../../src/protocols/gemini/index.ts';
import { place } from './gemini-bench.ts';

const hello: JsonObject = { role: 'user', parts: [{ text: 'hi' }] };
const read = (body: JsonObject): Generation =>
  dialect.decodeRequest({ contents: [hello], ...body }, place()) as Generation;
const blocks = (...parts: readonly object[]): unknown => read({ contents: [{ parts } as never] }).turns[0]?.blocks;

function refusal(attempt: () => unknown): unknown {
  try {
    attempt();
  } catch (error) {
    if (error instanceof GatewayFailure) return error.error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('the path', () => {
  test.each(['a/../b', '..', './x', 'a\r\nb', 'a\nb', 'a\u0000', 'a\\b', ''])(
    'GM-01 the model %j is refused',
    (model) => {
      for (const each of [dialect, streamDialect, countDialect, embedDialect])
        expect(refusal(() => each.decodeRequest({ contents: [hello] }, place(model)))).toMatchObject({
          kind: 'invalid_request',
          param: 'model',
        });
    },
  );

  test.each([
    ['provider/maker/model-1.5', 'provider/maker/model-1.5'],
    ['models/m', 'm'],
    ['a..b', 'a..b'],
  ])('GM-01 the model %s is %s', (model, read_) => {
    expect(dialect.decodeRequest({ contents: [hello] }, place(model)).model).toBe(read_);
  });

  test('GM-02 the route says whether the answer is streamed, and the query how the stream is framed', () => {
    const streamed = (query: Record<string, string>): Generation =>
      streamDialect.decodeRequest({ contents: [hello] }, place('m', query)) as Generation;
    expect(dialect.decodeRequest({ contents: [hello], stream: true }, place()).stream).toBe(false);
    expect(streamed({ alt: 'sse' })).toMatchObject({ stream: true });
    expect(streamed({ alt: 'sse' }).framing).toBeUndefined();
    for (const query of [{}, { alt: 'json' }])
      expect(streamed(query)).toMatchObject({ stream: true, framing: 'array' });
  });
});

describe('contents', () => {
  test('parts of every kind become blocks', () => {
    expect(
      blocks(
        { text: 'a' },
        { inlineData: { mimeType: 'image/png', data: 'QQ==' } },
        { inline_data: { mime_type: 'audio/x-wav', data: 'QQ==' } },
        { fileData: { mimeType: 'application/pdf', fileUri: 'https://x/y.pdf', displayName: 'y' } },
        { fileData: { fileUri: 'https://youtu.be/z' } },
        { executableCode: { language: 'PYTHON', code: 'x' } },
      ),
    ).toEqual([
      { type: 'text', text: 'a' },
      { type: 'media', media: 'image', source: { type: 'base64', data: 'QQ==', mimeType: 'image/png' }, format: 'png' },
      {
        type: 'media',
        media: 'audio',
        source: { type: 'base64', data: 'QQ==', mimeType: 'audio/x-wav' },
        format: 'wav',
      },
      { type: 'media', media: 'document', source: { type: 'url', url: 'https://x/y.pdf' }, format: 'pdf', name: 'y' },
      { type: 'media', media: 'video', source: { type: 'url', url: 'https://youtu.be/z' } },
      { type: 'native', native: { protocol: 'gemini', value: { executableCode: { language: 'PYTHON', code: 'x' } } } },
    ]);
  });

  test('FM-15 signatures are the seals of their parts', () => {
    const seal = (data: string): object => ({ seal: { protocol: 'gemini', data } });
    expect(
      blocks(
        { text: 'a', thought: true, thoughtSignature: 'A' },
        { text: 'b', thought_signature: 'B' },
        { text: '', thoughtSignature: 'C' },
        { functionCall: { name: 'f', id: 'x', args: { a: 1 } }, thoughtSignature: 'D' },
      ),
    ).toEqual([
      { type: 'reasoning', text: 'a', ...seal('A') },
      { type: 'text', text: 'b', ...seal('B') },
      { type: 'reasoning', text: '', ...seal('C') },
      { type: 'tool-call', id: 'x', name: 'f', input: '{"a":1}', ...seal('D') },
    ]);
  });

  test('UP-10 FM-49 calls without ids are paired with their results by name and order, and keep their numbers', () => {
    const call = (args: string): string => `{"functionCall":{"name":"f","args":${args}}}`;
    const result = (response: string): string => `{"functionResponse":{"name":"f","response":${response}}}`;
    const contents = `[{"role":"model","parts":[${call('{"n":2512292042121000001}')},${call('{}')}]},{"role":"function","parts":[${result('{"output":"one"}')},${result('{"error":"two"}')}]}]`;
    const { turns } = read({ contents: parseJson(contents) });
    const ids = turns[0]?.blocks.map((block) => (block.type === 'tool-call' ? block.id : '')) ?? [];
    expect(new Set(ids).size).toBe(2);
    expect(turns[0]?.blocks[0]).toMatchObject({ input: '{"n":2512292042121000001}' });
    expect(turns[1]).toEqual({
      role: 'user',
      blocks: [
        { type: 'tool-result', id: ids[0], output: [{ type: 'text', text: 'one' }], failed: false },
        { type: 'tool-result', id: ids[1], output: [{ type: 'text', text: 'two' }], failed: true },
      ],
    });
  });

  test('a result of any shape is its JSON, and pictures stand inside it', () => {
    const parts = [{ inlineData: { mimeType: 'image/png', data: 'QQ==' } }];
    expect(blocks({ functionResponse: { name: 'f', id: 'i', response: { a: 1, b: [2] }, parts } })).toMatchObject([
      { type: 'tool-result', id: 'i', output: [{ text: '{"a":1,"b":[2]}' }, { type: 'media', media: 'image' }] },
    ]);
  });

  test.each<readonly [string, unknown]>([
    ['text', 'S'],
    ['a content', { parts: [{ text: 'S' }] }],
    ['a content with a role', { role: 'user', parts: { text: 'S' } }],
  ])('the instruction may be %s', (_what, value) => {
    for (const key of ['systemInstruction', 'system_instruction'])
      expect(read({ [key]: value as string }).turns[0]).toEqual({
        role: 'system',
        blocks: [{ type: 'text', text: 'S' }],
      });
  });

  test.each<readonly [JsonObject, string]>([
    [{ contents: [] }, 'contents'],
    [{ contents: 'hi' }, 'contents'],
    [{ contents: [{ role: 'robot', parts: [] }] }, 'contents[0].role'],
    [{ contents: [{ parts: [{ text: 7 }] }] }, 'contents[0].parts[0].text'],
    [{ contents: [{ parts: [{ functionCall: {} }] }] }, 'contents[0].parts[0].functionCall.name'],
    [{ generationConfig: { temperature: 'hot' } }, 'generationConfig.temperature'],
    [{ generation_config: { max_output_tokens: 0 } }, 'generationConfig.maxOutputTokens'],
    [{ toolConfig: { functionCallingConfig: { mode: 'SOMETIMES' } } }, 'toolConfig.functionCallingConfig.mode'],
    [{ tools: [{ functionDeclarations: [{}] }] }, 'tools[0].functionDeclarations[0].name'],
  ])('GM-08 %j is refused for %s', (body, param) => {
    expect(refusal(() => read(body))).toMatchObject({ kind: 'invalid_request', param });
  });
});

describe('tools and configuration', () => {
  test('functions, and tools that only this format has, in both spellings', () => {
    const parameters = {
      type: 'OBJECT',
      properties: {
        type: { type: 'STRING', nullable: true, format: 'enum', enum: ['a'] },
        list: { type: 'ARRAY', items: { type: 'INTEGER' }, minItems: '2' },
      },
      required: ['type'],
      propertyOrdering: ['type', 'list'],
    };
    const schema = {
      type: 'object',
      properties: {
        type: { type: ['string', 'null'], enum: ['a'] },
        list: { type: 'array', items: { type: 'integer' }, minItems: 2 },
      },
      required: ['type'],
    };
    const json = { type: 'object', properties: { a: { $ref: '#/$defs/a' } } };
    const { tools } = read({
      tools: [
        { functionDeclarations: [{ name: 'f', description: 'd', parameters }], googleSearch: {} },
        { function_declarations: [{ name: 'g', parametersJsonSchema: json }, { name: 'h' }] },
      ],
    });
    expect(tools).toEqual([
      { type: 'function', name: 'f', description: 'd', parameters: schema },
      { type: 'native', native: { protocol: 'gemini', value: { googleSearch: {} } } },
      { type: 'function', name: 'g', parameters: json },
      { type: 'function', name: 'h' },
    ]);
  });

  test.each<readonly [string, readonly string[] | undefined, object]>([
    ['AUTO', undefined, { type: 'auto' }],
    ['NONE', undefined, { type: 'none' }],
    ['ANY', undefined, { type: 'required' }],
    ['any', ['f'], { type: 'tool', name: 'f' }],
    ['ANY', ['f', 'g'], { type: 'allowed', names: ['f', 'g'], mode: 'required' }],
    ['VALIDATED', undefined, { type: 'auto' }],
    ['VALIDATED', ['f'], { type: 'allowed', names: ['f'], mode: 'auto' }],
  ])('CC-19 the mode %s with the names %j', (mode, allowedFunctionNames, choice) => {
    const config = { mode, ...(allowedFunctionNames !== undefined && { allowedFunctionNames }) };
    expect(read({ toolConfig: { functionCallingConfig: config } }).toolChoice).toEqual(choice);
  });

  test('UP-10 the configuration is read with its numbers as they were written', () => {
    const config = `{"temperature":1.0,"top_p":0.5,"topK":3,"maxOutputTokens":9,"stopSequences":["x"],"candidateCount":2,"seed":7,"presencePenalty":0.1,
      "frequencyPenalty":1e0,"responseLogprobs":true,"logprobs":4,"responseMimeType":"application/json","responseSchema":{"type":"STRING"},
      "thinkingConfig":{"include_thoughts":true,"thinkingBudget":64}}`;
    const request = read({ generationConfig: parseJson(config), serviceTier: 'FLEX' });
    expect(JSON.stringify(request.sampling)).toBe(
      '{"temperature":1.0,"topP":0.5,"topK":3,"frequencyPenalty":1e0,"presencePenalty":0.1,"seed":7}',
    );
    expect(request).toMatchObject({
      maxTokens: 9,
      stop: ['x'],
      choices: 2,
      logprobs: { top: 4 },
      output: { type: 'schema', schema: { type: 'string' } },
      reasoning: { budget: 64, summary: 'auto' },
      serviceTier: 'flex',
    });
    expect(read({ generationConfig: { thinkingConfig: { thinkingLevel: 'LOW' } } }).reasoning).toEqual({
      effort: 'low',
    });
    expect(read({ generationConfig: { responseMimeType: 'application/json' } }).output).toEqual({ type: 'json' });
  });

  test('a field without which the answer would be another is for upstreams of this format only', () => {
    expect(read({ cachedContent: 'cachedContents/x' }).promptOnly).toBe('cachedContent');
    expect(read({ generationConfig: { responseModalities: ['TEXT', 'IMAGE'] } }).promptOnly).toBe(
      'generationConfig.responseModalities',
    );
    expect(read({ generationConfig: { responseModalities: ['TEXT'] } }).promptOnly).toBeUndefined();
  });
});

describe('counts and embeddings', () => {
  test('the contents to count may stand alone or in a whole request', () => {
    const count = (body: JsonObject): unknown => countDialect.decodeRequest(body, place('p/m'));
    expect(count({ contents: [hello] })).toMatchObject({
      task: 'count',
      model: 'p/m',
      generation: { model: 'p/m', turns: [{ role: 'user' }] },
    });
    const inner = {
      model: 'models/other',
      contents: [hello],
      systemInstruction: { parts: [{ text: 'S' }] },
      tools: [{ functionDeclarations: [{ name: 'f' }] }],
    };
    expect(count({ generateContentRequest: inner })).toMatchObject({
      model: 'p/m',
      generation: { model: 'p/m', turns: [{ role: 'system' }, { role: 'user' }], tools: [{ name: 'f' }] },
    });
  });

  test('EM-01 one text or a list of them, with their options', () => {
    const content = { parts: [{ text: 'a' }, { text: 'b' }] };
    const options = { taskType: 'RETRIEVAL_QUERY', title: 'T', outputDimensionality: 3 };
    const asked = {
      task: 'embedding',
      model: 'm',
      dimensions: 3,
      purpose: 'RETRIEVAL_QUERY',
      title: 'T',
      encoding: 'float',
    };
    expect(embedDialect.decodeRequest({ content, ...options }, place())).toMatchObject({ ...asked, inputs: ['ab'] });
    const requests = [{ content, ...options }, { content: { parts: [{ text: 'c' }] } }];
    expect(batchEmbedDialect.decodeRequest({ requests }, place())).toMatchObject({ ...asked, inputs: ['ab', 'c'] });
    expect(refusal(() => embedDialect.decodeRequest({}, place()))).toMatchObject({ param: 'content' });
    expect(refusal(() => batchEmbedDialect.decodeRequest({ requests: [] }, place()))).toMatchObject({
      param: 'requests',
    });
  });
});
