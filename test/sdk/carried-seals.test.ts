import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import type { Content } from '@google/genai';
import OpenAI from 'openai';
import type { ResponseInput } from 'openai/resources/responses/responses';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { TOOL } from '../support/brains/brain.ts';
import { CELLS, CITY_SCHEMA, QUESTION, Stage, expectTalk, modelAt } from './stage.ts';
import type { Talked, UpstreamName } from './stage.ts';

/** Asks the first gateway, then the second. */
type Converse = (gateways: readonly [string, string], upstream: UpstreamName, whole: boolean) => Promise<Talked>;

const responses: Converse = async ([one, two], upstream, whole) => {
  const input: ResponseInput = [{ role: 'user', content: QUESTION }];
  const ask = async (gateway: string): Promise<OpenAI.Responses.ResponseOutputItem[]> => {
    const client = new OpenAI({ apiKey: 'any', baseURL: `${gateway}/openai/v1`, maxRetries: 0 });
    const body = {
      model: modelAt(upstream, 'responses'),
      input,
      store: false,
      include: ['reasoning.encrypted_content' as const],
      reasoning: { effort: 'medium' as const, summary: 'auto' as const },
      tools: [{ type: 'function' as const, name: TOOL.name, parameters: CITY_SCHEMA, strict: false }],
    };
    if (whole) return (await client.responses.create(body)).output;
    for await (const event of await client.responses.create({ ...body, stream: true }))
      if (event.type === 'response.completed') return event.response.output;
    throw new Error('The stream has no end.');
  };
  const output = await ask(one);
  const calls = output.filter((item) => item.type === 'function_call');
  const results = calls.map(({ call_id }) => ({
    type: 'function_call_output' as const,
    call_id,
    output: TOOL.result,
  }));
  input.push(...(output as ResponseInput), ...results);
  const said = (await ask(two)).flatMap((item) => (item.type === 'message' ? item.content : []));
  return {
    calls: calls.map((call) => JSON.parse(call.arguments) as unknown),
    text: said.map((part) => (part.type === 'output_text' ? part.text : '')).join(''),
  };
};

const messages: Converse = async ([one, two], upstream, whole) => {
  const turns: Anthropic.MessageParam[] = [{ role: 'user', content: QUESTION }];
  const ask = (gateway: string): Promise<Anthropic.Message> => {
    const client = new Anthropic({ apiKey: 'any', baseURL: `${gateway}/anthropic`, maxRetries: 0 });
    const body = {
      model: modelAt(upstream, 'messages'),
      max_tokens: 8000,
      messages: turns,
      thinking: { type: 'enabled' as const, budget_tokens: 2000 },
      tools: [{ name: TOOL.name, input_schema: CITY_SCHEMA }],
    };
    return whole ? client.messages.create(body) : client.messages.stream(body).finalMessage();
  };
  const { content } = await ask(one);
  const calls = content.filter((block) => block.type === 'tool_use');
  const results = calls.map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: TOOL.result }));
  turns.push({ role: 'assistant', content }, { role: 'user', content: results });
  const said = await ask(two);
  return {
    calls: calls.map(({ input }) => input),
    text: said.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
  };
};

const gemini: Converse = async ([one, two], upstream, whole) => {
  const contents: Content[] = [{ role: 'user', parts: [{ text: QUESTION }] }];
  const ask = async (gateway: string): Promise<readonly Content[]> => {
    const client = new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: `${gateway}/gemini` } });
    const body = {
      model: modelAt(upstream, 'gemini'),
      contents,
      config: {
        thinkingConfig: { includeThoughts: true, thinkingBudget: 2000 },
        tools: [{ functionDeclarations: [{ name: TOOL.name, parametersJsonSchema: CITY_SCHEMA }] }],
      },
    };
    const chunks = whole ? [await client.models.generateContent(body)] : [];
    if (!whole) for await (const chunk of await client.models.generateContentStream(body)) chunks.push(chunk);
    return chunks.flatMap((chunk) => chunk.candidates?.[0]?.content ?? []);
  };
  contents.push(...(await ask(one)));
  const calls = contents.flatMap(({ parts = [] }) => parts).flatMap(({ functionCall }) => functionCall ?? []);
  const answers = calls.map(({ id, name }) => ({
    functionResponse: { ...(id !== undefined && { id }), name: name ?? '', response: { output: TOOL.result } },
  }));
  contents.push({ role: 'user', parts: answers });
  const said = (await ask(two)).flatMap(({ parts = [] }) => parts).filter((part) => part.thought !== true);
  return { calls: calls.map(({ args }) => args), text: said.map((part) => part.text ?? '').join('') };
};

const CLIENTS = { responses, messages, gemini } as const;

describe.each(['responses', 'messages', 'gemini'] as const)(
  'clients of %s carry the seals of every provider themselves',
  (format) => {
    let stage: Stage;

    beforeAll(async () => {
      stage = await Stage.start();
    });
    beforeEach(() => {
      stage.clear();
    });
    afterAll(() => stage.close());

    // A seal of a call has no place in that format: only a gateway that has seen it can give it back.
    const cells = CELLS.filter(({ upstream }) => format !== 'responses' || upstream !== 'gemini');

    test.each(cells)('over $upstream, $how, though another gateway gets the next turn', async ({ upstream, how }) => {
      const gateways = [stage.gateway.url, stage.other.url] as const;
      expectTalk(stage.brain(upstream), await CLIENTS[format](gateways, upstream, how === 'whole'));
    });
  },
);
