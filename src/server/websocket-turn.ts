import type { OutgoingHttpHeaders } from 'node:http';
import type { Client, ClientEvents, ClientSide, ClientTimers } from '../relay/client-side.ts';

/** The socket that turns are told on. */
export interface TurnSocket {
  /** Sends messages together; false while the client is slow. */
  send(messages: readonly string[]): boolean;
  /** Breaks the connection when the client takes no byte for so many milliseconds. */
  watchStall(ms: number): void;
  /** Breaks the connection now. */
  break(): void;
}

/** One turn on a socket: an answer as messages, and the end of it told to the connection. */
export class SocketTurn implements Client, ClientSide {
  readonly #socket: TurnSocket;
  readonly #ended: () => void;
  #events: ClientEvents | undefined;
  #writeStall = 0;
  #messages: string[] = [];
  opened = false;
  over = false;
  status = 200;

  /** @param ended is called once, when the turn has told its last message or never will */
  constructor(socket: TurnSocket, ended: () => void) {
    this.#socket = socket;
    this.#ended = ended;
  }

  side({ writeStall }: ClientTimers, events: ClientEvents): ClientSide {
    this.#writeStall = writeStall;
    this.#events = events;
    return this;
  }

  refuse(status: number, headers: OutgoingHttpHeaders, body: string): boolean {
    if (this.over) return false;
    this.whole(status, headers, body);
    return true;
  }

  open(status: number): void {
    this.opened = true;
    this.status = status;
  }

  // The connection pings by itself.
  signOfLife(): void {}

  write(chunk: string | Uint8Array): void {
    this.#messages.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
  }

  pass(bytes: string): void {
    this.write(Buffer.from(bytes, 'latin1'));
  }

  discard(): void {
    this.#messages = [];
  }

  flush(): boolean {
    if (this.over || !this.opened) return true;
    const messages = this.#messages;
    this.#messages = [];
    const fast = this.#socket.send(messages);
    if (!fast) this.#socket.watchStall(this.#writeStall);
    return fast;
  }

  whole(status: number, _headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
    if (this.over) return;
    this.opened = true;
    this.status = status;
    this.write(body);
    this.#finish();
  }

  end(): void {
    if (!this.over) this.#finish();
  }

  abort(): void {
    if (this.over) return;
    this.over = true;
    this.#socket.break();
  }

  /** The client takes bytes again. */
  drained(): void {
    if (!this.over) this.#events?.drained();
  }

  /** The client has left, or is not waited for any more. */
  gone(): void {
    if (this.over) return;
    this.over = true;
    this.#events?.gone();
    this.#ended();
  }

  #finish(): void {
    if (!this.flush()) this.#socket.watchStall(this.#writeStall);
    this.over = true;
    this.#ended();
  }
}
