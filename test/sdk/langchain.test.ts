import { AIMessageChunk, HumanMessage, SystemMessage } from '@langchain/core/messages';
import type { BaseMessage } from '@langchain/core/messages';
import { concat } from '@langchain/core/utils/stream';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TOOL } from '../support/brains/mind.ts';
import { Peek } from '../support/peek.ts';
import { CELLS, CITY_SCHEMA, QUESTION, Stage, expectTalk, modelAt } from './stage.ts';

describe.each([
  ['chat', 'nothing stored'],
  ['responses', 'nothing stored'],
  ['responses', 'all stored'],
] as const)('npm @langchain/openai converses with a tool in %s, %s', (format, keeps) => {
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
    const weather = tool(
      (input) => {
        calls.push(input);
        return TOOL.result;
      },
      { name: TOOL.name, description: TOOL.description, schema: CITY_SCHEMA },
    );
    const model = new ChatOpenAI({
      model: modelAt(upstream, format),
      apiKey: 'any',
      maxRetries: 0,
      configuration: { baseURL: `${stage.gateway.url}/openai/v1` },
      useResponsesApi: format === 'responses',
      streaming: how === 'streamed',
      reasoning: { effort: 'medium', ...(format === 'responses' && { summary: 'auto' as const }) },
      // Where nothing is stored, thoughts come back encrypted.
      ...(format === 'responses' && keeps === 'nothing stored' && { zdrEnabled: true }),
    }).bindTools([weather]);
    const messages: BaseMessage[] = [new SystemMessage('Be brief.'), new HumanMessage(QUESTION)];
    const ask = async (): Promise<AIMessageChunk> => {
      if (how === 'whole') return model.invoke(messages);
      let whole: AIMessageChunk | undefined;
      for await (const chunk of await model.stream(messages))
        whole = whole === undefined ? chunk : concat(whole, chunk);
      return whole ?? new AIMessageChunk('');
    };
    const first = await ask();
    messages.push(first);
    for (const call of first.tool_calls ?? []) messages.push(await weather.invoke(call));
    const second = await ask();
    expect(second.tool_calls ?? []).toEqual([]);
    expectTalk(stage.brain(upstream), {
      calls,
      text: second.text,
      total: new Peek(first.usage_metadata).at('total_tokens').number,
    });
  });
});
