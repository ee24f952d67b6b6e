import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Snapshot } from '../config/snapshot.ts';
import { errorHeaders } from '../gateway/error-headers.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayFailure, INTERNAL } from '../model/errors.ts';
import type { GatewayError } from '../model/errors.ts';
import { FALLBACK_DIALECT, SOCKET_DIALECTS } from '../protocols/index.ts';
import { guard } from './guard.ts';
import { findPath } from './paths.ts';
import { SocketConnection } from './websocket-connection.ts';
import type { SocketTimes } from './websocket-watch.ts';

const MINUTE = 60_000;
const TIMES: SocketTimes = { ping: MINUTE / 2, life: 60 * MINUTE, lastTurn: MINUTE / 2, farewell: 1000 };

/** The WebSockets of a server. */
export class Sockets {
  readonly #gateway: Gateway;
  readonly #snapshot: Snapshot;
  readonly #times: SocketTimes;
  readonly #faulted: (fault: unknown) => void;
  readonly #server: WebSocketServer;
  readonly #open = new Set<SocketConnection>();

  constructor(
    gateway: Gateway,
    snapshot: Snapshot,
    faulted: (fault: unknown) => void,
    times: Partial<SocketTimes> | undefined,
  ) {
    this.#gateway = gateway;
    this.#snapshot = snapshot;
    this.#faulted = faulted;
    this.#times = { ...TIMES, ...times };
    // Compressed messages would cost memory for each connection, and an attack on it: texts are small enough.
    const maxPayload = snapshot.limits.body;
    this.#server = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload });
  }

  /** Whether a request that asks for an upgrade gets one here; every other is answered as if it had not asked. */
  takes({ method, url, headers }: IncomingMessage): boolean {
    if (!this.#snapshot.webSocket || method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') return false;
    return SOCKET_DIALECTS.has(findPath(url ?? '/').path);
  }

  /** Makes a connection of a request that {@link takes} took. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    try {
      guard(request, true);
      if (!this.#gateway.ready) throw new GatewayFailure(SHUTDOWN);
    } catch (error) {
      if (!(error instanceof GatewayFailure)) this.#faulted(error);
      refuseUpgrade(socket, error instanceof GatewayFailure ? error.error : INTERNAL);
      return;
    }
    const found = findPath(request.url ?? '/');
    const dialect = SOCKET_DIALECTS.get(found.path) ?? FALLBACK_DIALECT;
    const deps = { gateway: this.#gateway, snapshot: this.#snapshot, times: this.#times, dialect, request, found };
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new SocketConnection(webSocket, socket, deps);
      this.#open.add(connection);
      void connection.closed.then(() => this.#open.delete(connection));
    });
  }

  /** Says on every connection that the process stops, after the turns that are running; resolves when all are closed. */
  async close(): Promise<void> {
    const open = [...this.#open];
    for (const connection of open) connection.end(SHUTDOWN, 1001);
    await Promise.all(open.map(({ closed }) => closed));
  }
}

const SHUTDOWN: GatewayError = {
  kind: 'shutdown',
  message: 'The gateway is being stopped. Try again in a moment.',
  retryAfter: 1,
};

// There is no response object for a request that becomes a connection.
function refuseUpgrade(socket: Duplex, error: GatewayError): void {
  const { status, body } = FALLBACK_DIALECT.encodeError(error);
  const headers = {
    ...errorHeaders(error),
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}
