import { GoogleGenAI } from '@google/genai';
import type { CallableTool, GenerateContentResponse, Part } from '@google/genai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { COST, TOOL } from '../support/brains/mind.ts';
import { CELLS, CITY_SCHEMA, QUESTION, Stage, expectTalk, modelAt } from './stage.ts';

describe('npm @google/genai converses with a tool', () => {
  let stage: Stage;
  let client: GoogleGenAI;

  beforeAll(async () => {
    stage = await Stage.start();
    client = new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: `${stage.gateway.url}/gemini` } });
  });
  beforeEach(() => {
    stage.clear();
  });
  afterAll(() => stage.close());

  test.each(CELLS)('in a chat over $upstream, $how', async ({ upstream, how }) => {
    const chat = client.chats.create({
      model: modelAt(upstream, 'gemini'),
      config: {
        systemInstruction: 'Be brief.',
        thinkingConfig: { includeThoughts: true, thinkingBudget: 2000 },
        tools: [
          {
            functionDeclarations: [
              { name: TOOL.name, description: TOOL.description, parametersJsonSchema: CITY_SCHEMA },
            ],
          },
        ],
      },
    });
    const ask = async (message: string | Part[]): Promise<readonly GenerateContentResponse[]> => {
      if (how === 'whole') return [await chat.sendMessage({ message })];
      const chunks: GenerateContentResponse[] = [];
      for await (const chunk of await chat.sendMessageStream({ message })) chunks.push(chunk);
      return chunks;
    };
    const first = await ask(QUESTION);
    const calls = first.flatMap((chunk) => chunk.functionCalls ?? []);
    const answers = calls.map(({ id, name }) => ({
      functionResponse: {
        ...(id !== undefined && { id }),
        ...(name !== undefined && { name }),
        response: { output: TOOL.result },
      },
    }));
    const second = await ask(answers);
    expect(second.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP');
    expectTalk(stage.brain(upstream), {
      calls: calls.map(({ args }) => args),
      text: textOf(second, false),
      thoughts: textOf(first, true),
      total: first.at(-1)?.usageMetadata?.totalTokenCount,
    });
    expect(first.at(-1)?.usageMetadata).toMatchObject({
      promptTokenCount: COST.input + COST.cached,
      cachedContentTokenCount: COST.cached,
    });
  });

  test.each(CELLS)('with its automatic calling over $upstream, $how', async ({ upstream, how }) => {
    const calls: unknown[] = [];
    const weather: CallableTool = {
      tool: () =>
        Promise.resolve({
          functionDeclarations: [{ name: TOOL.name, description: TOOL.description, parametersJsonSchema: CITY_SCHEMA }],
        }),
      callTool(made) {
        calls.push(...made.map(({ args }) => args));
        return Promise.resolve(
          made.map(({ id, name = '' }) => ({
            functionResponse: { ...(id !== undefined && { id }), name, response: { output: TOOL.result } },
          })),
        );
      },
    };
    const question = {
      model: modelAt(upstream, 'gemini'),
      contents: QUESTION,
      config: { thinkingConfig: { includeThoughts: true, thinkingBudget: 2000 }, tools: [weather] },
    };
    const chunks = how === 'whole' ? [await client.models.generateContent(question)] : [];
    if (how === 'streamed')
      for await (const chunk of await client.models.generateContentStream(question)) chunks.push(chunk);
    expectTalk(stage.brain(upstream), { calls, text: textOf(chunks, false) });
  });
});

function textOf(chunks: readonly GenerateContentResponse[], thoughts: boolean): string {
  return chunks
    .flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? [])
    .filter((part) => (part.thought === true) === thoughts)
    .map((part) => part.text ?? '')
    .join('');
}
