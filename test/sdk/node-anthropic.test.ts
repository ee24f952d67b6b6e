import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { COST, TOOL } from '../support/brains/mind.ts';
import { CELLS, CITY_SCHEMA, QUESTION, Stage, expectTalk, modelAt } from './stage.ts';

const THINKING = { type: 'enabled', budget_tokens: 2000 } as const;

describe('npm @anthropic-ai/sdk converses with a tool', () => {
  let stage: Stage;
  let client: Anthropic;

  beforeAll(async () => {
    stage = await Stage.start();
    client = new Anthropic({ apiKey: 'any', baseURL: `${stage.gateway.url}/anthropic`, maxRetries: 0 });
  });
  beforeEach(() => {
    stage.clear();
  });
  afterAll(() => stage.close());

  test.each(CELLS)('over $upstream, $how', async ({ upstream, how }) => {
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: QUESTION }];
    const ask = (): Promise<Anthropic.Message> => {
      const body = {
        model: modelAt(upstream, 'messages'),
        max_tokens: 8000,
        system: 'Be brief.',
        messages,
        thinking: THINKING,
        tools: [{ name: TOOL.name, description: TOOL.description, input_schema: CITY_SCHEMA }],
      };
      return how === 'whole' ? client.messages.create(body) : client.messages.stream(body).finalMessage();
    };
    const first = await ask();
    expect(first.stop_reason).toBe('tool_use');
    messages.push({ role: 'assistant', content: first.content });
    const calls = first.content.filter((block) => block.type === 'tool_use');
    messages.push({
      role: 'user',
      content: calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: TOOL.result })),
    });
    const second = await ask();
    expect(second.stop_reason).toBe('end_turn');
    expectTalk(stage.brain(upstream), {
      calls: calls.map(({ input }) => input),
      text: second.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
      thoughts: first.content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
    });
    expect(first.usage).toMatchObject({
      input_tokens: COST.input,
      cache_read_input_tokens: COST.cached,
      output_tokens: COST.output + COST.reasoning,
    });
  });

  test.each(CELLS)('with its tool runner over $upstream, $how', async ({ upstream, how }) => {
    const calls: unknown[] = [];
    const body = {
      model: modelAt(upstream, 'messages'),
      max_tokens: 8000,
      messages: [{ role: 'user' as const, content: QUESTION }],
      thinking: THINKING,
      tools: [
        betaTool({
          name: TOOL.name,
          description: TOOL.description,
          inputSchema: CITY_SCHEMA,
          run: (input) => {
            calls.push(input);
            return TOOL.result;
          },
        }),
      ],
    };
    const final =
      how === 'whole'
        ? await client.beta.messages.toolRunner(body)
        : await client.beta.messages.toolRunner({ ...body, stream: true });
    const text = final.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
    expectTalk(stage.brain(upstream), { calls, text });
  });

  test.each(['streamed', 'whole'])('with its tool runner on the sandbox, which keeps no threads, %s', async (how) => {
    const calls: unknown[] = [];
    const run = (input: { city: string }): string => {
      calls.push(input);
      return TOOL.result;
    };
    const body = {
      model: 'sandbox/tools',
      max_tokens: 8000,
      messages: [{ role: 'user' as const, content: QUESTION }],
      tools: [betaTool({ name: TOOL.name, description: TOOL.description, inputSchema: CITY_SCHEMA, run })],
    };
    const final = await (how === 'whole'
      ? client.beta.messages.toolRunner(body)
      : client.beta.messages.toolRunner({ ...body, stream: true }));
    expect(calls).toEqual([{ city: 'city' }]);
    expect(final.content).toMatchObject([{ type: 'text', text: `${TOOL.name} answered: ${TOOL.result}` }]);
  });
});
