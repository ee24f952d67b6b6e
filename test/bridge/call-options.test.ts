import { describe, expect, test } from 'vitest';
import { callOptions } from '../../src/bridge/call-options.ts';
import type { SdkVersion } from '../../src/bridge/sdk-model.ts';
import type { Block } from '../../src/model/block.ts';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { Generation } from '../../src/model/request.ts';

const PLAIN: Generation = {
  task: 'generation',
  model: 'p/m',
  stream: true,
  turns: [{ role: 'user', blocks: [{ type: 'text', text: 'Hello' }] }],
  tools: [],
  sampling: {},
  stop: [],
  native: { protocol: 'openai-chat', value: {} },
};

const HTTPS = { 'image/*': [/^https:/] };

function written(more: Partial<Generation>, version: SdkVersion = 4): Record<string, unknown> {
  return callOptions({ ...PLAIN, ...more }, version, HTTPS).options as Record<string, unknown>;
}

function promptOf(role: 'user' | 'assistant', blocks: readonly Block[], version: SdkVersion = 4): unknown {
  return written({ turns: [{ role, blocks }] }, version)['prompt'];
}

function lostOf(more: Partial<Generation>, version: SdkVersion = 4): readonly string[] {
  return callOptions({ ...PLAIN, ...more }, version, HTTPS).lost;
}

function refusal(more: Partial<Generation>): GatewayFailure['error'] {
  try {
    written(more);
  } catch (thrown) {
    if (thrown instanceof GatewayFailure) return thrown.error;
  }
  throw new Error('it was not refused');
}

test('every setting that the packages have is given under their name', () => {
  const options = written({
    maxTokens: 100,
    sampling: { temperature: 0.5, topP: 0.9, topK: 40, frequencyPenalty: 1, presencePenalty: -1, seed: 7 },
    stop: ['END'],
    output: { type: 'schema', name: 'answer', schema: { type: 'object' }, description: 'd' },
    reasoning: { effort: 'low' },
    tools: [{ type: 'function', name: 'f', description: 'd', parameters: { type: 'object' }, strict: true }],
    toolChoice: { type: 'tool', name: 'f' },
  });
  expect(options).toEqual({
    prompt: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
    maxOutputTokens: 100,
    temperature: 0.5,
    topP: 0.9,
    topK: 40,
    frequencyPenalty: 1,
    presencePenalty: -1,
    seed: 7,
    stopSequences: ['END'],
    responseFormat: { type: 'json', name: 'answer', schema: { type: 'object' }, description: 'd' },
    reasoning: 'low',
    tools: [{ type: 'function', name: 'f', description: 'd', inputSchema: { type: 'object' }, strict: true }],
    toolChoice: { type: 'tool', toolName: 'f' },
  });
});

test('a choice among some tools leaves the others out; system turns are text; calls and results meet by id', () => {
  const tools = ['f', 'g'].map((name) => ({ type: 'function' as const, name }));
  const allowed = written({ tools, toolChoice: { type: 'allowed', names: ['g'], mode: 'required' } });
  expect(allowed).toMatchObject({ tools: [{ name: 'g' }], toolChoice: { type: 'required' } });
  const prompt = written({
    turns: [
      { role: 'developer', blocks: [{ type: 'text', text: 'Be brief' }] },
      {
        role: 'assistant',
        blocks: [{ type: 'tool-call', id: 'c1', name: 'f', input: '{"n":2512292042121000001}' }],
      },
      {
        role: 'user',
        blocks: [
          { type: 'tool-result', id: 'c1', output: [{ type: 'text', text: 'ok' }], failed: false },
          { type: 'text', text: 'And?' },
        ],
      },
    ],
  })['prompt'];
  // A number that no double holds leaves as it came.
  expect(JSON.stringify(prompt)).toContain('{"n":2512292042121000001}');
  expect(prompt).toMatchObject([
    { role: 'system', content: 'Be brief' },
    { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c1', toolName: 'f' }] },
    { role: 'tool', content: [{ toolCallId: 'c1', toolName: 'f', output: { type: 'text', value: 'ok' } }] },
    { role: 'user', content: [{ type: 'text', text: 'And?' }] },
  ]);
});

describe('pictures', () => {
  const png: Block = { type: 'media', media: 'image', source: { type: 'base64', data: 'AQID', mimeType: 'image/png' } };
  const link = (url: string): Block => ({ type: 'media', media: 'image', source: { type: 'url', url } });
  const part = (version: SdkVersion, block: Block): unknown =>
    (promptOf('user', [block], version) as readonly { readonly content: readonly unknown[] }[])[0]?.content[0];

  test('have the form of each version', () => {
    expect(part(2, png)).toEqual({ type: 'file', mediaType: 'image/png', data: 'AQID' });
    expect(part(3, png)).toEqual({ type: 'file', mediaType: 'image/png', data: 'AQID' });
    expect(part(4, png)).toEqual({ type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AQID' } });
    expect(part(3, link('https://example.org/a'))).toMatchObject({ data: new URL('https://example.org/a') });
    expect(part(4, link('https://example.org/a'))).toMatchObject({ data: { type: 'url' } });
  });

  test('by a URL that the provider does not fetch, or by an id that it does not know, are refused', () => {
    for (const block of [link('http://example.org/a'), { ...png, source: { type: 'file', id: 'f' } } as Block])
      expect(refusal({ turns: [{ role: 'user', blocks: [block] }] })).toMatchObject({ code: 'unsupported_parameter' });
  });

  test('in the result of a tool have the form of each version, and are counted as lost in one that failed', () => {
    const result = (failed: boolean): Block => ({
      type: 'tool-result',
      id: 'c',
      output: [{ type: 'text', text: 'see' }, png],
      failed,
    });
    const value = (version: SdkVersion): unknown =>
      (
        promptOf('user', [result(false)], version) as readonly {
          content: readonly { output: { value: unknown[] } }[];
        }[]
      )[0]?.content[0]?.output.value[1];
    expect(value(2)).toEqual({ type: 'media', data: 'AQID', mediaType: 'image/png' });
    expect(value(3)).toEqual({ type: 'image-data', data: 'AQID', mediaType: 'image/png' });
    expect(value(4)).toEqual({ type: 'file', data: { type: 'data', data: 'AQID' }, mediaType: 'image/png' });
    expect(promptOf('user', [result(true)])).toMatchObject([
      { content: [{ output: { type: 'error-text', value: 'see' } }] },
    ]);
    expect(lostOf({ turns: [{ role: 'user', blocks: [result(true)] }] })).toEqual(['tool_result_images']);
  });
});

test('a seal of a package goes back to it, one of another format does not', () => {
  const own = { protocol: 'ai-sdk', data: '{"maker":{"signature":"s"}}' } as const;
  const foreign = { protocol: 'gemini', data: 'xyz' } as const;
  const thought = (seal: typeof own | typeof foreign): Block => ({ type: 'reasoning', text: 'hm', seal });
  expect(promptOf('assistant', [thought(own), thought(foreign)])).toEqual([
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'hm', providerOptions: { maker: { signature: 's' } } },
        { type: 'reasoning', text: 'hm' },
      ],
    },
  ]);
});

test('what has no words is named, once', () => {
  expect(lostOf({ reasoning: { effort: 'high' } }, 3)).toEqual(['reasoning_effort']);
  expect(lostOf({ reasoning: { effort: 'high' } }, 4)).toEqual([]);
  const cached: Block = { type: 'text', text: 'x', cache: {} };
  expect(
    lostOf({
      turns: [
        { role: 'user', blocks: [cached, cached] },
        { role: 'user', blocks: [cached] },
      ],
      logprobs: { top: 1 },
      user: 'u',
      parallelToolCalls: false,
      tools: [{ type: 'function', name: 'f' }],
    }),
  ).toEqual(['logprobs', 'user', 'parallel_tool_calls', 'cache_control']);
});

test('several answers, and fields of completions, are refused rather than left out', () => {
  expect(refusal({ choices: 2 })).toMatchObject({ param: 'n', code: 'unsupported_parameter' });
  expect(refusal({ promptOnly: 'suffix' })).toMatchObject({ param: 'suffix', code: 'unsupported_parameter' });
});
