import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { Downstream } from '../../src/relay/downstream.ts';
import { Outlet } from '../../src/relay/outlet.ts';
import { SocketWire } from '../../src/relay/socket-wire.ts';

/** One response that a client waits for, and the connection it leaves on. */
export interface Served {
  readonly socket: Socket;
  readonly outlet: Outlet;
  readonly wire: SocketWire;
  /** `drained` and `gone` as the wire's listener heard them, `kept` or `closes` when the response was over. */
  readonly told: string[];
  /** The answer above the wire; the first call names who listens. */
  readonly down: (writeStall?: number) => Downstream;
}

/** A server without `node:http`: whatever asks is answered by the test. */
export interface WireStage {
  readonly url: string;
  /** The connections so far. */
  readonly sockets: readonly Socket[];
  /** The next response that somebody asks for; `keepAlive` is for how many seconds its connection is kept. */
  next(keepAlive?: number): Promise<Served>;
  /** Asks over a kept connection, as `node:http` does. */
  ask(): Promise<IncomingMessage>;
}

/** Opens a server whose requests have no body; it ends with the test. */
export async function openWires(): Promise<WireStage> {
  const sockets: Socket[] = [];
  const asked: ((keepAlive: number) => Served)[] = [];
  const wanted: { keepAlive: number; resolve: (served: Served) => void }[] = [];
  const meet = (): void => {
    while (asked.length > 0 && wanted.length > 0) {
      const want = wanted.shift();
      const start = asked.shift();
      if (want !== undefined && start !== undefined) want.resolve(start(want.keepAlive));
    }
  };
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    serveOn(socket, (start) => {
      asked.push(start);
      meet();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => {
    agent.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    sockets,
    next: (keepAlive = 75) =>
      new Promise((resolve) => {
        wanted.push({ keepAlive, resolve });
        meet();
      }),
    ask: () => {
      const answer = new Promise<IncomingMessage>((resolve, reject) => {
        const asking = request({ host: '127.0.0.1', port, agent, path: '/' }, resolve);
        asking.on('error', reject);
        asking.end();
      });
      // A test that fails no longer waits for it.
      answer.catch(() => undefined);
      return answer;
    },
  };
}

function serveOn(socket: Socket, asks: (start: (keepAlive: number) => Served) => void): void {
  let current: SocketWire | undefined;
  let held = '';
  const outlet = new Outlet(socket, { sent: () => undefined, drained: () => current?.drained() });
  socket.on('error', () => undefined);
  socket.on('close', () => current?.left());
  socket.on('data', (bytes: Buffer) => {
    held += bytes.toString('latin1');
    while (held.includes('\r\n\r\n')) {
      held = held.slice(held.indexOf('\r\n\r\n') + 4);
      asks((keepAlive) => {
        const served = serve(socket, outlet, keepAlive);
        current = served.wire;
        return served;
      });
    }
  });
}

function serve(socket: Socket, outlet: Outlet, keepAlive: number): Served {
  const told: string[] = [];
  const wire = new SocketWire(outlet, keepAlive, (keeps) => {
    told.push(keeps ? 'kept' : 'closes');
    if (!keeps) outlet.end();
  });
  const events = { drained: () => void told.push('drained'), gone: () => void told.push('gone') };
  const down = (writeStall = 60_000): Downstream => new Downstream(wire, { keepAlive: 0, writeStall }, events);
  return { socket, outlet, wire, told, down };
}

/** All of a body; rejects when it breaks off. */
export async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** Resolves when the turn of the event loop is over, and what was collected in it has left. */
export async function turnOver(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}
