import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

const REQUEST = new IncomingMessage(new Socket());

/** A client that takes everything at once: bytes are counted and go nowhere, so that a bench measures what comes before the socket. */
export class Sink extends ServerResponse {
  /** How much came. */
  bytes = 0;

  constructor() {
    super(REQUEST);
  }

  override flushHeaders(): void {}

  override write(chunk: string | Uint8Array): boolean {
    this.bytes += chunk.length;
    return true;
  }

  override end(): this {
    return this;
  }
}
