import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogle } from '@ai-sdk/google';
import { createOpenResponses } from '@ai-sdk/open-responses';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import type { LanguageModel } from 'ai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TOOL } from '../support/brains/mind.ts';
import { CELLS, CITY_SCHEMA, QUESTION, Stage, expectTalk, modelAt } from './stage.ts';
import type { UpstreamName } from './stage.ts';

type Options = NonNullable<Parameters<typeof generateText>[0]['providerOptions']>;

interface Client {
  readonly format: UpstreamName;
  /** The model of that name over the gateway at that address. */
  readonly model: (gateway: string, id: string) => LanguageModel;
  readonly options: Options;
  /** Whether thoughts are to be seen, which depends on whether the client has words to ask for them. */
  readonly shows: (upstream: UpstreamName) => boolean;
  /** What it sends as the tool's result, where it is not the text itself. */
  readonly result?: string;
}

// Models that the client does not know are no news here.
Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });

const apiKey = 'any';
const always = (): boolean => true;

const CLIENTS: Readonly<Record<string, Client>> = {
  '@ai-sdk/openai, responses': {
    format: 'responses',
    model: (gateway, id) => createOpenAI({ apiKey, baseURL: `${gateway}/openai/v1` })(id),
    options: { openai: { reasoningEffort: 'medium', reasoningSummary: 'auto', forceReasoning: true, store: false } },
    shows: always,
  },
  // What was said before is kept by the server, and referred to.
  '@ai-sdk/openai, responses as they are stored': {
    format: 'responses',
    model: (gateway, id) => createOpenAI({ apiKey, baseURL: `${gateway}/openai/v1` })(id),
    options: { openai: { reasoningEffort: 'medium', reasoningSummary: 'auto', forceReasoning: true } },
    shows: always,
  },
  '@ai-sdk/openai, chat': {
    format: 'chat',
    model: (gateway, id) => createOpenAI({ apiKey, baseURL: `${gateway}/openai/v1` }).chat(id),
    options: { openai: { reasoningEffort: 'medium', forceReasoning: true } },
    shows: () => false,
  },
  '@ai-sdk/openai-compatible': {
    format: 'chat',
    model: (gateway, id) =>
      createOpenAICompatible({ name: 'weir', apiKey, baseURL: `${gateway}/v1`, includeUsage: true })(id),
    options: { weir: { reasoningEffort: 'medium' } },
    shows: (upstream) => upstream !== 'responses',
  },
  '@ai-sdk/open-responses': {
    format: 'responses',
    model: (gateway, id) => createOpenResponses({ name: 'weir', apiKey, url: `${gateway}/v1/responses` })(id),
    options: { weir: { reasoningEffort: 'medium', reasoningSummary: 'auto' } },
    shows: always,
  },
  '@ai-sdk/anthropic': {
    format: 'messages',
    model: (gateway, id) => createAnthropic({ apiKey, baseURL: `${gateway}/anthropic/v1` })(id),
    options: { anthropic: { thinking: { type: 'enabled', budgetTokens: 2000 } } },
    shows: always,
  },
  '@ai-sdk/google': {
    format: 'gemini',
    // A name with a slash has to say itself that it is below `models/`.
    model: (gateway, id) => createGoogle({ apiKey, baseURL: `${gateway}/gemini/v1beta` })(`models/${id}`),
    options: { google: { thinkingConfig: { includeThoughts: true, thinkingBudget: 2000 } } },
    shows: always,
    result: JSON.stringify({ name: TOOL.name, content: TOOL.result }),
  },
};

describe.each(Object.keys(CLIENTS))('npm ai with %s converses with a tool', (name) => {
  const client = CLIENTS[name];
  if (client === undefined) throw new Error(`There is no ${name}.`);
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
    const question = {
      model: client.model(stage.gateway.url, modelAt(upstream, client.format)),
      providerOptions: client.options,
      system: 'Be brief.',
      prompt: QUESTION,
      maxRetries: 0,
      stopWhen: stepCountIs(4),
      tools: {
        [TOOL.name]: tool({
          description: TOOL.description,
          inputSchema: jsonSchema<{ city: string }>(CITY_SCHEMA),
          execute: (input) => {
            calls.push(input);
            return TOOL.result;
          },
        }),
      },
    };
    const told = how === 'whole' ? await generateText(question) : await streamed(question);
    const [first, second] = told.steps;
    expect(first?.finishReason).toBe('tool-calls');
    expect(second?.finishReason).toBe('stop');
    expectTalk(stage.brain(upstream), {
      calls,
      text: told.text,
      ...(client.result !== undefined && { result: client.result }),
      ...(client.shows(upstream) && { thoughts: first?.reasoningText }),
      total: first?.usage.totalTokens,
    });
  });
});

type Told = Pick<Awaited<ReturnType<typeof generateText>>, 'steps' | 'text'>;

async function streamed(question: Parameters<typeof streamText>[0]): Promise<Told> {
  const errors: unknown[] = [];
  const result = streamText({ ...question, onError: ({ error }) => void errors.push(error) });
  await result.consumeStream();
  expect(errors).toEqual([]);
  return { steps: await result.steps, text: await result.text };
}
