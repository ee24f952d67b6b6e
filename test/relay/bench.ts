import { FakeUpstream } from '../support/fake-upstream.ts';
import type { Play } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { postJson } from '../support/raw-client.ts';
import type { RawAnswer } from '../support/raw-client.ts';

/** What came of one exchange: the bytes at the client, and the line that settled it. */
export interface Played {
  readonly answer: RawAnswer;
  /** The body as text. */
  readonly text: string;
  /** The request as it was sent. */
  readonly asked: Readonly<Record<string, unknown>>;
  readonly record: Peek;
}

/** How the client asks: for usage or not, and further keys of its body. */
export interface Asking {
  readonly usage?: boolean;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A chat upstream behind a gateway, both on loopback. */
export class Bench {
  readonly upstream: FakeUpstream;
  readonly gateway: Gateway;
  #count = 0;

  private constructor(upstream: FakeUpstream, gateway: Gateway) {
    this.upstream = upstream;
    this.gateway = gateway;
  }

  /** @param yaml further sections of the configuration */
  static async start(yaml = ''): Promise<Bench> {
    const upstream = await FakeUpstream.start();
    const gateway = await startGateway(
      `providers:\n  chat:\n    protocol: openai-chat\n    base_url: ${upstream.url}/v1\n${yaml}`,
    );
    return new Bench(upstream, gateway);
  }

  /** Prepares an exchange; returns the model whose requests play it. */
  prepare(play: Play): string {
    const model = `m${this.#count++}`;
    this.upstream.on(model, play);
    return model;
  }

  /** Streams one exchange to a chat client. */
  async play(play: Play, asking: Asking = {}): Promise<Played> {
    const model = this.prepare(play);
    const asked = requestFor(model, asking);
    const answer = await postJson(this.gateway.url, '/v1/chat/completions', asked);
    return { answer, text: answer.body.toString(), asked, record: this.record(model) };
  }

  /** The settled line of a model's exchange. */
  record(model: string): Peek {
    const line = this.gateway.log.find((candidate) => candidate.includes(`"model":"chat/${model}"`));
    if (line === undefined) throw new Error(`no record of ${model}`);
    return Peek.parse(line);
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.upstream.close();
  }
}

/** A streaming chat request for a model of the bench. */
export function requestFor(model: string, { usage = false, more }: Asking = {}): Readonly<Record<string, unknown>> {
  return {
    model: `chat/${model}`,
    messages: [{ role: 'user', content: 'Say it.' }],
    stream: true,
    ...(usage && { stream_options: { include_usage: true } }),
    ...more,
  };
}

/** What every chunk of the stand-in upstream shows of itself. */
export const SAME = { id: 'chatcmpl-up', object: 'chat.completion.chunk', created: 1_767_225_600, model: 'tiny-1' };

/** One event with JSON in it. */
export function data(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/** One chunk of a choice; `more` are further keys of the chunk. */
export function chunk(delta: unknown, finish: string | null = null, more: object = {}, index = 0): string {
  return data({ ...SAME, choices: [{ index, delta, finish_reason: finish }], ...more });
}

/** The first chunk of a choice. */
export const ROLE: string = chunk({ role: 'assistant', content: '' });

/** The usage chunk. */
export const USAGE: string = data({
  ...SAME,
  choices: [],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
});

/** The end marker. */
export const DONE = 'data: [DONE]\n\n';
