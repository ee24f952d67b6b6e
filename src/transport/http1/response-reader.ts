import { MalformedResponse, readHead } from './response-head.ts';
import type { ResponseHead } from './response-head.ts';

/** Where the next byte belongs. */
type Step =
  | 'head'
  | 'size'
  | 'extension'
  | 'size-end'
  | 'chunk'
  | 'chunk-end'
  | 'chunk-line'
  | 'trailer'
  | 'last-line'
  | 'rest'
  | 'to-close'
  | 'over';

const CR = 13;
const LF = 10;
const TAB = 9;
const SPACE = 32;
const SEMICOLON = 59;
const HEAD_END = '\r\n\r\n';
const LARGEST_CHUNK = 2 ** 40;
const CHUNK_LINE_LIMIT = 4096;

/**
 * Reads the responses of one connection (RFC 9112). What one read of the socket brought becomes at most one head and one piece of body, however many
 * chunks it came in: chunks are moved together where they lie, and copied once. Costs a few comparisons and a move per chunk.
 */
export class ResponseReader {
  readonly #headLimit: number;
  #step: Step = 'head';
  #held = '';
  #left = 0;
  #digits = 0;
  #line = 0;
  #bytes: Buffer = EMPTY;
  #from = 0;
  #to = 0;
  /** The head that the last read completed. */
  head: ResponseHead | undefined;
  /** The body's bytes that the last read brought. */
  body: Buffer | undefined;
  /** Whether bytes came that belong to no response. */
  surplus = false;

  /** @param headLimit bytes that a head, or what follows the last chunk, may have */
  constructor(headLimit: number) {
    this.#headLimit = headLimit;
  }

  /** Whether the response is whole. */
  get over(): boolean {
    return this.#step === 'over';
  }

  /** The connection ended, and with it a response of no other end. */
  connectionEnds(): void {
    if (this.#step === 'to-close') this.#step = 'over';
  }

  /** Whether something of a response was read that is not over. */
  get begun(): boolean {
    return this.#step !== 'head' || this.#held !== '';
  }

  /** Another response follows. */
  next(): void {
    this.#step = 'head';
  }

  /**
   * Takes what one read brought; bytes may be moved within it, and none is needed afterwards.
   * @throws MalformedResponse when what came is no response; nothing that follows can be read
   */
  read(bytes: Buffer): void {
    this.head = undefined;
    this.body = undefined;
    this.surplus = false;
    let at = 0;
    // What announces an answer is none (103, 100).
    while (this.#step === 'head' && at < bytes.length) at = this.#readHead(bytes, at);
    if (at >= bytes.length) return;
    switch (this.#step) {
      case 'over':
        this.surplus = true;
        return;
      case 'rest':
        this.#rest(bytes, at);
        return;
      case 'to-close':
        this.body = copied(bytes, at, bytes.length);
        return;
      default:
        this.#chunks(bytes, at);
    }
  }

  #readHead(bytes: Buffer, at: number): number {
    // The end may stand partly in what came before: that part is looked at once more.
    const before = this.#held.length;
    const text = this.#held + bytes.toString('latin1', at, Math.min(bytes.length, at + this.#headLimit));
    const end = text.indexOf(HEAD_END, Math.max(0, before - HEAD_END.length));
    if (end < 0) {
      if (text.length >= this.#headLimit) throw new MalformedResponse(`a head of more than ${this.#headLimit} bytes`);
      this.#held = text;
      return bytes.length;
    }
    this.#held = '';
    const head = readHead(text.slice(0, end));
    if (head.status === 101) throw new MalformedResponse('another protocol');
    if (head.status >= 200) this.#take(head);
    return at + end + HEAD_END.length - before;
  }

  #take(head: ResponseHead): void {
    this.head = head;
    this.#left = head.length;
    this.#step = STEPS[head.ends];
    this.#digits = 0;
    this.#line = 0;
  }

  #rest(bytes: Buffer, at: number): void {
    const end = Math.min(bytes.length, at + this.#left);
    this.body = copied(bytes, at, end);
    this.#left -= end - at;
    if (this.#left === 0) this.#step = 'over';
    this.surplus = end < bytes.length;
  }

  #chunks(bytes: Buffer, start: number): void {
    this.#bytes = bytes;
    this.#from = this.#to = 0;
    let at = start;
    while (at < bytes.length && this.#step !== 'over') {
      if (this.#step === 'chunk') at = this.#chunk(at);
      else this.#framing(bytes[at++] ?? 0);
    }
    this.surplus = at < bytes.length;
    if (this.#to > this.#from) this.body = copied(bytes, this.#from, this.#to);
    this.#bytes = EMPTY;
  }

  /** Moves the bytes of a chunk to those before it; returns where they end. */
  #chunk(at: number): number {
    const bytes = this.#bytes;
    const end = Math.min(bytes.length, at + this.#left);
    if (this.#to === this.#from) {
      this.#from = at;
      this.#to = end;
    } else {
      bytes.copyWithin(this.#to, at, end);
      this.#to += end - at;
    }
    this.#left -= end - at;
    if (this.#left === 0) this.#step = 'chunk-end';
    return end;
  }

  // One byte of what stands between chunks (RFC 9112 §7.1).
  #framing(byte: number): void {
    switch (this.#step) {
      case 'size':
        this.#size(byte);
        return;
      case 'extension':
        if (++this.#line > CHUNK_LINE_LIMIT) throw new MalformedResponse('a chunk that says too much of itself');
        if (byte === CR) this.#step = 'size-end';
        else if (byte === LF) throw new MalformedResponse('a line without its end');
        return;
      case 'size-end':
        demand(byte, LF);
        this.#digits = 0;
        this.#line = 0;
        this.#step = this.#left === 0 ? 'trailer' : 'chunk';
        return;
      case 'chunk-end':
        demand(byte, CR);
        this.#step = 'chunk-line';
        return;
      case 'chunk-line':
        demand(byte, LF);
        this.#step = 'size';
        return;
      case 'trailer':
        this.#trailer(byte);
        return;
      default:
        demand(byte, LF);
        this.#step = 'over';
    }
  }

  #size(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit;
      this.#digits++;
      if (this.#left > LARGEST_CHUNK) throw new MalformedResponse('a chunk too large');
      return;
    }
    if (this.#digits === 0) throw new MalformedResponse('a chunk without a size');
    if (byte === CR) this.#step = 'size-end';
    else if (byte === SEMICOLON || byte === SPACE || byte === TAB) this.#step = 'extension';
    else throw new MalformedResponse('a chunk without a size');
  }

  // Fields after the last chunk are read over; `#digits` counts their bytes, `#line` those of the current one.
  #trailer(byte: number): void {
    if (++this.#digits > this.#headLimit)
      throw new MalformedResponse(`more than ${this.#headLimit} bytes after the last chunk`);
    if (byte === CR && this.#line === 0) this.#step = 'last-line';
    else this.#line = byte === LF ? 0 : this.#line + 1;
  }
}

const EMPTY = Buffer.alloc(0);
const STEPS = { chunked: 'size', length: 'rest', close: 'to-close', none: 'over' } as const;

function copied(bytes: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from);
  bytes.copy(copy, 0, from, to);
  return copy;
}

function demand(byte: number, wanted: number): void {
  if (byte !== wanted) throw new MalformedResponse('a chunk that ends elsewhere');
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
