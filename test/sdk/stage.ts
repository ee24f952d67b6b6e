import { expect } from 'vitest';
import type { ProtocolId } from '../../src/model/block.ts';
import { Brain } from '../support/brains/brain.ts';
import { COST, THOUGHTS, TOOL } from '../support/brains/mind.ts';
import type { Mind } from '../support/brains/mind.ts';
import { BEDROCK_MIND } from '../support/brains/bedrock.ts';
import { CHAT_MIND } from '../support/brains/chat.ts';
import { GEMINI_MIND } from '../support/brains/gemini.ts';
import { MESSAGES_MIND } from '../support/brains/messages.ts';
import { responsesMind } from '../support/brains/responses.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';

interface Row {
  readonly protocol: ProtocolId;
  readonly below: string;
  /** As a real one is called: what a model can do is known by its name. */
  readonly model: string;
  /** One that is told otherwise how much to think, or names its calls otherwise. */
  readonly newer?: string;
  readonly mind: () => Mind;
}

/** An upstream of the stage: the prefix of its models. */
export type UpstreamName = 'chat' | 'responses' | 'messages' | 'gemini' | 'bedrock';

const ROWS: Readonly<Record<UpstreamName, Row>> = {
  chat: { protocol: 'openai-chat', below: '/v1', model: 'brain', mind: () => CHAT_MIND },
  responses: { protocol: 'openai-responses', below: '/v1', model: 'gpt-5', mind: responsesMind },
  messages: {
    protocol: 'anthropic-messages',
    below: '/v1',
    model: 'claude-sonnet-4-5',
    newer: 'claude-opus-4-6',
    mind: () => MESSAGES_MIND,
  },
  gemini: {
    protocol: 'gemini',
    below: '/v1beta',
    model: 'gemini-2.5-flash',
    newer: 'gemini-3-pro-preview',
    mind: () => GEMINI_MIND,
  },
  bedrock: {
    protocol: 'bedrock-converse',
    below: '',
    model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    newer: 'us.anthropic.claude-opus-4-6-v1',
    mind: () => BEDROCK_MIND,
  },
};

/** The upstreams that every client converses with. */
export const UPSTREAMS: readonly UpstreamName[] = Object.keys(ROWS) as UpstreamName[];

/** The upstreams with models of another generation, as they are asked for. */
export const NEWER: readonly (readonly [upstream: UpstreamName, model: string])[] = UPSTREAMS.flatMap((upstream) => {
  const { newer } = ROWS[upstream];
  return newer === undefined ? [] : [[upstream, `${upstream}/${newer}`]];
});

/** Every upstream, streamed and whole. */
export const CELLS: readonly { readonly upstream: UpstreamName; readonly how: 'streamed' | 'whole' }[] =
  UPSTREAMS.flatMap((upstream) => [
    { upstream, how: 'streamed' },
    { upstream, how: 'whole' },
  ]);

/**
 * The model to ask for. The upstream of chat completions demands its sealed thoughts back from every client but those of its own format, whose
 * requests pass as they came and which are known to drop them.
 */
export function modelAt(upstream: UpstreamName, format: UpstreamName): string {
  return `${upstream}/${upstream === 'chat' && format !== 'chat' ? 'strict-brain' : ROWS[upstream].model}`;
}

/** What a client came to at the end of a conversation. */
export interface Talked {
  /** What the tool was called with. */
  readonly calls: readonly unknown[];
  readonly text: string;
  /** What the client makes of the tool's result, where it is not the text itself. */
  readonly result?: string;
  /** The thoughts before the call, where the client shows them. */
  readonly thoughts?: string | undefined;
  /** All tokens of the first turn, where the client counts them so. */
  readonly total?: number | undefined;
}

/** A gateway before one brain of each kind. */
export class Stage {
  readonly gateway: Gateway;
  /** Another one before the same brains, which has seen nothing. */
  readonly other: Gateway;
  readonly #brains: Readonly<Record<UpstreamName, Brain>>;

  private constructor(gateway: Gateway, other: Gateway, brains: Readonly<Record<UpstreamName, Brain>>) {
    this.gateway = gateway;
    this.other = other;
    this.#brains = brains;
  }

  /** Starts all of it on loopback ports. */
  static async start(): Promise<Stage> {
    const started = await Promise.all(
      UPSTREAMS.map(async (name) => [name, await Brain.start(ROWS[name].mind())] as const),
    );
    const rows = started.map(
      ([name, { url }]) =>
        `  ${name}:\n    protocol: ${ROWS[name].protocol}\n    base_url: ${url}${ROWS[name].below}\n    api_key: brain\n`,
    );
    const config = `providers:\n${rows.join('')}`;
    return new Stage(
      await startGateway(config),
      await startGateway(config),
      Object.fromEntries(started) as Record<UpstreamName, Brain>,
    );
  }

  /** The brain behind a name. */
  brain(name: UpstreamName): Brain {
    return this.#brains[name];
  }

  /** Forgets what was asked so far. */
  clear(): void {
    for (const brain of Object.values(this.#brains)) brain.clear();
  }

  /** Stops everything. */
  async close(): Promise<void> {
    await Promise.all([this.gateway.close(), this.other.close()]);
    await Promise.all(Object.values(this.#brains).map((brain) => brain.close()));
  }
}

/** Demands that a conversation went as it should and that its provider refused nothing of it. */
export function expectTalk({ refusals, asks }: Brain, talked: Talked): void {
  expect(refusals).toEqual([]);
  expect(asks.length).toBeGreaterThanOrEqual(2);
  expect(talked.calls).toEqual([{ city: TOOL.city }]);
  expect(talked.text).toBe(`The tool said: ${talked.result ?? TOOL.result} 🌦`);
  if ('thoughts' in talked) expect(talked.thoughts).toBe(THOUGHTS.join(''));
  if ('total' in talked) expect(talked.total).toBe(COST.total);
}

/** The JSON Schema of the tool's input. */
export const CITY_SCHEMA: {
  type: 'object';
  properties: { city: { type: 'string'; description: string } };
  required: string[];
  additionalProperties: false;
} = {
  type: 'object',
  properties: { city: { type: 'string', description: 'Name of the city.' } },
  required: ['city'],
  additionalProperties: false,
};

/** What the user says. */
export const QUESTION = 'What is the weather in Zürich é 日本 🦀?';
