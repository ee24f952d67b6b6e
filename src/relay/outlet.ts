import type { Socket } from 'node:net';
import { inBytes } from './in-bytes.ts';
import type { WireEncoding } from './response-wire.ts';
import { afterTurn } from '../transport/turn.ts';
import type { Turning } from '../transport/turn.ts';

const SMALL = 16 * 1024;
const UTF8_AT_MOST = 3;
const MUCH = 48 * 1024;
const WRITES_SIZE = 256 * 1024;
// Longer texts of all clients leave through it, one after the other: memory of their own, for the moment that a write takes, costs more than the copy.
let writes: Buffer = Buffer.allocUnsafeSlow(WRITES_SIZE);

/** What the owner of an {@link Outlet} is told. */
export interface OutletOwner {
  /** What was taken so far is on its way. */
  sent(): void;
  /** The client takes bytes again. */
  drained(): void;
}

/** Writes to the socket of a client: what one turn of the event loop brings together leaves in one piece. */
export class Outlet implements Turning {
  readonly #socket: Socket;
  readonly #owner: OutletOwner;
  #text = '';
  #encoding: WireEncoding = 'ascii';
  #waits = false;
  #ends = false;
  #writeStall = 0;
  /** Whether the client still has to take what was written. */
  slow = false;

  constructor(socket: Socket, owner: OutletOwner) {
    this.#socket = socket;
    this.#owner = owner;
    socket.on('drain', this.#onDrain);
    socket.on('timeout', this.#onTimeout);
  }

  /** Whether something was taken that is not yet on its way. */
  get waits(): boolean {
    return this.#waits;
  }

  /** Whether all that was taken has left. */
  get empty(): boolean {
    return !this.#waits && this.#socket.writableLength === 0;
  }

  /** Lets go of the socket. */
  detach(): void {
    this.#socket.off('drain', this.#onDrain);
    this.#socket.off('timeout', this.#onTimeout);
  }

  /** Cuts a client off that takes nothing for so many milliseconds. */
  limit(writeStall: number): void {
    this.#writeStall = writeStall;
  }

  /** Takes text. */
  text(text: string, encoding: WireEncoding): void {
    // Not in one step: what was taken before may become another text.
    const agreed = encoding === 'ascii' || encoding === this.#encoding ? text : this.#agreed(text, encoding);
    this.#text += agreed;
    this.#wait();
  }

  /** Takes bytes, which nobody may change any more. */
  bytes(bytes: Uint8Array): void {
    if (bytes.length < MUCH) {
      this.text(inBytes(bytes), 'latin1');
      return;
    }
    this.#wait();
    if (this.#socket.destroyed) return;
    // In this order, and not copied together.
    this.#send(this.#socket);
    if (!this.#socket.write(bytes)) this.slow = true;
  }

  /** Sends at once what was taken if it is much: a turn may bring two megabytes to one client, and only the socket tells whether it takes them. */
  relieve(): void {
    if (this.#text.length >= MUCH) this.turned();
  }

  /** Ends the connection behind all that was taken. */
  end(): void {
    this.#ends = true;
    this.#wait();
  }

  /** Breaks the connection behind all that was taken. */
  destroy(): void {
    this.turned();
    this.#socket.destroy();
  }

  turned(): void {
    if (!this.#waits) return;
    this.#waits = false;
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (!this.#send(socket)) this.slow = true;
    // The socket's own timer begins anew with every byte the client takes.
    if (this.#writeStall > 0 && socket.writableLength > 0) socket.setTimeout(this.#writeStall);
    if (this.#ends) socket.destroySoon();
    this.#owner.sent();
  }

  // All that leaves together is of one encoding; that they meet is rare.
  #agreed(text: string, encoding: WireEncoding): string {
    const before = this.#encoding;
    if (before === 'latin1') return inBytes(text);
    if (before === 'utf8') this.#text = inBytes(this.#text);
    this.#encoding = encoding;
    return text;
  }

  #wait(): void {
    if (this.#waits) return;
    this.#waits = true;
    afterTurn(this);
  }

  #send(socket: Socket): boolean {
    const text = this.#text;
    const encoding = this.#encoding === 'utf8' ? 'utf8' : 'latin1';
    this.#text = '';
    this.#encoding = 'ascii';
    if (text === '') return true;
    // Small texts are copied on the stack, and those of a slow client when their turn comes.
    const most = encoding === 'utf8' ? text.length * UTF8_AT_MOST : text.length;
    if (text.length <= SMALL || most > WRITES_SIZE || socket.writableLength > 0) return socket.write(text, encoding);
    const fast = socket.write(writes.subarray(0, writes.write(text, 0, encoding)));
    // What the client did not take at once is still there.
    if (socket.writableLength > 0) writes = Buffer.allocUnsafeSlow(WRITES_SIZE);
    return fast;
  }

  readonly #onDrain = (): void => {
    this.slow = false;
    this.#owner.drained();
  };

  readonly #onTimeout = (): void => {
    if (this.#socket.writableLength > 0) this.#socket.destroy();
    else this.#socket.setTimeout(0);
  };
}
