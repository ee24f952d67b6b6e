import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { ChunkWriter } from './chunk-writer.ts';
import { sendWhole } from './send-whole.ts';

/** Timers of the client's side, in milliseconds. */
export interface DownstreamTimers {
  readonly keepAlive: number;
  readonly writeStall: number;
}

/** What the owner of a {@link Downstream} is told. */
export interface DownstreamEvents {
  /** The client takes bytes again. */
  drained(): void;
  /** The client left, or stalled for too long, before the answer was whole. */
  gone(): void;
}

/** The client's side of an answer: collects what belongs together, writes it at once, and says when the client is slow. */
export class Downstream {
  readonly #response: ServerResponse;
  readonly #writer: ChunkWriter;
  readonly #timers: DownstreamTimers;
  readonly #events: DownstreamEvents;
  #text = '';
  #pieces: Uint8Array[] = [];
  #lastWrite = 0;
  #sign: string | undefined;
  #keepAlive: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(response: ServerResponse, timers: DownstreamTimers, events: DownstreamEvents) {
    this.#response = response;
    this.#writer = new ChunkWriter(response);
    this.#timers = timers;
    this.#events = events;
    response.on('drain', this.#onDrain);
    response.on('close', this.#onClose);
    // A reset that races with a write surfaces here; `close` follows and tells the owner.
    response.on('error', () => undefined);
  }

  /** Whether the response head was sent. */
  get opened(): boolean {
    return this.#response.headersSent;
  }

  /** Whether the answer is over, whichever side ended it. */
  get over(): boolean {
    return this.#ended || this.#response.destroyed;
  }

  /** The HTTP status that was sent. */
  get status(): number {
    return this.#response.statusCode;
  }

  /** Sends the head of a stream; `sign` is what may be written between its events to show that it lives. */
  open(status: number, headers: OutgoingHttpHeaders, sign: string | undefined): void {
    if (this.opened || this.over) return;
    this.#sign = this.#timers.keepAlive > 0 ? sign : undefined;
    this.#response.writeHead(status, headers);
    this.#lastWrite = performance.now();
    if (this.#sign !== undefined) this.#keepAlive = setTimeout(this.#onKeepAlive, this.#timers.keepAlive);
  }

  /** Adds a sign of life, where one is allowed. */
  signOfLife(): void {
    if (this.#sign !== undefined) this.write(this.#sign);
  }

  /** Takes whole events or raw bytes; nothing is sent before {@link flush}. */
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

  /** Forgets what was taken and not sent: another attempt begins. */
  discard(): void {
    this.#text = '';
    this.#pieces = [];
  }

  /** Sends everything taken so far in one write; false while the client is slow. */
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

  /** Sends an answer in one piece. */
  whole(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
    if (this.over) return;
    this.#ended = true;
    sendWhole(this.#response, status, headers, body);
    this.#clear();
    // What was written last may wait for a client that reads no more; once it is gone, the server's keep-alive takes the timer over.
    if (!this.#response.writableFinished) this.#watchStall();
  }

  /** Ends the body; nothing follows. */
  end(): void {
    if (this.over) return;
    this.#ended = true;
    // The last events and the end of the body leave together.
    this.#response.end(this.#collected());
    this.#clear();
    // What was written last may wait for a client that reads no more; once it is gone, the server's keep-alive takes the timer over.
    if (!this.#response.writableFinished) this.#watchStall();
  }

  /** Breaks the connection, so that a raw transfer fails instead of ending (SP-03). */
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

  // One timer per silence, not per write: it looks how long the silence is and sleeps for the rest.
  readonly #onKeepAlive = (): void => {
    if (this.over) return;
    const silent = performance.now() - this.#lastWrite;
    const due = this.#timers.keepAlive - silent;
    if (due > 1) {
      this.#keepAlive = setTimeout(this.#onKeepAlive, due);
      return;
    }
    if (!this.#writer.slow) this.signOfLife();
    this.flush();
    this.#keepAlive = setTimeout(this.#onKeepAlive, this.#timers.keepAlive);
  };

  // The socket's own timer begins anew with every byte the client takes; when it rings, the HTTP server breaks the connection.
  #watchStall(): void {
    this.#response.socket?.setTimeout(this.#timers.writeStall);
  }

  #clear(): void {
    clearTimeout(this.#keepAlive);
  }
}
