import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { inBytes } from './in-bytes.ts';
import type { ResponseWire, WireEncoding, WireEvents } from './response-wire.ts';

// A rest of this size is cheaper to read than a new connection is to make.
const SMALL_REST = 64 * 1024;
const LINGER_MS = 1_000;

/** A response of `node:http`. */
export class NodeWire implements ResponseWire {
  readonly #response: ServerResponse;
  #writeStall = 0;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get opened(): boolean {
    return this.#response.headersSent;
  }

  get closed(): boolean {
    return this.#response.destroyed;
  }

  get status(): number {
    return this.#response.statusCode;
  }

  get slow(): boolean {
    return this.#response.writableNeedDrain;
  }

  listen(events: WireEvents, writeStall: number): void {
    const response = this.#response;
    this.#writeStall = writeStall;
    response.on('drain', () => {
      if (!response.writableEnded) response.socket?.setTimeout(0);
      events.drained();
    });
    response.on('close', () => events.closed());
    // A reset that races with a write surfaces here; `close` follows and tells the owner.
    response.on('error', () => undefined);
  }

  head(status: number, headers: OutgoingHttpHeaders): void {
    this.#response.writeHead(status, headers);
  }

  sendHead(): void {
    this.#response.flushHeaders();
  }

  write(text: string, encoding: WireEncoding): void {
    if (!this.#response.write(text, encoding === 'utf8' ? 'utf8' : 'latin1')) this.#watchStall();
  }

  end(text: string, encoding: WireEncoding): void {
    this.#response.end(text, encoding === 'utf8' ? 'utf8' : 'latin1');
    this.#watchRest();
  }

  // When the client is still sending, the answer says that the connection closes, and the connection stays for a moment: closing it at once would
  // reset it, and the client might never read why.
  whole(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
    const response = this.#response;
    headers['content-length'] = Buffer.byteLength(body);
    if (isStillSending(response.req)) {
      headers.connection = 'close';
      response.writeHead(status, headers);
      response.write(body);
      linger(response);
    } else {
      response.writeHead(status, headers);
      // Before its turn on the connection Node puts the head before all that it holds, unless a text comes with it: also before `100 Continue`.
      if (typeof body !== 'string' && response.socket === null) response.end(inBytes(body), 'latin1');
      else response.end(body);
    }
    this.#watchRest();
  }

  destroy(): void {
    this.#response.destroy();
  }

  // What was written last may wait for a client that reads no more; once it is gone, the server's keep-alive takes the timer over.
  #watchRest(): void {
    if (!this.#response.writableFinished) this.#watchStall();
  }

  // The socket's own timer begins anew with every byte the client takes; when it rings, the HTTP server breaks the connection.
  #watchStall(): void {
    if (this.#writeStall > 0) this.#response.socket?.setTimeout(this.#writeStall);
  }
}

function isStillSending({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  const length = Number(headers['content-length'] ?? 0);
  return (
    headers['transfer-encoding'] !== undefined || length > SMALL_REST || (length > 0 && headers.expect !== undefined)
  );
}

// Whoever reads the body may go on; otherwise little more of it is taken.
function linger(response: ServerResponse): void {
  const { req } = response;
  let dropped = 0;
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  req.once('end', end);
  req.once('close', end);
  req.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > SMALL_REST) req.pause();
  });
}
