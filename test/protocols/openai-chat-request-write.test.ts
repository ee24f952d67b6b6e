import { describe, expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { GatewayError } from '../../src/model/errors.ts';
import { parseJson } from '../../src/model/json.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Generation } from '../../src/model/request.ts';
import { dialect, protocol } from '../../src/protocols/openai-chat/index.ts';
import type { Target } from '../../src/protocols/codec.ts';
import { target } from './exchange.ts';

const user: JsonObject = { role: 'user', content: 'hi' };
const read = (more: JsonObject): Generation =>
  dialect.decodeRequest({ model: 'm', messages: [user], ...more }) as Generation;
const write = (request: Generation, to: Target = target(false)): unknown =>
  JSON.parse(String(protocol.encodeRequest(request, to).body));
/** The same request as if it had come in another format: it must be translated. */
const foreign = (request: Generation): Generation => ({
  ...request,
  native: { protocol: 'openai-responses', value: {} },
});

function refusal(attempt: () => unknown): GatewayError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof GatewayFailure) return error.error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('a request that is written', () => {
  const body: JsonObject = {
    messages: [user],
    zebra: { kept: true },
    model: 'm',
    max_completion_tokens: 5,
    top_k: 3,
    tools: [{ type: 'web_search' }],
  };

  test('UP-09 UP-10 a body of the same format keeps everything but the model, in its order', () => {
    const text =
      '{"zebra":1.0,"model":"m","seed":2512292042121000001,"messages":[{"role":"user","content":"hi"}],"temperature":1e0}';
    const request = dialect.decodeRequest(parseJson(text) as JsonObject);
    expect(protocol.encodeRequest(request, target(false)).body).toBe(text.replace('"m"', '"upstream-model"'));
    expect(write(read(body))).toEqual({ ...body, model: 'upstream-model' });
  });

  test.each<readonly [string, JsonObject, Target, JsonObject]>([
    ['streamed', { stream: true }, target(), { model: 'upstream-model', stream_options: { include_usage: true } }],
    ['already asked', { stream: true, stream_options: { include_usage: true } }, target(), { model: 'upstream-model' }],
    [
      'not capable',
      { stream: true, stream_options: { include_usage: true } },
      target(true, { streamUsage: false }),
      { model: 'upstream-model', stream_options: null },
    ],
    [
      'not streamed',
      { stream_options: { include_usage: true } },
      target(false),
      { model: 'upstream-model', stream_options: null },
    ],
    ['made a stream', {}, target(true, { streamUsage: false }), { model: 'upstream-model', stream: true }],
  ])('CC-10 CC-12 FM-17 usage is asked for only in a stream of a capable target: %s', (_what, more, to, patch) => {
    const request = read(more);
    expect(protocol.patch(request, to)).toEqual(patch);
    expect(write(request, to)).toEqual({ messages: [user], ...more, ...patch });
  });

  test('CC-29 a developer becomes the system for a target that does not know the role, and nothing else changes', () => {
    const messages = [{ role: 'developer', content: 'd', extra: 1 }, user];
    expect(write(read({ messages }), target(false, { developerRole: false }))).toEqual({
      model: 'upstream-model',
      messages: [{ role: 'system', content: 'd', extra: 1 }, user],
    });
    expect(protocol.patch(read({ messages }), target(false))).toEqual({ model: 'upstream-model' });
    expect(protocol.patch(read({}), target(false, { developerRole: false }))).toEqual({ model: 'upstream-model' });
  });

  test('CC-19 every field of another format is put into words, and put back into the same meaning', () => {
    const all: JsonObject = {
      messages: [user],
      tools: [
        { type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true } },
      ],
      parallel_tool_calls: false,
      temperature: 0.5,
      top_p: 0.9,
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      seed: 7,
      max_tokens: 9,
      stop: ['X'],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'n', description: 'd', schema: { type: 'object' }, strict: true },
      },
      reasoning_effort: 'low',
      n: 2,
      logprobs: true,
      top_logprobs: 2,
      verbosity: 'low',
      user: 'u',
      service_tier: 'flex',
      metadata: { k: 'v' },
      prompt_cache_key: 'c',
    };
    const wire = write(foreign(read(all)));
    expect(wire).toEqual({ ...all, model: 'upstream-model' });
    const { max_tokens: _old, ...others } = all;
    expect(write(foreign(read(all)), target(true, { maxCompletionTokens: true }))).toEqual({
      ...others,
      model: 'upstream-model',
      max_completion_tokens: 9,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test('CC-29 a conversation is translated message by message', () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } };
    const messages: readonly JsonObject[] = [
      { role: 'developer', content: 'd' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          image,
          { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
        ],
      },
      {
        role: 'user',
        content: [{ type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' } }],
      },
      {
        role: 'assistant',
        content: 'b',
        tool_calls: [{ id: 'x', type: 'function', function: { name: 'f', arguments: '{"a": 1}' } }],
      },
      { role: 'tool', tool_call_id: 'x', content: 'r' },
      { role: 'tool', tool_call_id: 'y', content: 's' },
      { role: 'user', content: 'c' },
    ];
    const request = foreign(read({ messages }));
    expect(write(request)).toEqual({ model: 'upstream-model', messages });
    expect(write(request, target(false, { developerRole: false }))).toMatchObject({
      messages: [{ role: 'system', content: 'd' }, {}, {}, {}, {}, {}, {}],
    });
  });

  test('CC-21 reasoning of earlier turns is left out, but what this format sealed goes back', () => {
    const details = [{ type: 'reasoning.text', text: 'r', signature: 'c2ln', index: 0 }];
    const messages = [user, { role: 'assistant', content: 'b', reasoning: 'r', reasoning_details: details }];
    expect(write(foreign(read({ messages })))).toMatchObject({
      messages: [user, { role: 'assistant', content: 'b', reasoning_details: details }],
    });
    const unsealed = [{ role: 'assistant', content: 'b', reasoning_content: 'r' }];
    expect(write(foreign(read({ messages: unsealed })))).toEqual({
      model: 'upstream-model',
      messages: [{ role: 'assistant', content: 'b' }],
    });
  });

  test('CC-29 a picture that a tool showed follows its result', () => {
    const output = [
      { type: 'text', text: 'see' },
      { type: 'media', media: 'image', source: { type: 'url', url: 'https://example.org/i.png' } },
    ] as const;
    const request = {
      ...foreign(read({})),
      turns: [{ role: 'user', blocks: [{ type: 'tool-result', id: 'x', output, failed: false }] }],
    } as const;
    expect(write(request)).toMatchObject({
      messages: [
        { role: 'tool', tool_call_id: 'x', content: 'see' },
        { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.org/i.png' } }] },
      ],
    });
  });

  test('CC-19 what chat cannot say is refused', () => {
    const native = { protocol: 'openai-responses', value: { type: 'x' } } as const;
    const request = foreign(read({}));
    const tool = { ...request, tools: [{ type: 'native', native }] } as const;
    const part = { ...request, turns: [{ role: 'user', blocks: [{ type: 'native', native }] }] } as const;
    expect(refusal(() => write(tool))).toMatchObject({ code: 'unsupported_parameter', param: 'tools[0]' });
    expect(refusal(() => write(part))).toMatchObject({ code: 'unsupported_parameter' });
  });
});
