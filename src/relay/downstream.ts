import type { OutgoingHttpHeaders } from 'node:http';
import { Alarm } from './alarm.ts';
import type { ClientEvents, ClientSide, ClientTimers } from './client-side.ts';
import { inBytes } from './in-bytes.ts';
import type { ResponseWire, WireEncoding, WireEvents } from './response-wire.ts';

/** An answer in an HTTP response: collects what belongs together, writes it at once, and says when the client is slow. */
export class Downstream implements ClientSide, WireEvents {
  readonly #wire: ResponseWire;
  readonly #timers: ClientTimers;
  readonly #events: ClientEvents;
  #text = '';
  /** Whether that text is known to be ASCII. */
  #ascii = true;
  /** What came before that text; one character per byte. */
  #bytes = '';
  /** Of what was collected last. */
  #encoding: WireEncoding = 'ascii';
  #lastWrite = 0;
  #sign: string | undefined;
  readonly #keepAlive: Alarm = new Alarm(() => this.#onKeepAlive());
  #ended = false;

  constructor(wire: ResponseWire, timers: ClientTimers, events: ClientEvents) {
    this.#wire = wire;
    this.#timers = timers;
    this.#events = events;
    wire.listen(this, timers.writeStall);
  }

  get opened(): boolean {
    return this.#wire.opened;
  }

  get over(): boolean {
    return this.#ended || this.#wire.closed;
  }

  get status(): number {
    return this.#wire.status;
  }

  open(status: number, headers: OutgoingHttpHeaders, sign: string | undefined): void {
    if (this.opened || this.over) return;
    this.#sign = this.#timers.keepAlive > 0 ? sign : undefined;
    this.#wire.head(status, headers);
    this.#lastWrite = performance.now();
    if (this.#sign !== undefined) this.#keepAlive.set(this.#timers.keepAlive);
  }

  signOfLife(): void {
    if (this.#sign !== undefined) this.write(this.#sign);
  }

  write(chunk: string | Uint8Array, ascii = false): void {
    if (typeof chunk !== 'string') {
      this.pass(inBytes(chunk));
      return;
    }
    this.#text += chunk;
    this.#ascii &&= ascii;
  }

  pass(bytes: string): void {
    if (this.#text !== '') this.#bytes += inBytes(this.#text);
    this.#text = '';
    this.#bytes += bytes;
  }

  discard(): void {
    this.#text = '';
    this.#bytes = '';
  }

  flush(): boolean {
    if (!this.opened || this.over) return true;
    const text = this.#collected();
    if (text === '') this.#wire.sendHead();
    else {
      this.#lastWrite = performance.now();
      this.#wire.write(text, this.#encoding);
    }
    return !this.#wire.slow;
  }

  whole(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
    if (this.over) return;
    this.#ended = true;
    this.#wire.whole(status, headers, body);
    this.#keepAlive.clear();
  }

  end(): void {
    if (this.over) return;
    this.#ended = true;
    // The last events and the end of the body leave together.
    const text = this.#collected();
    this.#wire.end(text, this.#encoding);
    this.#keepAlive.clear();
  }

  // The connection goes with it, so that a raw transfer fails instead of ending (SP-03).
  abort(): void {
    if (this.over) return;
    this.#ended = true;
    this.#keepAlive.clear();
    this.#wire.destroy();
  }

  drained(): void {
    if (!this.#ended) this.#events.drained();
  }

  closed(): void {
    this.#keepAlive.clear();
    if (this.#ended) return;
    this.#ended = true;
    this.#events.gone();
  }

  #collected(): string {
    const text = this.#text;
    const bytes = this.#bytes;
    this.#text = '';
    this.#bytes = '';
    const ascii = this.#ascii;
    this.#ascii = true;
    if (bytes === '') {
      // A look at a text puts its pieces together, and the write does so again.
      this.#encoding = ascii || Buffer.byteLength(text) === text.length ? 'ascii' : 'utf8';
      return text;
    }
    this.#encoding = 'latin1';
    return text === '' ? bytes : bytes + inBytes(text);
  }

  // Not set with each write: it looks how long the silence is and sleeps for the rest.
  #onKeepAlive(): void {
    if (this.over) return;
    const silent = performance.now() - this.#lastWrite;
    const due = this.#timers.keepAlive - silent;
    if (due > 1) {
      this.#keepAlive.set(due);
      return;
    }
    if (!this.#wire.slow) this.signOfLife();
    this.flush();
    this.#keepAlive.set(this.#timers.keepAlive);
  }
}
