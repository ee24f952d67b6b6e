import { Agent, OpenAIProvider, Runner, tool } from '@openai/agents';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { TOOL } from '../support/brains/mind.ts';
import { CELLS, CITY_SCHEMA, QUESTION, Stage, expectTalk, modelAt } from './stage.ts';

describe.each([
  ['chat', 'nothing stored'],
  ['responses', 'nothing stored'],
  ['responses', 'all stored'],
] as const)('npm @openai/agents runs an agent with a tool in %s, %s', (format, keeps) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start();
  });
  beforeEach(() => {
    stage.clear();
  });
  afterAll(() => stage.close());

  test.each(CELLS)('over $upstream, $how', async ({ upstream, how }) => {
    const calls: unknown[] = [];
    const weather = tool({
      name: TOOL.name,
      description: TOOL.description,
      parameters: CITY_SCHEMA,
      strict: true,
      execute: (input) => {
        calls.push(input);
        return TOOL.result;
      },
    });
    const openAIClient = new OpenAI({ apiKey: 'any', baseURL: `${stage.gateway.url}/openai/v1`, maxRetries: 0 });
    const runner = new Runner({
      modelProvider: new OpenAIProvider({ openAIClient, useResponses: format === 'responses' }),
      tracingDisabled: true,
    });
    const agent = new Agent({
      name: 'Weather',
      instructions: 'Be brief.',
      model: modelAt(upstream, format),
      tools: [weather],
      modelSettings: {
        ...(keeps === 'nothing stored' && { store: false }),
        reasoning: { effort: 'medium', summary: 'auto' },
        ...(format === 'responses' &&
          keeps === 'nothing stored' && { providerData: { include: ['reasoning.encrypted_content'] } }),
      },
    });
    if (how === 'whole') {
      const { finalOutput } = await runner.run(agent, QUESTION);
      expectTalk(stage.brain(upstream), { calls, text: finalOutput ?? '' });
      return;
    }
    const result = await runner.run(agent, QUESTION, { stream: true });
    let text = '';
    for await (const piece of result.toTextStream()) text += piece;
    await result.completed;
    expectTalk(stage.brain(upstream), { calls, text });
  });
});
