/** Most bytes that are held at once: what a parser asks for whole. */
const MOST_HELD = 8 * 1024 * 1024;

/** Reads an upload forwards, holding no more of it than is asked for. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #gone: Promise<never>;
  #held: Buffer = Buffer.alloc(0);
  #ended = false;
  #position = 0;

  /** Every read throws once `signal` is aborted. */
  constructor(stream: AsyncIterable<Uint8Array>, signal: AbortSignal) {
    this.#chunks = stream[Symbol.asyncIterator]();
    this.#gone = new Promise((_resolve, reject) => {
      const leave = (): void => reject(new Error('the client left while its upload was read'));
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });
    this.#gone.catch(() => undefined);
  }

  /** Bytes read or skipped so far. */
  get position(): number {
    return this.#position;
  }

  /** The next bytes without taking them; fewer at the end of the upload. */
  async peek(length: number): Promise<Buffer> {
    const wanted = Math.min(length, MOST_HELD);
    while (this.#held.length < wanted && (await this.#more()));
    return this.#held.subarray(0, wanted);
  }

  /** Takes the next bytes; fewer at the end of the upload. */
  async read(length: number): Promise<Buffer> {
    const bytes = await this.peek(length);
    this.#take(bytes.length);
    return bytes;
  }

  /** Takes bytes unread; gives how many there were. */
  async skip(length: number): Promise<number> {
    let skipped = 0;
    while (skipped < length) {
      if (this.#held.length === 0 && !(await this.#more())) break;
      const step = Math.min(length - skipped, this.#held.length);
      this.#take(step);
      skipped += step;
    }
    return skipped;
  }

  /** Takes all the rest unread; {@link position} is then the size of the upload. */
  async drain(): Promise<void> {
    await this.skip(Infinity);
  }

  #take(length: number): void {
    this.#held = this.#held.subarray(length);
    this.#position += length;
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const next = await Promise.race([this.#chunks.next(), this.#gone]);
    if (next.done === true) {
      this.#ended = true;
      return false;
    }
    const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    return true;
  }
}
