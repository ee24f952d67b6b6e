import { describe, expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import { parseJson } from '../../src/model/json.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Generation, Turn } from '../../src/model/request.ts';
import { dialect, protocol } from '../../src/protocols/openai-completions/index.ts';
import { target } from './exchange.ts';

const read = (body: JsonObject): Generation =>
  dialect.decodeRequest({ model: 'm', prompt: 'p', ...body }) as Generation;
const sent = (request: Generation, to = target()): JsonObject =>
  JSON.parse(String(protocol.encodeRequest(request, to).body)) as JsonObject;

function refusal(act: () => unknown): { readonly param: string | undefined; readonly code: string | undefined } {
  try {
    act();
  } catch (error) {
    if (error instanceof GatewayFailure) return { param: error.error.param, code: error.error.code };
    throw error;
  }
  throw new Error('nothing was refused');
}

function fromChat(turns: readonly Turn[], more: Partial<Generation> = {}): Generation {
  const native = { protocol: 'openai-chat', value: {} } as const;
  return { task: 'generation', model: 'm', stream: true, turns, tools: [], sampling: {}, stop: [], native, ...more };
}

const turn = (role: Turn['role'], text: string): Turn => ({ role, blocks: [{ type: 'text', text }] });

describe('a request that is read', () => {
  test.each([['Once upon'], [['Once upon']]])('LC-02 LC-03 the prompt %j is one user message', (prompt) => {
    const request = read({ prompt });
    expect(request.turns).toEqual([turn('user', 'Once upon')]);
    expect(request.promptOnly).toBeUndefined();
    expect(request.choices).toBeUndefined();
  });

  test.each<readonly [JsonObject, number | undefined]>([
    [{ prompt: ['a', 'b', 'c'], n: 2 }, 6],
    [{ prompt: [[1, 2], [3]], n: 2 }, 4],
    [{ prompt: [1, 2, 3] }, undefined],
    [{ prompt: ['a', [7]] }, 2],
  ])('LC-02 %j gives p times n choices and goes to completions targets only', (body, choices) => {
    const request = read(body);
    expect(request.promptOnly).toBe('prompt');
    expect(request.choices).toBe(choices);
    expect(sent(request)['prompt']).toEqual(body['prompt']);
  });

  test.each<readonly [string, JsonObject]>([
    ['echo', { echo: true }],
    ['suffix', { suffix: ' the end' }],
    ['best_of', { best_of: 3 }],
    ['logprobs', { logprobs: 0 }],
  ])('LC-03 %s is kept for completions targets only', (field, body) => {
    expect(read(body).promptOnly).toBe(field);
    expect(sent(read(body))).toMatchObject(body);
  });

  test('LC-03 values that ask for nothing bind a request to no target', () => {
    expect(read({ echo: false, suffix: '', best_of: 1, logprobs: null, n: 1 }).promptOnly).toBeUndefined();
  });

  test.each<readonly [string, JsonObject]>([
    ['prompt', { prompt: null }],
    ['prompt', { prompt: 7 }],
    ['prompt', { prompt: [] }],
    ['prompt[1]', { prompt: ['a', { text: 'b' }] }],
    ['prompt[1]', { prompt: ['a', []] }],
    ['n', { n: 0 }],
    ['n', { n: 1.5 }],
    ['best_of', { best_of: '2' }],
    ['max_tokens', { max_tokens: -1 }],
    ['stop[0]', { stop: [3] }],
    ['temperature', { temperature: 'hot' }],
    ['stream', { stream: 'yes' }],
    ['stream_options', { stream_options: true }],
    ['logprobs', { logprobs: true }],
    ['model', { model: null }],
  ])('LC-02 a wrong %s is refused by its path: %j', (param, body) => {
    expect(refusal(() => read(body)).param).toBe(param);
  });
});

describe('a request that is passed on', () => {
  test('UP-09 UP-10 nothing but model and usage options changes, and numbers keep their digits', () => {
    const body =
      '{"prompt":"p","temperature":1.0,"seed":2512292042121000001,"stream":true,"model":"m","mine":{"a":1e2}}';
    const request = dialect.decodeRequest(parseJson(body) as JsonObject);
    const options = ',"stream_options":{"include_usage":true}}';
    expect(protocol.encodeRequest(request, target()).body).toBe(
      body.replace('"m"', '"upstream-model"').replace(/\}$/, options),
    );
    expect(protocol.encodeRequest(request, target(true, { streamUsage: false })).body).toBe(
      body.replace('"m"', '"upstream-model"'),
    );
  });

  test('CC-10 CC-12 stream_options go upstream only with a stream, and only where they are known', () => {
    const asking = read({ stream: true, stream_options: { include_usage: true, include_obfuscation: false } });
    expect(sent(asking)['stream_options']).toEqual({ include_usage: true, include_obfuscation: false });
    expect(sent(asking, target(false))).toMatchObject({ stream: false, stream_options: null });
    expect(sent(asking, target(true, { streamUsage: false }))['stream_options']).toBeNull();
    expect(protocol.patch(asking, target())).toEqual({ model: 'upstream-model' });
  });
});

describe('a request of another format', () => {
  test('a lone user turn is the prompt itself', () => {
    const more = { maxTokens: 9, sampling: { temperature: 0.5 }, stop: ['x'], choices: 2, logprobs: { top: 3 } };
    expect(sent(fromChat([turn('user', 'Once upon')], more), target(false))).toEqual({
      model: 'upstream-model',
      prompt: 'Once upon',
      max_tokens: 9,
      temperature: 0.5,
      stop: ['x'],
      n: 2,
      logprobs: 3,
    });
  });

  test('a conversation becomes a transcript that the model goes on with', () => {
    const turns = [turn('system', 'Be brief.'), turn('user', 'Hi'), turn('assistant', 'Hello.'), turn('user', 'Bye')];
    expect(sent(fromChat(turns))['prompt']).toBe(
      'System: Be brief.\n\nUser: Hi\n\nAssistant: Hello.\n\nUser: Bye\n\nAssistant:',
    );
    expect(sent(fromChat(turns.slice(0, 3)))['prompt']).toMatch(/Assistant: Hello\.$/);
  });

  test.each<readonly [string, Partial<Generation>]>([
    ['tools', { tools: [{ type: 'function', name: 'f' }] }],
    ['response_format', { output: { type: 'json' } }],
    ['reasoning_effort', { reasoning: { effort: 'low' } }],
    ['verbosity', { verbosity: 'low' }],
    ['messages', { turns: [] }],
    [
      'messages',
      { turns: [{ role: 'user', blocks: [{ type: 'media', media: 'image', source: { type: 'file', id: 'f' } }] }] },
    ],
  ])('LC-03 %s is refused in the words of the client', (param, more) => {
    const request = fromChat([turn('user', 'Hi')], more);
    expect(refusal(() => protocol.encodeRequest(request, target()))).toEqual({ param, code: 'unsupported_parameter' });
  });

  test('what a responses client asked for is refused by the name it used', () => {
    const native = { protocol: 'openai-responses', value: {} } as const;
    const request = fromChat([turn('user', 'Hi')], { output: { type: 'json' }, native });
    expect(refusal(() => protocol.encodeRequest(request, target())).param).toBe('text.format');
  });
});
