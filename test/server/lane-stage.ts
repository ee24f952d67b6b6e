import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { FakeUpstream, answering, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { eventsOf } from '../gateway/stage.ts';
import { readAnswers } from './lane-answers.ts';
import type { Answer } from './lane-answers.ts';
import { FORCING } from './lane-requests.ts';
import type { Asked } from './lane-requests.ts';

// Milliseconds without a byte, after which a connection is given up, so that a test fails instead of waiting.
const SILENCE = 15_000;
const JSON_TYPE = { 'content-type': 'application/json' };

/** One connection to a gateway that runs in this process, of which it is known how much the gateway has read. */
export class Talk {
  readonly #client: Socket;
  readonly #server: Socket;
  #sent = 0;
  #seen = '';
  #closed = false;
  #news = Promise.withResolvers<void>();

  constructor(client: Socket, server: Socket) {
    this.#client = client;
    this.#server = server;
    client.setNoDelay(true);
    client.setTimeout(SILENCE, () => client.destroy());
    client.on('error', () => undefined);
    client.on('data', (bytes) => {
      this.#seen += bytes.toString('latin1');
      this.#tell();
    });
    client.on('close', () => {
      this.#closed = true;
      this.#tell();
    });
  }

  /** How much of what was sent the gateway has not read. */
  get unread(): number {
    return this.#sent - this.#server.bytesRead;
  }

  /** Whether every answer so far was written by the lane; the names of headers that `node:http` adds begin with a capital. */
  get inLane(): boolean {
    return !this.#seen.includes('\r\nDate: ') && this.#seen.includes('\r\ndate: ');
  }

  /** Sends bytes, cut at some places; each piece leaves when the gateway has read the one before. */
  async send(text: string, cuts: readonly number[] = []): Promise<void> {
    for (const [index, from] of [0, ...cuts].entries()) {
      if (this.#server.destroyed || this.#closed) return;
      const piece = text.slice(from, cuts[index] ?? text.length);
      this.#client.write(piece, 'latin1');
      this.#sent += piece.length;
      while (this.#server.bytesRead < this.#sent && !this.#server.destroyed && !this.#closed) await nextTurn();
    }
  }

  /** Waits for so many answers, those not counted that only say to go on; fewer when the connection ends before. */
  async answers(count: number): Promise<readonly Answer[]> {
    for (;;) {
      const answers = readAnswers(this.#seen, this.#closed);
      if (this.#closed || answers.filter(({ status }) => status !== 100).length >= count) return answers;
      await this.#news.promise;
    }
  }

  /** Asks for one thing after the other, waits for each, ends the connection and resolves with all that came. */
  async askEach(asked: readonly Asked[], cuts: readonly (readonly number[])[] = []): Promise<readonly Answer[]> {
    for (const [index, { text }] of asked.entries()) {
      await this.send(text, cuts[index]);
      await this.answers(index + 1);
    }
    return this.end();
  }

  /** Ends the connection, behind a last text, and resolves with all that came. */
  end(last = ''): Promise<readonly Answer[]> {
    this.#client.end(last, 'latin1');
    return this.answers(Number.POSITIVE_INFINITY);
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}

/** A gateway before an upstream; both end with the test. */
export interface LaneStage {
  readonly upstream: FakeUpstream;
  open(): Promise<Talk>;
  /** What is answered to requests one after the other, on a connection that belongs to `node:http` from its first byte. */
  byNode(asked: readonly Asked[]): Promise<readonly Answer[]>;
}

/** Opens a gateway whose connections are watched. */
export async function openLanes(): Promise<LaneStage> {
  const upstream = await FakeUpstream.start();
  play(upstream);
  const gateway = await startGateway(
    `limits: { body: 1200KB }\nproviders: {up: {protocol: openai-chat, base_url: '${upstream.url}/v1'}}`,
  );
  const port = Number(new URL(gateway.url).port);
  const sockets = new Map<number, Socket>();
  const opened = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    if (socket.localPort === port) sockets.set(socket.remotePort ?? 0, socket);
  };
  subscribe('net.server.socket', opened);
  onTestFinished(async () => {
    unsubscribe('net.server.socket', opened);
    await upstream.close();
    await gateway.close();
  });
  const open = async (): Promise<Talk> => {
    const client = connect(port, '127.0.0.1');
    await once(client, 'connect');
    const { localPort = 0 } = client;
    for (;;) {
      const server = sockets.get(localPort);
      sockets.delete(localPort);
      if (server !== undefined) return new Talk(client, server);
      await nextTurn();
    }
  };
  const byNode = async (asked: readonly Asked[]): Promise<readonly Answer[]> => {
    const talk = await open();
    const answers = await talk.askEach([FORCING, ...asked]);
    if (talk.inLane) throw new Error('the connection was not forced to node:http');
    return answers.slice(1);
  };
  return { upstream, open, byNode };
}

function play(upstream: FakeUpstream): void {
  const saying = { text: ['Hel', 'lo 🦀'] };
  upstream.on('whole', answering(200, JSON_TYPE, WIRES['openai-chat'].whole(saying)));
  upstream.on('stream', streaming(WIRES['openai-chat'].stream(saying)));
  upstream.on('steps', async (reply) => {
    reply.head(200, { 'content-type': 'text/event-stream' });
    for (const event of eventsOf(WIRES['openai-chat'].stream(saying))) {
      await reply.write(event);
      await nextTurn();
    }
    reply.end();
  });
  upstream.on('ear', answering(200, JSON_TYPE, '{"text":"Hello."}'));
}
