import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Alarm } from './alarm.ts';
import { ChunkWriter } from './chunk-writer.ts';
import type { ClientEvents, ClientSide, ClientTimers } from './client-side.ts';
import { sendWhole } from './send-whole.ts';

/** An answer in an HTTP response: collects what belongs together, writes it at once, and says when the client is slow. */
export class Downstream implements ClientSide {
  readonly #response: ServerResponse;
  readonly #writer: ChunkWriter;
  readonly #timers: ClientTimers;
  readonly #events: ClientEvents;
  #text = '';
  #pieces: Uint8Array[] = [];
  #lastWrite = 0;
  #sign: string | undefined;
  readonly #keepAlive: Alarm = new Alarm(() => this.#onKeepAlive());
  #ended = false;

  constructor(response: ServerResponse, timers: ClientTimers, events: ClientEvents) {
    this.#response = response;
    this.#writer = new ChunkWriter(response);
    this.#timers = timers;
    this.#events = events;
    response.on('drain', this.#onDrain);
    response.on('close', this.#onClose);
    // A reset that races with a write surfaces here; `close` follows and tells the owner.
    response.on('error', () => undefined);
  }

  get opened(): boolean {
    return this.#response.headersSent;
  }

  get over(): boolean {
    return this.#ended || this.#response.destroyed;
  }

  get status(): number {
    return this.#response.statusCode;
  }

  open(status: number, headers: OutgoingHttpHeaders, sign: string | undefined): void {
    if (this.opened || this.over) return;
    this.#sign = this.#timers.keepAlive > 0 ? sign : undefined;
    this.#response.writeHead(status, headers);
    this.#lastWrite = performance.now();
    if (this.#sign !== undefined) this.#keepAlive.set(this.#timers.keepAlive);
  }

  signOfLife(): void {
    if (this.#sign !== undefined) this.write(this.#sign);
  }

  write(chunk: string | Uint8Array): void {
    if (typeof chunk === 'string') {
      this.#text += chunk;
      return;
    }
    if (this.#text !== '') {
      this.#pieces.push(Buffer.from(this.#text));
      this.#text = '';
    }
    this.#pieces.push(chunk);
  }

  discard(): void {
    this.#text = '';
    this.#pieces = [];
  }

  flush(): boolean {
    if (this.over) return true;
    if (!this.opened) return true;
    const chunk = this.#collected();
    if (chunk === undefined) {
      this.#writer.head();
      return !this.#writer.slow;
    }
    this.#lastWrite = performance.now();
    const fast = this.#writer.write(chunk);
    if (!fast) this.#watchStall();
    return fast;
  }

  whole(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
    if (this.over) return;
    this.#ended = true;
    sendWhole(this.#response, status, headers, body);
    this.#clear();
    // What was written last may wait for a client that reads no more; once it is gone, the server's keep-alive takes the timer over.
    if (!this.#response.writableFinished) this.#watchStall();
  }

  end(): void {
    if (this.over) return;
    this.#ended = true;
    // The last events and the end of the body leave together.
    this.#response.end(this.#collected());
    this.#clear();
    // What was written last may wait for a client that reads no more; once it is gone, the server's keep-alive takes the timer over.
    if (!this.#response.writableFinished) this.#watchStall();
  }

  // The connection goes with it, so that a raw transfer fails instead of ending (SP-03).
  abort(): void {
    if (this.over) return;
    this.#ended = true;
    this.#clear();
    this.#response.destroy();
  }

  #collected(): string | Uint8Array | undefined {
    if (this.#pieces.length === 0) {
      const text = this.#text;
      this.#text = '';
      return text === '' ? undefined : text;
    }
    const pieces = this.#pieces;
    if (this.#text !== '') pieces.push(Buffer.from(this.#text));
    this.#text = '';
    this.#pieces = [];
    const [only] = pieces;
    return pieces.length === 1 ? only : Buffer.concat(pieces);
  }

  readonly #onDrain = (): void => {
    if (this.#ended) return;
    this.#response.socket?.setTimeout(0);
    this.#events.drained();
  };

  readonly #onClose = (): void => {
    this.#clear();
    if (!this.#ended) {
      this.#ended = true;
      this.#events.gone();
    }
  };

  // Not set with each write: it looks how long the silence is and sleeps for the rest.
  #onKeepAlive(): void {
    if (this.over) return;
    const silent = performance.now() - this.#lastWrite;
    const due = this.#timers.keepAlive - silent;
    if (due > 1) {
      this.#keepAlive.set(due);
      return;
    }
    if (!this.#writer.slow) this.signOfLife();
    this.flush();
    this.#keepAlive.set(this.#timers.keepAlive);
  }

  // The socket's own timer begins anew with every byte the client takes; when it rings, the HTTP server breaks the connection.
  #watchStall(): void {
    this.#response.socket?.setTimeout(this.#timers.writeStall);
  }

  #clear(): void {
    this.#keepAlive.clear();
  }
}
