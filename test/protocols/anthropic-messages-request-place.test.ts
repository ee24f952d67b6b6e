import { describe, expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { Block } from '../../src/model/block.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Generation, Request } from '../../src/model/request.ts';
import type { Target } from '../../src/protocols/codec.ts';
import { countDialect, dialect, protocol } from '../../src/protocols/anthropic-messages/index.ts';
import { OLD, to, writtenOf, ask, write, shown, TOOLS } from './anthropic-messages-bench.ts';

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
      ...ask({ tools: TOOLS }),
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

  test('MS-14 betas stand in the body at Bedrock, where no header tells of them', () => {
    const asking = { ...bedrock, betas: ['context-1m-2025-08-07', 'interleaved-thinking-2025-05-14'] };
    expect(protocol.patch(own, asking)).toMatchObject({ anthropic_beta: asking.betas });
    for (const request of [own, ask()]) expect(writtenOf(request, asking).body['anthropic_beta']).toEqual(asking.betas);
    expect(protocol.patch(own, { ...to(), betas: asking.betas })).not.toHaveProperty('anthropic_beta');
  });

  test('UP-11 the same request gives the same bytes', () => {
    const twice = [1, 2].map(() => protocol.encodeRequest(ask({ tools: TOOLS, reasoning_effort: 'low' }), to()).body);
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
