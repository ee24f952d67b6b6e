import { describe, expect, test } from 'vitest';
import type { Block, Seal } from '../../src/model/block.ts';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { Generation } from '../../src/model/request.ts';
import { protocol } from '../../src/protocols/bedrock-converse/index.ts';
import {
  CLAUDE,
  LLAMA,
  MISTRAL,
  NOVA,
  generation,
  refusalOf,
  sent,
  text,
  to,
  tool,
  user,
} from './bedrock-converse-asked.ts';

describe('where a request goes', () => {
  test.each([
    ['anthropic.claude-3-haiku-20240307-v1:0', 'anthropic.claude-3-haiku-20240307-v1%3A0'],
    [
      'arn:aws:bedrock:us-east-1:1:inference-profile/us.x',
      'arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.x',
    ],
    ['a b/../c?d#e', 'a%20b%2F..%2Fc%3Fd%23e'],
  ])('the model %s stands in the path as %s', (model, encoded) => {
    expect(protocol.path(generation(), to(model))).toBe(`/model/${encoded}/converse-stream`);
    expect(protocol.path(generation(), { ...to(model), stream: false })).toBe(`/model/${encoded}/converse`);
  });

  test('a model that takes tools only whole is asked so where there are some', () => {
    const paths = (more: Partial<Generation>, model: string): string => protocol.path(generation(more), to(model));
    const schema = { type: 'schema', name: 'a', schema: { type: 'object' } } as const;
    const called: Generation['turns'] = [
      user(text('go')),
      { role: 'assistant', blocks: [{ type: 'tool-call', id: 'a', name: 'f', input: '' }] },
    ];
    for (const more of [{ tools: [tool('f')] }, { output: schema }, { turns: called }]) {
      for (const model of [LLAMA, MISTRAL]) {
        expect(paths(more, model)).toMatch(/\/converse$/);
        expect(protocol.headers?.(generation(more), to(model))).toEqual({ accept: 'application/json' });
      }
      for (const model of [CLAUDE, NOVA]) expect(paths(more, model)).toMatch(/\/converse-stream$/);
    }
    expect(paths({}, LLAMA)).toMatch(/\/converse-stream$/);
    expect(protocol.headers?.(generation(), to(LLAMA))).toEqual({ accept: 'application/vnd.amazon.eventstream' });
  });

  test('a body says neither model nor stream, and two of the same request are identical', () => {
    const { body } = sent(generation());
    expect(body).toEqual({ messages: [{ role: 'user', content: [{ text: 'hi' }] }] });
    expect(protocol.encodeRequest(generation(), to())).toEqual(protocol.encodeRequest(generation(), to()));
  });

  test('other tasks and several answers are refused', () => {
    expect(refusalOf(generation({ choices: 2 })).param).toBe('n');
    expect(() => protocol.encodeRequest({ ...generation(), task: 'speech' } as never, to())).toThrow(GatewayFailure);
  });
});

describe('turns', () => {
  const talk = (...turns: Generation['turns']): unknown => sent(generation({ turns })).body['messages'];

  test('MS-15 the first system turns stand apart, later ones are words of the user', () => {
    const { body } = sent(
      generation({
        turns: [
          { role: 'system', blocks: [text('Be brief.')] },
          { role: 'developer', blocks: [text('Be kind.')] },
          user(text('hi')),
          { role: 'system', blocks: [text('Be quick.')] },
        ],
      }),
    );
    expect(body['system']).toEqual([{ text: 'Be brief.' }, { text: 'Be kind.' }]);
    expect(body['messages']).toEqual([{ role: 'user', content: [{ text: 'hi' }, { text: 'Be quick.' }] }]);
    expect(talk({ role: 'system', blocks: [text('Alone.')] })).toEqual([
      { role: 'user', content: [{ text: 'Alone.' }] },
    ]);
  });

  test('a conversation begins with a user, alternates, and has no text of white space', () => {
    expect(
      talk({ role: 'assistant', blocks: [text('Hello.')] }, user(text('a'), text(' \n')), user(text('b')), {
        role: 'assistant',
        blocks: [text(''), { type: 'refusal', text: 'No. ' }],
      }),
    ).toEqual([
      { role: 'user', content: [{ text: '(Go on.)' }] },
      { role: 'assistant', content: [{ text: 'Hello.' }] },
      { role: 'user', content: [{ text: 'a' }, { text: 'b' }] },
      { role: 'assistant', content: [{ text: 'No.' }] },
    ]);
  });

  const call = (id: string, input = '{}'): Block => ({ type: 'tool-call', id, name: 'f', input });
  const result = (id: string, failed = false, ...output: readonly Block[]): Block => ({
    type: 'tool-result',
    id,
    output,
    failed,
  });

  test('MS-15 each call has one result, first in the next message; a result without a call is text', () => {
    expect(
      talk(
        user(text('go')),
        { role: 'assistant', blocks: [call('a'), call('b')] },
        user(text('so'), result('b', true, text('B')), result('z', false, text('Z'))),
      ),
    ).toEqual([
      { role: 'user', content: [{ text: 'go' }] },
      {
        role: 'assistant',
        content: ['a', 'b'].map((toolUseId) => ({ toolUse: { toolUseId, name: 'f', input: {} } })),
      },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 'b', content: [{ text: 'B' }], status: 'error' } },
          { toolResult: { toolUseId: 'a', content: [{ text: 'The result of this call is not known.' }] } },
          { text: 'so' },
          { text: 'Result of the tool call z:' },
          { text: 'Z' },
        ],
      },
    ]);
    const open = talk(user(text('go')), { role: 'assistant', blocks: [call('a')] }) as readonly unknown[];
    expect(open).toHaveLength(3);
  });

  test('UP-10 the input of a call keeps its digits; what is no object is put into one', () => {
    const input = (written: string, custom = false): string =>
      protocol.encodeRequest(
        generation({
          turns: [
            user(text('go')),
            { role: 'assistant', blocks: [{ ...call('a', written), ...(custom && { custom: true }) }] },
          ],
        }),
        to(),
      ).body as string;
    expect(input('{"n":2512292042121000001,"x":1.0,"y":1e2}')).toContain(
      '"input":{"n":2512292042121000001,"x":1.0,"y":1e2}',
    );
    expect(input('')).toContain('"input":{}');
    expect(input('{"cut":')).toContain('"input":{"input":"{\\"cut\\":"}');
    expect(input('[1]')).toContain('"input":{"input":"[1]"}');
    expect(input('free text', true)).toContain('"input":{"input":"free text"}');
  });

  test('ids of calls become ones that the model takes, and stay pairs', () => {
    const long = `call_${'x'.repeat(900)}`;
    const idsIn = (model: string): readonly unknown[] =>
      [
        ...(
          protocol.encodeRequest(
            generation({
              turns: [
                user(text('go')),
                { role: 'assistant', blocks: [call('a.b:c'), call(long), call(`${long}y`)] },
                user(result('a.b:c'), result(long), result(`${long}y`)),
              ],
            }),
            to(model),
          ).body as string
        ).matchAll(/"toolUseId":"([^"]*)"/g),
      ].map(([, id]) => id);
    for (const [model, form] of [
      [CLAUDE, /^[\w-]{1,64}$/],
      [MISTRAL, /^[a-zA-Z0-9]{9}$/],
    ] as const) {
      const ids = idsIn(model);
      expect(ids.slice(0, 3)).toEqual(ids.slice(3));
      expect(new Set(ids).size).toBe(3);
      for (const id of ids) expect(id).toMatch(form);
    }
  });

  test('a failed result is one only where the model knows of that, and is counted elsewhere', () => {
    const turns = [
      user(text('go')),
      { role: 'assistant' as const, blocks: [call('a')] },
      user(result('a', true, text('no'))),
    ];
    expect(sent(generation({ turns }), NOVA).text).toContain('"status":"error"');
    const other = sent(generation({ turns }), LLAMA);
    expect(other.text).not.toContain('status');
    expect(other.lost).toEqual(['tool_result_error']);
  });

  test('MS-05 reasoning goes back to whoever sealed it, byte for byte, and to nobody else', () => {
    const thought = (said: string, seal?: Seal): Block => ({
      type: 'reasoning',
      text: said,
      ...(seal !== undefined && { seal }),
    });
    const own = (data: string): Seal => ({ protocol: 'bedrock-converse', data });
    const blocks = [
      thought('mine', own('Ab+/==')),
      thought('', own('redacted:aGlk')),
      thought('theirs', { protocol: 'anthropic-messages', data: 'x' }),
      thought('unsealed'),
      text('said'),
    ];
    expect(
      talk(user(text('go')), { role: 'assistant', blocks }, user(text('and'), thought('no place here', own('y')))),
    ).toEqual([
      { role: 'user', content: [{ text: 'go' }] },
      {
        role: 'assistant',
        content: [
          { reasoningContent: { reasoningText: { text: 'mine', signature: 'Ab+/==' } } },
          { reasoningContent: { redactedContent: 'aGlk' } },
          { text: 'said' },
        ],
      },
      { role: 'user', content: [{ text: 'and' }] },
    ]);
  });

  test('cache hints become cache points where the model has a cache', () => {
    const cached = (said: string, ttl?: string): Block => ({
      type: 'text',
      text: said,
      cache: { ...(ttl !== undefined && { ttl }) },
    });
    const request = generation({
      turns: [{ role: 'system', blocks: [cached('rules', '1h')] }, user(text('a'), cached('b'), text('c'))],
      tools: [{ ...tool('f'), cache: {} }],
    });
    expect(sent(request).body).toMatchObject({
      system: [{ text: 'rules' }, { cachePoint: { type: 'default', ttl: '1h' } }],
      messages: [{ content: [{ text: 'a' }, { text: 'b' }, { cachePoint: { type: 'default' } }, { text: 'c' }] }],
      toolConfig: { tools: [{ toolSpec: { name: 'f' } }, { cachePoint: { type: 'default' } }] },
    });
    const none = sent(request, LLAMA);
    expect(none.text).not.toContain('cachePoint');
    expect(none.lost).toEqual(['cache_control']);
  });
});
