import type { UploadedFile, UploadedFiles } from '../gateway/receive.ts';

/**
 * The files of one form, in a line: each is added when it begins and taken when whoever reads them is done with the one before it. A form is
 * read no further while two of them wait.
 */
export class FileLine implements UploadedFiles {
  readonly #added: UploadedFile[] = [];
  #taken = 0;
  #over = false;
  #destroyed = false;
  #error: Error | undefined;
  /** Wakes whoever waits for the next file, or for room. */
  #wake: (() => void) | undefined;

  get first(): UploadedFile {
    const [first] = this.#added;
    if (first === undefined) throw new Error('no file has begun');
    return first;
  }

  /** How many files have begun. */
  get length(): number {
    return this.#added.length;
  }

  /** Adds a file that begins. */
  add(file: UploadedFile): void {
    this.#added.push(file);
    // Whoever reads the file hears of its failure by reading; before anyone does, it must not end the process.
    file.stream.on('error', () => {});
    if (this.#destroyed) file.stream.destroy();
    this.#wake?.();
  }

  /** No more files come. */
  end(): void {
    this.#over = true;
    this.#wake?.();
  }

  /** The form broke off: the file that is being read fails, or the wait for the next one. */
  fail(error: Error): void {
    this.#error = error;
    for (const { stream } of this.#added) stream.destroy(error);
    this.end();
  }

  /** Resolves when no more than one file waits to be taken. */
  async room(): Promise<void> {
    while (this.#added.length - this.#taken > 1 && !this.#destroyed) await this.#change();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<UploadedFile, void> {
    for (;;) {
      const next = this.#added[this.#taken];
      if (next !== undefined) {
        this.#taken++;
        this.#wake?.();
        yield next;
      } else if (this.#error !== undefined) throw this.#error;
      else if (this.#over || this.#destroyed) return;
      else await this.#change();
    }
  }

  destroy(): void {
    this.#destroyed = true;
    for (const { stream } of this.#added) stream.destroy();
    this.#wake?.();
  }

  // The form's reader waits for room only while a file waits, the files' reader only while none does: never both.
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
