import type { ResponseWire } from '../src/relay/response-wire.ts';

/** A client that takes everything at once: bytes are counted and go nowhere, so that a bench measures what comes before the socket. */
export class Sink implements ResponseWire {
  /** How much came. */
  bytes = 0;
  opened = false;
  readonly closed = false;
  readonly status = 200;
  readonly slow = false;

  listen(): void {
    // It is never slow and never leaves.
  }

  head(): void {
    this.opened = true;
  }

  sendHead(): void {
    this.opened = true;
  }

  write(text: string): void {
    this.bytes += text.length;
  }

  end(text: string): void {
    this.bytes += text.length;
  }

  whole(_status: number, _headers: unknown, body: string | Uint8Array): void {
    this.bytes += body.length;
  }

  destroy(): void {
    this.opened = true;
  }
}
