import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { GatewayError } from '../model/errors.ts';
import { transportError } from './faults.ts';
import type { Connection, Exchanging } from './http1/connection.ts';
import type { Connections } from './http1/connections.ts';
import { requestHead } from './http1/request-writer.ts';
import type { ResponseHead } from './http1/response-head.ts';
import type { Pool } from './pools.ts';

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
  /** Everything one read of the socket brought, in one piece; its bytes are others' once this returns. */
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

/**
 * Sends one call and delivers its answer as callbacks; no promise and no stream object per chunk.
 * @throws GatewayFailure `invalid_request` for a call that cannot be sent
 */
export function dispatch(pool: Pool, call: UpstreamCall, handler: ExchangeHandler): Exchange {
  const exchange = new UpstreamExchange(requestHead(call, pool), call.body, handler);
  exchange.begin(pool.connections);
  return exchange;
}

class UpstreamExchange implements Exchange, Exchanging {
  readonly head: string;
  readonly body: UpstreamCall['body'];
  readonly #handler: ExchangeHandler;
  #connection: Connection | undefined;

  constructor(head: string, body: UpstreamCall['body'], handler: ExchangeHandler) {
    this.head = head;
    this.body = body;
    this.#handler = handler;
  }

  begin(connections: Connections): void {
    this.#connection = connections.begin(this);
  }

  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  abort(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.destroy();
  }

  headed({ status, headers }: ResponseHead): void {
    this.#handler.head(status, headers);
  }

  came(bytes: Buffer): void {
    this.#handler.data(bytes);
  }

  ended(): void {
    this.#connection = undefined;
    this.#handler.end();
  }

  broke(error: Error, unasked: boolean): void {
    this.#connection = undefined;
    const replayable = typeof this.body === 'string' || this.body instanceof Uint8Array;
    this.#handler.fail(transportError(error), { stale: unasked && replayable });
  }
}
