import type { OutgoingHttpHeaders } from 'node:http';
import type { Client, ClientEvents, ClientSide, ClientTimers } from './client-side.ts';
import { Downstream } from './downstream.ts';
import type { ResponseWire } from './response-wire.ts';

/** A client that waits for one HTTP response. */
export class HttpClient implements Client {
  readonly #wire: ResponseWire;

  constructor(wire: ResponseWire) {
    this.#wire = wire;
  }

  side(timers: ClientTimers, events: ClientEvents): ClientSide {
    return new Downstream(this.#wire, timers, events);
  }

  refuse(status: number, headers: OutgoingHttpHeaders, body: string): boolean {
    if (this.#wire.opened || this.#wire.closed) return false;
    this.#wire.whole(status, headers, body);
    return true;
  }
}
