import type { Socket } from 'node:net';
import { afterTurn } from '../transport/turn.ts';
import type { Turning } from '../transport/turn.ts';

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
  #pieces: (string | Uint8Array)[] = [];
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

  /** Takes bytes, which nobody may change any more. */
  bytes(bytes: Uint8Array): void {
    if (this.#text !== '') this.#pieces.push(this.#text);
    this.#text = '';
    this.#pieces.push(bytes);
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
    const pieces = this.#pieces;
    if (pieces.length === 0) return text === '' || socket.write(text, 'latin1');
    this.#pieces = [];
    if (text !== '') pieces.push(text);
    return socket.write(joined(pieces));
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

function joined(pieces: readonly (string | Uint8Array)[]): Buffer {
  let size = 0;
  for (const piece of pieces) size += piece.length;
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'string') bytes.write(piece, at, 'latin1');
    else bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
