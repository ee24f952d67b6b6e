import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import { Peek } from '../support/peek.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import type { Place } from './upstreams.ts';

const ENDS = new Set(['response.completed', 'response.incomplete', 'response.failed', 'error']);

/** A client on a WebSocket: what it was told, in order, and how the connection ended. */
export class SocketClient {
  readonly socket: WebSocket;
  readonly texts: string[] = [];
  readonly closed: Promise<number>;
  #code: number | undefined;
  #read = 0;
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.texts.push((data as Buffer).toString());
      this.#wake();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        this.#code = code;
        resolve(code);
        this.#wake();
      });
    });
  }

  /** Connects to `/v1/responses` of a gateway. */
  static async open(gateway: string, options: ClientOptions = {}): Promise<SocketClient> {
    const headers = { authorization: 'Bearer ada', ...options.headers };
    const socket = new WebSocket(`${gateway.replace('http', 'ws')}/v1/responses`, { ...options, headers });
    const client = new SocketClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  /** Sends a turn. */
  send(body: Readonly<Record<string, unknown>>): void {
    this.socket.send(JSON.stringify({ type: 'response.create', ...body }));
  }

  /** Sends a turn and waits for its end. */
  async turn(body: Readonly<Record<string, unknown>>): Promise<readonly Peek[]> {
    this.send(body);
    return this.next();
  }

  /** The messages of the next turn, up to and with its last. */
  async next(): Promise<readonly Peek[]> {
    const messages: Peek[] = [];
    for (;;) {
      while (this.#read < this.texts.length) {
        const message = Peek.parse(this.texts[this.#read++] ?? '');
        messages.push(message);
        if (ENDS.has(message.at('type').text)) return messages;
      }
      if (this.#code !== undefined) throw new Error(`closed with ${this.#code} before the turn ended`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** The last message of a turn. */
export function endOf(messages: readonly Peek[]): Peek {
  return messages.at(-1) ?? new Peek(undefined);
}

/** The code of an error. */
export const codeOf = (message: Peek): string => message.at('error', 'code').text;
/** The types of messages. */
export const typesOf = (messages: readonly Peek[]): readonly string[] => messages.map((each) => each.at('type').text);
/** The id of the response that a turn ended with. */
export const idOf = (messages: readonly Peek[]): string => endOf(messages).at('response', 'id').text;

/** An upstream that begins an answer and waits for the rest of it. */
export function hangs({ upstream }: Place): {
  readonly model: string;
  readonly left: Promise<void>;
  readonly go: (rest: string) => void;
} {
  const left = Promise.withResolvers<void>();
  const rest = Promise.withResolvers<string>();
  upstream.on('hangs', async (reply, { abandoned }) => {
    reply.head(200, { 'content-type': 'text/event-stream' });
    const [first = ''] = WIRES['openai-chat']
      .stream({ text: ['Hel'] })
      .split('\n\n')
      .slice(1);
    await reply.write(`${first}\n\n`);
    void abandoned.then(left.resolve);
    reply.end(await rest.promise);
  });
  return { model: 'chat/hangs', left: left.promise, go: rest.resolve };
}

/** The rest of such an answer. */
export const THE_END = `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`;
