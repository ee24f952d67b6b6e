import type { ServerResponse } from 'node:http';

// A body this large costs more to copy than four small writes do.
const COPY_LIMIT = 16 * 1024;
const CRLF = '\r\n';

/**
 * Writes the chunks of one streamed response. The first goes through `node:http`, which sends the head with it; the following ones are framed
 * here and handed to the socket in one piece, a quarter cheaper per event than `response.write`, which makes four writes of each.
 */
export class ChunkWriter {
  readonly #response: ServerResponse;
  #begun = false;
  #waiting = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Whether the client still has to take what was written; `drain` on the response follows. */
  get slow(): boolean {
    return this.#waiting || this.#response.writableNeedDrain;
  }

  /** Sends the head by itself, where nothing is there to go with it. */
  head(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#response.flushHeaders();
  }

  /** Writes one chunk; false when the client is slow. */
  write(chunk: string | Uint8Array): boolean {
    // A chunk of no bytes would be the end of the body.
    if (chunk.length === 0) return !this.slow;
    const { socket } = this.#response;
    // Without a socket the response waits for its turn behind a pipelined one; without chunks (HTTP/1.0) there is nothing to frame.
    if (!this.#begun || socket === null || !this.#response.chunkedEncoding || chunk.length > COPY_LIMIT) {
      this.#begun = true;
      return this.#response.write(chunk);
    }
    const fast = typeof chunk === 'string' ? writeText(socket, chunk) : socket.write(framed(chunk));
    if (!fast && !this.#waiting) {
      this.#waiting = true;
      socket.once('drain', () => {
        this.#waiting = false;
        this.#response.emit('drain');
      });
    }
    return fast;
  }
}

function writeText(socket: NonNullable<ServerResponse['socket']>, text: string): boolean {
  const bytes = Buffer.byteLength(text);
  return socket.write(bytes.toString(16) + CRLF + text + CRLF, bytes === text.length ? 'latin1' : 'utf8');
}

function framed(bytes: Uint8Array): Buffer {
  const size = bytes.length.toString(16) + CRLF;
  const chunk = Buffer.allocUnsafe(size.length + bytes.length + CRLF.length);
  chunk.write(size, 'latin1');
  chunk.set(bytes, size.length);
  chunk.write(CRLF, size.length + bytes.length, 'latin1');
  return chunk;
}
