import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { GatewayError } from '../../src/model/errors.ts';
import { dispatch } from '../../src/transport/dispatch.ts';
import type { Exchange, ExchangeHandler, TransportFault, UpstreamCall } from '../../src/transport/dispatch.ts';
import { Pools } from '../../src/transport/pools.ts';
import type { Pool } from '../../src/transport/pools.ts';
import { bytesOf } from './http1-bytes.ts';

/** One connection as the upstream has it. */
export class Line {
  readonly socket: Socket;
  /** Resolves when the connection is closed, whoever did it. */
  readonly closed: Promise<void>;
  #seen = '';
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      this.#seen += bytes.toString('latin1');
      this.#wake?.();
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#wake?.();
        resolve();
      });
    });
  }

  /** All that came so far, a character for a byte. */
  get seen(): string {
    return this.#seen;
  }

  /** Resolves when what came holds for a test; rejects when the connection closes before. */
  async until(holds: (seen: string) => boolean): Promise<void> {
    while (!holds(this.#seen)) {
      if (this.socket.destroyed)
        throw new Error(`the connection closed after ${JSON.stringify(this.#seen.slice(-200))}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Resolves when so many of the plainest requests came. */
  async asked(count: number): Promise<void> {
    await this.until((seen) => seen.split('\r\n\r\n{}').length > count);
  }

  /** Sends bytes, a character for each; resolves when the socket took them. */
  send(text: string): Promise<void> {
    return new Promise((resolve) => void this.socket.write(bytesOf(text), () => resolve()));
  }
}

/** An upstream that says what a test says, byte by byte. */
export interface Peer {
  /** Its connections, oldest first. */
  readonly lines: readonly Line[];
  readonly port: number;
}

/** Starts an upstream which ends with the test. */
export async function openPeer(
  play: (line: Line, index: number) => unknown,
  server: Server = createServer(),
): Promise<Peer> {
  const lines: Line[] = [];
  // A server of TLS tells of a connection before it can be spoken over.
  server.on(
    'ALPNCallback' in server || 'setSecureContext' in server ? 'secureConnection' : 'connection',
    (socket: Socket) => {
      socket.setNoDelay(true);
      const line = new Line(socket);
      // What a play awaits may be cut off by the end of its test.
      void Promise.resolve(play(line, lines.push(line) - 1)).catch(() => undefined);
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const { socket } of lines) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { lines, port: (server.address() as AddressInfo).port };
}

/** A pool to a base URL, made as the gateway makes it; it ends with the test. */
export function poolAt(baseUrl: string, provider: readonly string[] = []): Pool {
  const lines = ['protocol: openai-chat', `base_url: ${baseUrl}`, 'api_key: k', ...provider];
  const text = `providers:\n  there:\n${lines.map((line) => `    ${line}\n`).join('')}`;
  const loaded = loadConfig({ text, env: {}, port: 0 });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const upstream = loaded.snapshot.upstreams.get('there');
  if (upstream === undefined) throw new Error('no upstream');
  const pools = new Pools();
  onTestFinished(() => pools.close());
  return pools.for(upstream);
}

/** What was told of an exchange, in order; pieces of body count as one while nothing stands between them. */
export class Asked implements ExchangeHandler {
  readonly told: ('head' | 'data' | 'end' | 'fail')[] = [];
  status: number | undefined;
  headers: IncomingHttpHeaders = {};
  error: GatewayError | undefined;
  fault: TransportFault | undefined;
  /** Resolves with what was told when the exchange is over. */
  readonly over: Promise<Asked>;
  readonly exchange: Exchange;
  readonly #pieces: Buffer[] = [];
  readonly #react: Reactions;
  readonly #resolve: (asked: Asked) => void;

  constructor(pool: Pool, call: Partial<UpstreamCall> = {}, react: Reactions = {}) {
    const { promise, resolve } = Promise.withResolvers<Asked>();
    this.over = promise;
    this.#resolve = resolve;
    this.#react = react;
    this.exchange = dispatch(pool, { method: 'POST', path: '/ask', headers: {}, body: '{}', ...call }, this);
  }

  /** The body so far, a character for a byte. */
  get body(): string {
    return Buffer.concat(this.#pieces).toString('latin1');
  }

  /** How many pieces of body came. */
  get pieces(): number {
    return this.#pieces.length;
  }

  head(status: number, headers: IncomingHttpHeaders): void {
    this.told.push('head');
    this.status = status;
    this.headers = headers;
    this.#react.head?.(this);
  }

  data(chunk: Buffer): void {
    if (this.told.at(-1) !== 'data') this.told.push('data');
    this.#pieces.push(Buffer.from(chunk));
    this.#react.data?.(this);
  }

  end(): void {
    this.told.push('end');
    this.#react.end?.(this);
    this.#resolve(this);
  }

  fail(error: GatewayError, fault: TransportFault): void {
    this.told.push('fail');
    this.error = error;
    this.fault = fault;
    this.#resolve(this);
  }
}

/** What a test does when something is told. */
export interface Reactions {
  readonly head?: (asked: Asked) => void;
  readonly data?: (asked: Asked) => void;
  readonly end?: (asked: Asked) => void;
}

/** An answer of a known length. */
export function answer(body: string, ...fields: readonly string[]): string {
  return `HTTP/1.1 200 OK\r\n${[...fields, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`;
}

/** The head of an answer in chunks. */
export const CHUNKED_HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** A pool whose exchanges show that time passed: by the end of some, whatever else was on its way has arrived. */
export async function openOtherPool(): Promise<() => Promise<void>> {
  const peer = await openPeer(async (line) => {
    for (let count = 1; ; count++) {
      await line.asked(count);
      await line.send(answer('else'));
    }
  });
  const pool = poolAt(`http://127.0.0.1:${peer.port}`);
  return async () => {
    for (let i = 0; i < 5; i++) await new Asked(pool).over;
  };
}
