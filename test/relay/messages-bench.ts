import { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { postJson } from '../support/raw-client.ts';

/** What came of one exchange. */
export interface Played {
  readonly text: string;
  readonly status: number;
  /** The line that settled it. */
  readonly record: Peek;
}

/** A Messages upstream behind a gateway, both on loopback. */
export class MessagesBench {
  readonly upstream: FakeUpstream;
  readonly gateway: Gateway;
  #count = 0;

  private constructor(upstream: FakeUpstream, gateway: Gateway) {
    this.upstream = upstream;
    this.gateway = gateway;
  }

  /** Starts both. */
  static async start(): Promise<MessagesBench> {
    const upstream = await FakeUpstream.start();
    const gateway = await startGateway(
      `timers:\n  usage_grace: 20ms\nproviders:\n  up:\n    protocol: anthropic-messages\n    base_url: ${upstream.url}/v1\n`,
    );
    return new MessagesBench(upstream, gateway);
  }

  /** Plays a body to a client of the same format, unless the path is another's, in HTTP chunks that end at the given places. */
  async play(
    body: string | Uint8Array,
    cuts: readonly number[] = [],
    stream = true,
    path = '/v1/messages',
  ): Promise<Played> {
    const model = `m${this.#count++}`;
    const bytes = Buffer.from(body);
    const places = [...new Set(cuts.map((cut) => cut % bytes.length))].toSorted((a, b) => a - b);
    this.upstream.on(model, (reply) => {
      reply.head(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' });
      let at = 0;
      for (const end of [...places, bytes.length]) {
        if (end > at) reply.cut(bytes.subarray(at, end), end - at);
        at = end;
      }
      reply.end();
    });
    const asked = { model: `up/${model}`, max_tokens: 99, stream, messages: [{ role: 'user', content: 'Say it.' }] };
    const answer = await postJson(this.gateway.url, path, asked);
    const line = this.gateway.log.find((candidate) => candidate.includes(`"model":"up/${model}"`));
    return { text: answer.body.toString(), status: answer.status, record: Peek.parse(line ?? '{}') };
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.upstream.close();
  }
}

/** One event. */
export const event = (type: string, more: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
/** The beginning of a message. */
export const start = (id = 'msg_1', usage: object = { input_tokens: 9, output_tokens: 1 }): string =>
  event('message_start', {
    message: {
      id,
      type: 'message',
      role: 'assistant',
      model: 'tiny-1',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    },
  });
/** The beginning of a block. */
export const open = (index: number, block: object = { type: 'text', text: '' }): string =>
  event('content_block_start', { index, content_block: block });
/** A piece of text. */
export const piece = (index: number, text: string): string =>
  event('content_block_delta', { index, delta: { type: 'text_delta', text } });
/** The end of a block. */
export const close = (index: number): string => event('content_block_stop', { index });
/** The event that says why the message ends. */
export const end = (usage: object = { output_tokens: 16 }, stop_reason = 'end_turn'): string =>
  event('message_delta', { delta: { stop_reason, stop_sequence: null }, usage });
/** The last event. */
export const STOP: string = event('message_stop');
/** A whole block of text. */
export const said = (index: number, ...texts: readonly string[]): string =>
  open(index) + texts.map((text) => piece(index, text)).join('') + close(index);
/** A sign of life. */
export const PING: string = event('ping');
