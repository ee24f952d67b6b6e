import { STATUS_CODES } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http';
import type { Outlet } from './outlet.ts';
import type { ResponseWire, WireEncoding, WireEvents } from './response-wire.ts';

const CRLF = '\r\n';
const LAST_CHUNK = '0\r\n\r\n';
const CHUNKED = 'transfer-encoding: chunked\r\n\r\n';
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const ASCII_VALUE = /^[\t\x20-\x7e]*$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** A response of HTTP/1.1 to a client that asked for it over a plain connection (RFC 9112). */
export class SocketWire implements ResponseWire {
  readonly #outlet: Outlet;
  readonly #over: (keeps: boolean) => void;
  readonly #keepAlive: string;
  #events: WireEvents | undefined;
  #keeps: boolean;
  #head = '';
  #headEncoding: WireEncoding = 'ascii';
  #ended = false;
  opened = false;
  closed = false;
  status = 200;

  /**
   * @param keepAlive seconds for which the connection is kept afterwards; 0 = it ends with this response
   * @param over is told once that the response is complete, and whether the connection may carry another
   */
  constructor(outlet: Outlet, keepAlive: number, over: (keeps: boolean) => void) {
    this.#outlet = outlet;
    this.#over = over;
    this.#keeps = keepAlive > 0;
    this.#keepAlive =
      keepAlive > 0 ? `connection: keep-alive\r\nkeep-alive: timeout=${keepAlive}\r\n` : 'connection: close\r\n';
  }

  get slow(): boolean {
    return this.#outlet.slow;
  }

  listen(events: WireEvents, writeStall: number): void {
    this.#events = events;
    this.#outlet.limit(writeStall);
  }

  head(status: number, headers: OutgoingHttpHeaders): void {
    this.#head = this.#headText(status, headers) + CHUNKED;
    this.opened = true;
    this.status = status;
  }

  sendHead(): void {
    if (this.#head === '') return;
    this.#outlet.text(this.#head, this.#headEncoding);
    this.#head = '';
  }

  write(text: string, encoding: WireEncoding): void {
    // A chunk of no bytes would be the end of the body.
    if (text === '' || this.closed) return;
    this.sendHead();
    const size = encoding === 'utf8' ? Buffer.byteLength(text) : text.length;
    this.#outlet.text(size.toString(16) + CRLF + text + CRLF, encoding);
    this.#outlet.relieve();
  }

  end(text: string, encoding: WireEncoding): void {
    this.write(text, encoding);
    this.sendHead();
    this.#outlet.text(LAST_CHUNK, 'ascii');
    this.#finish();
  }

  whole(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
    const size = Buffer.byteLength(body);
    this.#outlet.text(`${this.#headText(status, headers)}content-length: ${size}\r\n\r\n`, this.#headEncoding);
    this.opened = true;
    this.status = status;
    if (typeof body === 'string') this.#outlet.text(body, size === body.length ? 'ascii' : 'utf8');
    else this.#outlet.bytes(body);
    this.#finish();
  }

  destroy(): void {
    this.#outlet.destroy();
  }

  /** The client takes bytes again. */
  drained(): void {
    this.#events?.drained();
  }

  /** The connection is no more. */
  left(): void {
    if (this.closed) return;
    this.closed = true;
    this.#events?.closed();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#over(this.#keeps);
  }

  // Throws before anything is taken, so that the client can still be told something else.
  #headText(status: number, headers: OutgoingHttpHeaders): string {
    let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`;
    for (const name in headers) {
      const value = headers[name];
      if (value === undefined) continue;
      const field = String(value);
      if (name === 'connection' && field === 'close') {
        this.#keeps = false;
        continue;
      }
      if (!ASCII_VALUE.test(field)) this.#headEncoding = 'latin1';
      if (!NAME.test(name) || (this.#headEncoding !== 'ascii' && !VALUE.test(field)))
        throw new TypeError(`the header ${JSON.stringify(name)} cannot be sent`);
      text += `${name}: ${field}\r\n`;
    }
    return `${text}date: ${today()}\r\n${this.#keeps ? this.#keepAlive : 'connection: close\r\n'}`;
  }
}

// Many answers have a second in common.
let second = -1;
let date = '';

function today(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    date = new Date(now * 1000).toUTCString();
  }
  return date;
}
