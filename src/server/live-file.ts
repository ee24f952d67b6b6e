import { Readable } from 'node:stream';

/** A file on its way through: what comes in at one side is read at the other, and a slow reader slows the sender. */
export class LiveFile extends Readable {
  #wanted = true;
  #wake: (() => void) | undefined;

  /** Adds a piece; pieces after the stream was destroyed are dropped. */
  add(bytes: Uint8Array): void {
    if (!this.destroyed) this.#wanted = this.push(bytes);
  }

  /** No more pieces come. */
  finish(): void {
    if (!this.destroyed) this.push(null);
  }

  /** Resolves when the reader wants more, or no longer reads at all. */
  async ready(): Promise<void> {
    if (!this.#wanted && !this.destroyed) await new Promise<void>((wake) => (this.#wake = wake));
  }

  override _read(): void {
    this.#wanted = true;
    this.#wake?.();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#wake?.();
    done(error);
  }
}
