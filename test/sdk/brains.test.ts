import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BEDROCK_MIND } from '../support/brains/bedrock.ts';
import { Brain } from '../support/brains/brain.ts';
import { CHAT_MIND } from '../support/brains/chat.ts';
import { GEMINI_MIND } from '../support/brains/gemini.ts';
import { MESSAGES_MIND } from '../support/brains/messages.ts';
import type { Mind } from '../support/brains/mind.ts';
import { responsesMind } from '../support/brains/responses.ts';
import { Peek } from '../support/peek.ts';
import { CITY_SCHEMA, QUESTION } from './stage.ts';

type Body = Readonly<Record<string, unknown>>;

/** One stand-in: its first request, and the second from the answer to the first. */
interface Provider {
  readonly mind: Mind;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly first: Body;
  second(answer: Peek): Body;
  /** The seal in the second request, with its key. */
  readonly seal: RegExp;
}

const KEY = { authorization: 'Bearer any' };
const name = 'get_weather';
const user = { role: 'user', content: QUESTION };

const chatFirst = {
  model: 'strict-brain',
  messages: [user],
  reasoning_effort: 'low',
  tools: [{ type: 'function', function: { name, parameters: CITY_SCHEMA } }],
};
const responsesFirst = {
  model: 'gpt-5',
  input: [user],
  store: false,
  include: ['reasoning.encrypted_content'],
  reasoning: { effort: 'low', summary: 'auto' },
  tools: [{ type: 'function', name, parameters: CITY_SCHEMA }],
};
const messagesFirst = {
  model: 'claude-sonnet-4-5',
  max_tokens: 4000,
  messages: [user],
  thinking: { type: 'enabled', budget_tokens: 2000 },
  tools: [{ name, input_schema: CITY_SCHEMA }],
};
const geminiFirst = {
  contents: [{ role: 'user', parts: [{ text: QUESTION }] }],
  generationConfig: { thinkingConfig: { includeThoughts: true } },
  tools: [{ functionDeclarations: [{ name, parametersJsonSchema: CITY_SCHEMA }] }],
};
const bedrockFirst = {
  messages: [{ role: 'user', content: [{ text: QUESTION }] }],
  additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 2000 } },
  toolConfig: { tools: [{ toolSpec: { name, inputSchema: { json: CITY_SCHEMA } } }] },
};

const PROVIDERS: Readonly<Record<string, Provider>> = {
  chat: {
    mind: CHAT_MIND,
    path: '/v1/chat/completions',
    headers: KEY,
    first: chatFirst,
    second(answer) {
      const said = answer.at('choices', 0, 'message');
      const id = said.at('tool_calls', 0, 'id').text;
      return { ...chatFirst, messages: [user, said.value, { role: 'tool', tool_call_id: id, content: 'sunny' }] };
    },
    seal: /"data":"[^"]+"/,
  },
  responses: {
    mind: responsesMind(),
    path: '/v1/responses',
    headers: KEY,
    first: responsesFirst,
    second(answer) {
      const output = answer.at('output').list;
      const call_id = output[1]?.at('call_id').text;
      const result = { type: 'function_call_output', call_id, output: 'sunny' };
      return { ...responsesFirst, input: [user, ...output.map(({ value }) => value), result] };
    },
    seal: /"encrypted_content":"[^"]+"/,
  },
  messages: {
    mind: MESSAGES_MIND,
    path: '/v1/messages',
    headers: { 'x-api-key': 'any', 'anthropic-version': '2023-06-01' },
    first: messagesFirst,
    second(answer) {
      const content = answer.at('content');
      const result = { type: 'tool_result', tool_use_id: content.at(1, 'id').text, content: 'sunny' };
      const turns = [user, { role: 'assistant', content: content.value }, { role: 'user', content: [result] }];
      return { ...messagesFirst, messages: turns };
    },
    seal: /"signature":"[^"]+"/,
  },
  gemini: {
    mind: GEMINI_MIND,
    path: '/v1beta/models/gemini-2.5-flash:generateContent',
    headers: { 'x-goog-api-key': 'any' },
    first: geminiFirst,
    second(answer) {
      const result = { functionResponse: { name, response: { output: 'sunny' } } };
      const said = answer.at('candidates', 0, 'content').value;
      return { ...geminiFirst, contents: [...geminiFirst.contents, said, { role: 'user', parts: [result] }] };
    },
    seal: /"thoughtSignature":"[^"]+"/,
  },
  bedrock: {
    mind: BEDROCK_MIND,
    path: '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse',
    headers: KEY,
    first: bedrockFirst,
    second(answer) {
      const said = answer.at('output', 'message');
      const toolUseId = said.at('content', 1, 'toolUse', 'toolUseId').text;
      const result = { toolResult: { toolUseId, content: [{ text: 'sunny' }] } };
      const turns = [...bedrockFirst.messages, said.value, { role: 'user', content: [result] }];
      return { ...bedrockFirst, messages: turns };
    },
    seal: /"signature":"[^"]+"/,
  },
};

function withoutLast(body: string): string {
  const request = new Map(Object.entries(JSON.parse(body) as Body));
  const key = ['messages', 'input', 'contents'].find((each) => request.has(each)) ?? '';
  const list = new Peek(request.get(key)).list.map(({ value }) => value);
  return JSON.stringify({ ...Object.fromEntries(request), [key]: list.slice(0, -1) });
}

describe.each(Object.keys(PROVIDERS))('the stand-in for %s reads as strictly as its provider', (which) => {
  const provider = PROVIDERS[which];
  if (provider === undefined) throw new Error(`There is no ${which}.`);
  let brain: Brain;
  let second: string;

  const ask = async (body: string, headers = provider.headers): Promise<{ status: number; body: Peek }> => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body };
    const answer = await fetch(brain.url + provider.path, init);
    return { status: answer.status, body: Peek.parse(await answer.text()) };
  };

  beforeAll(async () => {
    brain = await Brain.start(provider.mind);
    const { body } = await ask(JSON.stringify(provider.first));
    second = JSON.stringify(provider.second(body));
  });
  afterAll(() => brain.close());

  test('a conversation as the documentation has it goes through', async () => {
    const { status, body } = await ask(second);
    expect([status, brain.refusals]).toEqual([200, []]);
    expect(JSON.stringify(body.value)).toContain('The tool said: sunny 🌦');
  });

  test.each<[string, (body: string) => string]>([
    ['a seal that was changed', (body) => body.replace(provider.seal, (seal) => seal.replace(/:"./, ':"?'))],
    ['a seal that was left out', (body) => body.replace(provider.seal, (seal) => seal.replace(/:"[^"]+"/, ':""'))],
    ['a field that it does not know', (body) => body.replace('{', '{"what_is_this":1,')],
    ['a result that is missing', withoutLast],
    ['a call that was never made', (body) => body.replaceAll(/(call_|toolu_|tooluse_|get_weath)\w+/g, '$1zzzzzzzz')],
    ['a body that breaks off', (body) => body.slice(0, -9)],
  ])('%s is refused', async (_what, spoil) => {
    const spoilt = spoil(second);
    expect(spoilt).not.toBe(second);
    expect((await ask(spoilt)).status).toBe(400);
  });

  test('so is a caller without a credential', async () => {
    expect((await ask(second, {})).status).toBe(400);
  });
});
