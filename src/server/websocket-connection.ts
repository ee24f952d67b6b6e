import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { Snapshot } from '../config/snapshot.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Call } from '../gateway/receive.ts';
import { mint } from '../gateway/run-ids.ts';
import type { Connection, Conversation } from '../gateway/stored-answers.ts';
import { objectOf } from '../gateway/stored-items.ts';
import { GatewayFailure } from '../model/errors.ts';
import type { GatewayError } from '../model/errors.ts';
import { asString } from '../model/json.ts';
import type { Dialect } from '../protocols/codec.ts';
import type { FoundPath } from './paths.ts';
import { messageBody } from './websocket-message.ts';
import { SocketTurn } from './websocket-turn.ts';
import type { TurnSocket } from './websocket-turn.ts';
import { SocketWatch } from './websocket-watch.ts';
import type { SocketTimes } from './websocket-watch.ts';

/** What every connection needs. */
export interface SocketDeps {
  readonly gateway: Gateway;
  readonly snapshot: Snapshot;
  readonly times: SocketTimes;
  readonly dialect: Dialect;
  readonly request: IncomingMessage;
  readonly found: FoundPath;
}

const MOST_WAITING = 16;
const UNREADABLE = 1003;

/** One WebSocket: turns one after the other, and the memory of the last of them (OR-74 to OR-82). */
export class SocketConnection implements Connection, TurnSocket {
  readonly closed: Promise<void>;
  readonly #deps: SocketDeps;
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex & { setTimeout?: (ms: number) => void };
  readonly #watch: SocketWatch;
  readonly #waiting: Buffer[] = [];
  #turn: SocketTurn | undefined;
  last: Conversation = [];
  #farewell: { readonly error: GatewayError; readonly code: number } | undefined;

  constructor(webSocket: WebSocket, socket: Duplex, deps: SocketDeps) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#deps = deps;
    socket.on('drain', () => this.#onDrain());
    socket.on('timeout', () => this.break());
    webSocket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    // A message that is too large or a frame that is none: the closing that follows says which.
    webSocket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      webSocket.once('close', () => {
        this.#onClose();
        resolve();
      });
    });
    this.#watch = new SocketWatch(webSocket, deps.times, () => this.end(TOO_OLD, 1000));
  }

  /** Says why and closes, after the turn that is running; whatever waits is not begun. */
  end(error: GatewayError, code: number): void {
    if (this.#farewell !== undefined) return;
    this.#farewell = { error, code };
    this.#waiting.length = 0;
    if (this.#turn === undefined) this.#bye();
    else this.#watch.after(this.#deps.times.lastTurn, () => this.#turn?.gone());
  }

  find(id: string): Conversation | undefined {
    return this.last.at(-1)?.id === id ? this.last : undefined;
  }

  remember(conversation: Conversation): void {
    const status = objectOf(conversation.at(-1)?.body ?? '{}')['status'];
    if (status === 'completed' || status === 'incomplete') this.last = conversation;
  }

  send(messages: readonly string[]): boolean {
    this.#socket.cork();
    for (const message of messages) this.#webSocket.send(message);
    this.#socket.uncork();
    return !this.#socket.writableNeedDrain;
  }

  // The socket's own timer begins anew with every byte the client takes.
  watchStall(ms: number): void {
    this.#socket.setTimeout?.(ms);
  }

  break(): void {
    this.#webSocket.terminate();
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#farewell !== undefined) return;
    if (isBinary || !Buffer.isBuffer(data)) {
      this.#webSocket.close(UNREADABLE, 'messages are JSON texts');
      return;
    }
    this.#waiting.push(data);
    if (this.#turn === undefined) this.#next();
    // What does not fit stays with the client.
    else if (this.#isFull()) this.#webSocket.pause();
  }

  #isFull(): boolean {
    const bytes = this.#waiting.reduce((sum, { length }) => sum + length, 0);
    return this.#waiting.length >= MOST_WAITING || bytes > this.#deps.snapshot.limits.body;
  }

  #next(): void {
    const message = this.#waiting.shift();
    if (this.#webSocket.isPaused && !this.#isFull()) this.#webSocket.resume();
    if (message === undefined) return;
    const before = this.last;
    let previous: string | undefined;
    const turn = new SocketTurn(this, () => {
      // An answer is kept a moment after its end was told.
      setImmediate(() => this.#over(before, previous));
    });
    this.#turn = turn;
    const call = this.#call(turn);
    this.#begin(turn, call, message, (id) => {
      previous = id;
    }).catch((error: unknown) => {
      if (error instanceof GatewayFailure) this.#deps.gateway.refuse(call, error.error);
      else this.#deps.gateway.fault(call, error);
    });
  }

  async #begin(
    turn: SocketTurn,
    call: Call,
    message: Buffer,
    goesOn: (previous: string | undefined) => void,
  ): Promise<void> {
    const body = messageBody(message, this.#deps.snapshot);
    goesOn(asString(body.value['previous_response_id']));
    const received = await this.#deps.gateway.stored.receive(call, body, this);
    // Who left while something was looked up is not waited for.
    if (!turn.over) this.#deps.gateway.serve(received);
  }

  // Whoever failed to go on from the last answer begins anew (OR-78).
  #over(before: Conversation, previous: string | undefined): void {
    this.#turn = undefined;
    if (this.last === before && previous !== undefined && before.at(-1)?.id === previous) this.last = [];
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    if (this.#farewell === undefined) this.#next();
    else this.#bye();
  }

  #call(turn: SocketTurn): Call {
    const { dialect, request, found } = this.#deps;
    return {
      requestId: mint('req'),
      at: Date.now(),
      arrived: performance.now(),
      path: found.path,
      place: found.place,
      home: found.prefix?.provider,
      dialect,
      headers: request.headers,
      client: turn,
    };
  }

  #bye(): void {
    const { error, code } = this.#farewell ?? { error: TOO_OLD, code: 1000 };
    this.send([this.#deps.dialect.encodeError(error).body]);
    this.#webSocket.close(code);
    this.#watch.after(this.#deps.times.farewell, () => this.break());
  }

  #onDrain(): void {
    this.#socket.setTimeout?.(0);
    this.#turn?.drained();
  }

  #onClose(): void {
    this.#watch.stop();
    this.#waiting.length = 0;
    this.#turn?.gone();
  }
}

const TOO_OLD: GatewayError = {
  kind: 'invalid_request',
  code: 'websocket_connection_limit_reached',
  message: 'This connection has reached the end of its time. Open another one.',
};
