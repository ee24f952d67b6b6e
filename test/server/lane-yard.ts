import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { SocketWire } from '../../src/relay/socket-wire.ts';
import type { LaneDeps, LaneRequest } from '../../src/server/lane.ts';
import { Lanes } from '../../src/server/lanes.ts';
import { findJsonPath } from '../../src/server/paths.ts';
import { until } from '../gateway/stage.ts';
import { TEXT_CLIENTS, pathOf } from '../support/text-requests.ts';
import type { TextDialect } from '../support/text-requests.ts';
import { readAnswers } from './lane-answers.ts';
import type { Answer } from './lane-answers.ts';

/** A time that no test reaches. */
export const LONG = 60_000;

/** A request as the test answers it. */
export interface Asked {
  readonly body: string;
  readonly request: LaneRequest;
  readonly wire: SocketWire;
}

/** A server of `node:http` with lanes before it, whose answers are the test's. */
export interface Yard {
  readonly lanes: Lanes;
  /** What was asked so far. */
  readonly asked: readonly Asked[];
  readonly faults: readonly unknown[];
  /** The server's ends of all connections, oldest first. */
  readonly sockets: readonly Socket[];
  /** Connects a client. */
  open(text?: string): YardClient;
}

/** Opens a yard; it ends with the test. Requests are answered at once with what they said, unless the test answers them. */
export async function openYard(
  answer: (asked: Asked) => unknown = ({ wire, body }) => wire.whole(200, {}, body),
  times: Partial<LaneDeps['times']> = {},
): Promise<Yard> {
  const asked: Asked[] = [];
  const faults: unknown[] = [];
  const sockets: Socket[] = [];
  const server = createServer((_request, response) => response.end('by node'));
  const lanes = new Lanes(
    {
      bodyLimit: 1_000_000,
      times: { head: LONG, request: LONG, idle: LONG, ...times },
      find: findJsonPath,
      answer: (request, wire) => {
        const one = { request, wire, body: request.body.toString() };
        asked.push(one);
        const over = answer(one);
        return over instanceof Promise ? over.then(() => undefined) : undefined;
      },
      faulted: (fault) => void faults.push(fault),
    },
    server,
  );
  server.on('connection', (socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clients: YardClient[] = [];
  onTestFinished(async () => {
    for (const { socket } of clients) socket.destroy();
    lanes.cut();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return {
    lanes,
    asked,
    faults,
    sockets,
    open: (text = '') => {
      const client = new YardClient(port, text);
      clients.push(client);
      return client;
    },
  };
}

/** The plainest request with some body, which is not empty. */
export function plain(body: string, more = '', path = '/v1/responses'): string {
  return `POST ${path} HTTP/1.1\r\nhost: x\r\n${more}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** The plainest request of a dialect. */
export function requestOf(dialect: TextDialect, model: string, stream = true): string {
  return plain(JSON.stringify(TEXT_CLIENTS[dialect].request(model, stream, false)), '', pathOf(dialect, model, stream));
}

/** A client that keeps its connection, also when the server has ended its half, and notes what it sees and when. */
export class YardClient {
  readonly socket: Socket;
  /** Milliseconds after which the server ended the connection, or broke it. */
  readonly ended: Promise<number>;
  /** Whether it has. */
  over = false;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(port: number, text: string) {
    const start = performance.now();
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    // Only a client that was not told to end ends with the server.
    this.socket.on('end', () => this.socket.end());
    this.socket.on('data', (bytes: Buffer) => {
      this.#pieces.push(bytes);
      this.#bytes += bytes.length;
    });
    this.ended = new Promise((resolve) => {
      this.socket.on('error', () => undefined);
      this.socket.on('close', () => {
        this.over = true;
        resolve(performance.now() - start);
      });
    });
    this.send(text);
  }

  /** How many bytes came. */
  get bytes(): number {
    return this.#bytes;
  }

  /** All that came. */
  get seen(): string {
    return Buffer.concat(this.#pieces).toString('latin1');
  }

  /** Whether what came ends like that; cheap, also of much. */
  endsWith(text: string): boolean {
    return Buffer.concat(this.#pieces.slice(-text.length)).toString('latin1').endsWith(text);
  }

  /** Sends text, a character for a byte. */
  send(text: string): void {
    if (text !== '') this.socket.write(text, 'latin1');
  }

  /** The answers once there are so many. */
  async answers(count: number): Promise<readonly Answer[]> {
    let read = -1;
    let answers: readonly Answer[] = [];
    await until(() => {
      if (read !== this.#bytes || this.over) answers = readAnswers(this.seen, this.over);
      read = this.#bytes;
      return answers.length >= count;
    }, `${count} answers`);
    return answers;
  }
}
