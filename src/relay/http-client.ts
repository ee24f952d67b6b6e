import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Client, ClientEvents, ClientSide, ClientTimers } from './client-side.ts';
import { Downstream } from './downstream.ts';
import { sendWhole } from './send-whole.ts';

/** A client that waits for one HTTP response. */
export class HttpClient implements Client {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  side(timers: ClientTimers, events: ClientEvents): ClientSide {
    return new Downstream(this.#response, timers, events);
  }

  refuse(status: number, headers: OutgoingHttpHeaders, body: string): boolean {
    if (this.#response.headersSent || this.#response.destroyed) return false;
    sendWhole(this.#response, status, headers, body);
    return true;
  }
}
