import type { Socket } from 'node:net';
import { afterTurn } from '../transport/turn.ts';
import type { Turning } from '../transport/turn.ts';

const SMALL = 16 * 1024;
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

  /** Takes text with one byte per character. */
  text(text: string): void {
    this.#text += text;
    this.#wait();
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

  #wait(): void {
    if (this.#waits) return;
    this.#waits = true;
    afterTurn(this);
  }

  #send(socket: Socket): boolean {
    const text = this.#text;
    this.#text = '';
    if (text === '') return true;
    // Small texts are copied on the stack, and those of a slow client when their turn comes.
    if (text.length <= SMALL || text.length > WRITES_SIZE || socket.writableLength > 0)
      return socket.write(text, 'latin1');
    const fast = socket.write(writes.subarray(0, writes.write(text, 0, 'latin1')));
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
