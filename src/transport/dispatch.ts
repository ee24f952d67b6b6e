import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { GatewayError } from '../model/errors.ts';
import type { Pool } from './pools.ts';
import { transportError } from './faults.ts';

/** One call of an upstream. */
export interface UpstreamCall {
  readonly method: 'GET' | 'POST';
  /** Path below the upstream's base URL: `/chat/completions`. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array | Readable | null;
}

/** Receives one upstream answer; exactly one of `end` and `fail` comes last. */
export interface ExchangeHandler {
  head(status: number, headers: IncomingHttpHeaders): void;
  /** Everything one read of the socket brought, in one piece. */
  data(chunk: Buffer): void;
  end(): void;
  fail(error: GatewayError, fault: TransportFault): void;
}

/** What is known of a broken exchange besides the error. */
export interface TransportFault {
  /** A kept-alive connection that the upstream had already closed: nothing was processed, so one more try is free. */
  readonly stale: boolean;
}

/** The running exchange, as its owner steers it. */
export interface Exchange {
  pause(): void;
  resume(): void;
  /** Stops the upstream at once; no further callback comes. */
  abort(): void;
}

/** Sends one call and delivers its answer as callbacks; no promise and no stream object per chunk. */
export function dispatch(pool: Pool, call: UpstreamCall, handler: ExchangeHandler): Exchange {
  const exchange = new DispatchedExchange(handler, typeof call.body === 'string' || call.body instanceof Uint8Array);
  pool.dispatcher.dispatch(
    {
      origin: pool.origin,
      path: pool.basePath + call.path,
      method: call.method,
      headers: call.headers,
      body: call.body,
    },
    exchange,
  );
  return exchange;
}

// A callback on a settled promise is a microtask without the async resource that `queueMicrotask` makes for each.
const SOON: Promise<void> = Promise.resolve();

class DispatchedExchange implements Exchange, Dispatcher.DispatchHandler {
  readonly #handler: ExchangeHandler;
  readonly #replayable: boolean;
  #controller: Dispatcher.DispatchController | undefined;
  /** What the current read has brought: its first chunk, and the others. */
  #first: Buffer | undefined;
  #more: Buffer[] = [];
  #answered = false;
  #over = false;
  #paused = false;

  constructor(handler: ExchangeHandler, replayable: boolean) {
    this.#handler = handler;
    this.#replayable = replayable;
  }

  pause(): void {
    this.#paused = true;
    this.#controller?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#controller?.resume();
  }

  abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.#first = undefined;
    this.#controller?.abort(new Error('the exchange was given up'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error('the exchange was given up'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#over || status < 200) return;
    this.#answered = true;
    this.#handler.head(status, headers);
    if (this.#paused) this.#controller?.pause();
  }

  // Every HTTP chunk of one socket read arrives here before any microtask runs: gathering them makes one write of one read.
  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    if (this.#first === undefined) {
      this.#first = chunk;
      void SOON.then(this.#flush);
    } else this.#more.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#over) return;
    this.#flush();
    if (this.#over) return;
    this.#over = true;
    this.#handler.end();
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#over) return;
    this.#flush();
    if (this.#over) return;
    this.#over = true;
    const code = (error as NodeJS.ErrnoException).code;
    const stale =
      !this.#answered && this.#replayable && (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE');
    this.#handler.fail(transportError(error), { stale });
  }

  readonly #flush = (): void => {
    const first = this.#first;
    if (first === undefined || this.#over) return;
    this.#first = undefined;
    if (this.#more.length === 0) {
      this.#handler.data(first);
      return;
    }
    const chunks = [first, ...this.#more];
    this.#more = [];
    this.#handler.data(Buffer.concat(chunks));
  };
}
