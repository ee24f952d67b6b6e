import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { postJson } from '../support/raw-client.ts';
import type { RawAnswer } from '../support/raw-client.ts';
import { TEXT_CLIENTS, pathOf } from '../support/text-requests.ts';
import type { TextDialect } from '../support/text-requests.ts';

const PROTOCOLS = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini', 'bedrock-converse'] as const;

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  const rows = PROTOCOLS.map(
    (protocol) => `  at-${protocol}: { protocol: ${protocol}, base_url: "${upstream.url}/v1", auth: none }`,
  );
  gateway = await startGateway(`providers:\n${rows.join('\n')}\n`);
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

function ask(dialect: TextDialect, protocol: string, more: Readonly<Record<string, unknown>>): Promise<RawAnswer> {
  const model = `at-${protocol}/m`;
  const body = { ...TEXT_CLIENTS[dialect].request(model, false, false), ...more };
  return postJson(gateway.url, pathOf(dialect, model, false), body);
}

const dropped = ({ headers }: RawAnswer): readonly string[] => headers['streamweir-dropped']?.split(',') ?? [];

describe('what only the format of the client can ask', () => {
  const CASES: readonly (readonly [TextDialect, Readonly<Record<string, unknown>>, readonly string[]])[] = [
    [
      'openai-chat',
      {
        logit_bias: { 7: 1 },
        prediction: { type: 'content', content: 'x' },
        web_search_options: { user_location: null },
      },
      ['logit_bias', 'prediction', 'web_search_options'],
    ],
    ['openai-completions', { logit_bias: { 7: 1 } }, ['logit_bias']],
    ['openai-responses', { truncation: 'auto', max_tool_calls: 2 }, ['truncation', 'max_tool_calls']],
    [
      'anthropic-messages',
      { mcp_servers: [{ type: 'url', url: 'https://x.example', name: 'n' }], container: 'c' },
      ['mcp_servers', 'container'],
    ],
    [
      'gemini',
      { safetySettings: [{ category: 'x', threshold: 'y' }], generationConfig: { mediaResolution: 'z' } },
      ['safety_settings', 'media_resolution'],
    ],
  ];

  test.each(CASES)('is named as lost where %s meets another', async (dialect, wishes, names) => {
    for (const protocol of PROTOCOLS) {
      const answer = await ask(dialect, protocol, wishes);
      expect(dropped(answer)).toEqual(protocol === dialect ? [] : expect.arrayContaining([...names]));
    }
  });

  test.each([
    ['openai-chat', { logit_bias: {}, web_search_options: null }],
    ['openai-responses', { truncation: 'disabled', max_tool_calls: null }],
    ['anthropic-messages', { mcp_servers: [], container: null }],
    ['gemini', { safetySettings: [], generationConfig: {} }],
  ] as const)('is not lost where %s asks for nothing', async (dialect, wishes) => {
    for (const protocol of PROTOCOLS) expect(dropped(await ask(dialect, protocol, wishes))).toEqual([]);
  });

  test('is refused where it is half of the conversation: a prompt that its provider keeps', async () => {
    for (const protocol of PROTOCOLS) {
      const answer = await ask('openai-responses', protocol, { prompt: { id: 'pmpt_1' } });
      if (protocol === 'openai-responses') continue;
      expect(answer.status).toBe(400);
      expect(Peek.parse(answer.body.toString()).at('error', 'param').text).toBe('prompt');
    }
    expect(Peek.parse(upstream.received.at(-1)?.body.toString() ?? '').at('prompt', 'id').text).toBe('pmpt_1');
  });
});

describe('what a model of another format did by itself', () => {
  const question = 'What is new?';
  const CASES: readonly (readonly [TextDialect, Readonly<Record<string, unknown>>])[] = [
    [
      'openai-responses',
      {
        input: [
          { role: 'user', content: question },
          { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'news' } },
          { role: 'assistant', content: [{ type: 'output_text', text: 'Nothing.' }] },
          { role: 'user', content: 'And now?' },
        ],
      },
    ],
    [
      'anthropic-messages',
      {
        messages: [
          { role: 'user', content: question },
          {
            role: 'assistant',
            content: [
              { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'news' } },
              { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
              { type: 'text', text: 'Nothing.' },
            ],
          },
          { role: 'user', content: 'And now?' },
        ],
      },
    ],
    [
      'gemini',
      {
        contents: [
          { role: 'user', parts: [{ text: question }] },
          {
            role: 'model',
            parts: [
              { executableCode: { language: 'PYTHON', code: 'print(1)' } },
              { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } },
              { text: 'Nothing.' },
            ],
          },
          { role: 'user', parts: [{ text: 'And now?' }] },
        ],
      },
    ],
  ];

  test.each(CASES)('stays behind and is counted when a talk in %s goes on elsewhere', async (dialect, talk) => {
    for (const protocol of PROTOCOLS) {
      const before = upstream.received.length;
      const answer = await ask(dialect, protocol, talk);
      expect(upstream.received.length).toBe(before + 1);
      const asked = upstream.received.at(-1)?.body.toString() ?? '';
      for (const text of [question, 'Nothing.', 'And now?']) expect(asked).toContain(text);
      expect(dropped(answer)).toEqual(protocol === dialect ? [] : ['native']);
      expect(/web_search|executableCode/.test(asked)).toBe(protocol === dialect);
    }
  });

  test('is not the same as what a client says in words that the target lacks, which is refused', async () => {
    const content = [
      { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'x' }] },
      { type: 'text', text: question },
    ];
    const answer = await ask('anthropic-messages', 'gemini', { messages: [{ role: 'user', content }] });
    expect(answer.status).toBe(400);
  });
});
