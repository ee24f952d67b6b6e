// A string that grows piece by piece is a chain of all its pieces, and each of them lives as long as the chain: a garbage collection walks
// them all. So many are made one string at a time.
const TOGETHER = 32;

/** A text that grows by a token at a time, and is kept as few strings. */
export class LongText {
  #text = '';
  #pieces: string[] = [];

  /** Adds a piece. */
  add(piece: string): void {
    if (this.#pieces.push(piece) === TOGETHER) this.#gather();
  }

  /** All of it. */
  get value(): string {
    if (this.#pieces.length > 0) this.#gather();
    return this.#text;
  }

  #gather(): void {
    this.#text += this.#pieces.join('');
    this.#pieces = [];
  }
}
