import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { GatewayFailure } from '../../model/errors.ts';
import type { UpstreamCall } from '../dispatch.ts';

const PATH = /^[\x21-\x7e]+$/;
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
// What would end a field and begin another, or does not fit into a byte (RFC 9110 §5.5).
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;
const LAST_CHUNK = '0\r\n\r\n';

/**
 * The head of a request, with the empty line that ends it.
 * @param place path below which the upstream answers, and its name for the `host` field
 * @throws GatewayFailure `invalid_request` for a call that would not be one request on the wire
 */
export function requestHead(call: UpstreamCall, place: { readonly basePath: string; readonly host: string }): string {
  const path = place.basePath + call.path;
  if (!PATH.test(path)) unsendable('path');
  let head = `${call.method} ${path} HTTP/1.1\r\nhost: ${place.host}\r\nconnection: keep-alive\r\n`;
  for (const name in call.headers) {
    const value = call.headers[name] ?? '';
    if (!NAME.test(name) || UNSENDABLE.test(value)) unsendable(`header ${JSON.stringify(name)}`);
    head += `${name}: ${value}\r\n`;
  }
  const { body } = call;
  if (body === null) return call.method === 'POST' ? `${head}content-length: 0\r\n\r\n` : `${head}\r\n`;
  if (typeof body === 'string' || body instanceof Uint8Array)
    return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return `${head}transfer-encoding: chunked\r\n\r\n`;
}

function unsendable(what: string): never {
  throw new GatewayFailure({
    kind: 'invalid_request',
    message: `The ${what} holds characters that HTTP cannot carry.`,
  });
}

/** Writes a request whose body is known, in one piece. */
export function writeRequest(socket: Socket, head: string, body: string | Uint8Array | null): void {
  if (body === null) {
    socket.write(head, 'latin1');
    return;
  }
  const size = Buffer.byteLength(body);
  const bytes = Buffer.allocUnsafe(head.length + size);
  bytes.write(head, 'latin1');
  if (typeof body === 'string') bytes.write(body, head.length);
  else bytes.set(body, head.length);
  socket.write(bytes);
}

/** Sends a body of unknown length as it comes, no faster than the upstream takes it; hears of its faults before, too. */
export class BodyUpload {
  readonly #socket: Socket;
  readonly #body: Readable;
  readonly #failed: (error: Error) => void;
  /** Whether all of it was sent. */
  complete = false;
  #over = false;

  constructor(socket: Socket, body: Readable, failed: (error: Error) => void) {
    this.#socket = socket;
    this.#body = body;
    this.#failed = failed;
    body.on('error', this.#onError);
    body.on('close', this.#onClose);
    // What is closed already says so to nobody again.
    if (body.destroyed) this.#onError(body.errored ?? cutShort());
  }

  /** Begins to send, behind the head of the request. */
  start(): void {
    if (this.#over) return;
    this.#body.on('data', this.#onData);
    this.#body.on('end', this.#onEnd);
    this.#socket.on('drain', this.#onDrain);
  }

  /** Nothing more is sent. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket.off('drain', this.#onDrain);
    this.#body.off('data', this.#onData);
    if (!this.complete) this.#body.destroy();
  }

  readonly #onData = (chunk: Uint8Array | string): void => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    // A chunk of no bytes would be the end of the body.
    if (bytes.length === 0) return;
    this.#socket.cork();
    this.#socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
    this.#socket.write(bytes);
    const fast = this.#socket.write('\r\n', 'latin1');
    this.#socket.uncork();
    if (!fast) this.#body.pause();
  };

  readonly #onDrain = (): void => {
    this.#body.resume();
  };

  readonly #onEnd = (): void => {
    if (this.#over) return;
    this.complete = true;
    this.#socket.write(LAST_CHUNK, 'latin1');
    this.stop();
  };

  readonly #onError = (error: Error): void => {
    if (this.#over) return;
    this.stop();
    this.#failed(error);
  };

  readonly #onClose = (): void => {
    if (!this.#over) this.#onError(cutShort());
  };
}

function cutShort(): Error {
  return new Error('the body ended before it was complete');
}
