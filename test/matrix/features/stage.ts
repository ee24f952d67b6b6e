import { FakeUpstream, answering } from '../../support/fake-upstream.ts';
import type { Play, Received } from '../../support/fake-upstream.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { Peek } from '../../support/peek.ts';
import { postJson } from '../../support/raw-client.ts';
import type { RawAnswer } from '../../support/raw-client.ts';
import type { TextDialect } from '../../support/text-requests.ts';
import { PROVIDER, matrixConfig } from '../cells.ts';
import type { TextProtocol } from '../cells.ts';
import type { Asks } from './ask.ts';
import { CHAT_ASKS } from './ask-chat.ts';
import { COMPLETIONS_ASKS } from './ask-completions.ts';
import { GEMINI_ASKS } from './ask-gemini.ts';
import { MESSAGES_ASKS } from './ask-messages.ts';
import { RESPONSES_ASKS } from './ask-responses.ts';
import type { Body } from './values.ts';

/** How each dialect asks. */
export const ASKS: Readonly<Record<TextDialect, Asks>> = {
  'openai-chat': CHAT_ASKS,
  'openai-responses': RESPONSES_ASKS,
  'anthropic-messages': MESSAGES_ASKS,
  gemini: GEMINI_ASKS,
  'openai-completions': COMPLETIONS_ASKS,
};

// What a target takes may hang on its name: these take most of what their format can say.
const MODEL: Readonly<Record<TextProtocol, string>> = {
  'openai-chat': 'model',
  'openai-responses': 'model',
  'openai-completions': 'model',
  'anthropic-messages': 'claude-sonnet-4-5',
  gemini: 'gemini-2.5-flash',
  'bedrock-converse': 'anthropic.claude-sonnet-4-5',
};

/** One exchange as both sides and the account saw it. */
export interface Exchange {
  readonly answer: RawAnswer;
  /** What reached the upstream; undefined where nothing did. */
  readonly received: Received | undefined;
  readonly record: Peek;
}

/** A gateway whose upstreams are one stand-in for all protocols. */
export class Stage {
  readonly #upstream: FakeUpstream;
  readonly #gateway: Gateway;
  readonly #mark: string;
  #count = 0;

  private constructor(upstream: FakeUpstream, gateway: Gateway, mark: string) {
    this.#mark = mark;
    this.#upstream = upstream;
    this.#gateway = gateway;
  }

  static async start(): Promise<Stage> {
    const upstream = await FakeUpstream.start();
    return new Stage(upstream, await startGateway(matrixConfig(upstream)), 'x');
  }

  /** Another gateway before the same upstreams, which knows nothing of what went through the first. */
  async fresh(): Promise<Stage> {
    return new Stage(this.#upstream, await startGateway(matrixConfig(this.#upstream)), 'y');
  }

  /** Sends one request, of which `more` are further top-level keys, and plays the upstream's answer. */
  async exchange(
    dialect: TextDialect,
    protocol: TextProtocol,
    stream: boolean,
    more: Body,
    play: Play,
  ): Promise<Exchange> {
    const model = `${MODEL[protocol]}-${this.#mark}${this.#count++}`;
    this.#upstream.on(model, play);
    const { path, base } = ASKS[dialect];
    const name = `${PROVIDER[protocol]}/${model}`;
    const answer = await postJson(this.#gateway.url, path(name, stream), { ...base(name, stream), ...more });
    const line = this.#gateway.log.find((candidate) => candidate.includes(`"model":"${name}"`));
    if (line === undefined) throw new Error(`no record of ${name}`);
    return { answer, received: this.#upstream.for(model)[0], record: Peek.parse(line) };
  }

  async close(): Promise<void> {
    await this.#gateway.close();
    await this.#upstream.close();
  }

  async closeGateway(): Promise<void> {
    await this.#gateway.close();
  }
}

/** Plays a refusal, where only the request counts. */
export const REFUSING: Play = answering(
  400,
  { 'content-type': 'application/json' },
  '{"error":{"message":"This stand-in only listens."}}',
);
