import { MalformedResponse, readHead } from './response-head.ts';
import type { ResponseHead } from './response-head.ts';

/** Where the next byte belongs. */
type Step =
  | 'head'
  | 'size'
  | 'padding'
  | 'extension'
  | 'size-end'
  | 'chunk'
  | 'chunk-end'
  | 'chunk-line'
  | 'trailer'
  | 'trailer-value'
  | 'trailer-line'
  | 'last-line'
  | 'rest'
  | 'to-close'
  | 'over';

const CR = 13;
const LF = 10;
const TAB = 9;
const SPACE = 32;
const COLON = 58;
const SEMICOLON = 59;
const HEAD_END = '\r\n\r\n';
// Behind it stands a body, of which a text is not needed.
const USUAL_HEAD = 1024;
const LARGEST_CHUNK = 2 ** 40;
const CHUNK_LINE_LIMIT = 4096;
// Some senders write sizes of a fixed width, filled up with zeros.
const SIZE_DIGITS_LIMIT = 16;
const BEGINNING = 'HTTP/1.';
const IN_NAMES = /[\w!#$%&'*+.^`|~-]/;

/**
 * Reads the responses of one connection (RFC 9112). What one read of the socket brought becomes at most one head and one piece of body, however many
 * chunks it came in: chunks are moved together where they lie. Costs a few comparisons and a move per chunk.
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
  /** The body's bytes that the last read brought, where they lie in it. */
  body: Buffer | undefined;
  /** Whether bytes came that belong to no response. */
  surplus = false;
  /** Whether anything came since the last response was over, be it an announcement or no HTTP at all. */
  begun = false;

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

  /** Another response follows. */
  next(): void {
    this.#step = 'head';
    this.begun = false;
  }

  /**
   * Takes what one read brought; bytes may be moved within it, and none is needed once the body was looked at.
   * @throws MalformedResponse when what came is no response; nothing that follows can be read
   */
  read(bytes: Buffer): void {
    this.begun = true;
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
        this.body = bytes.subarray(at);
        return;
      default:
        this.#chunks(bytes, at);
    }
  }

  #readHead(bytes: Buffer, at: number): number {
    const before = this.#held.length;
    // The end may stand partly in what came before: then that part is looked at once more.
    const from = Math.max(0, before - HEAD_END.length);
    let text = this.#held + bytes.toString('latin1', at, at + USUAL_HEAD);
    let end = text.indexOf(HEAD_END, from);
    if (end < 0 && bytes.length - at > USUAL_HEAD) {
      text = this.#held + bytes.toString('latin1', at, at + this.#headLimit);
      end = text.indexOf(HEAD_END, from);
    }
    // Told by the sum of its bytes, for what one read brings is chance.
    if ((end < 0 ? text.length + 1 : end + HEAD_END.length) > this.#headLimit)
      throw new MalformedResponse(`a head of more than ${this.#headLimit} bytes`);
    if (end < 0) {
      // What is no HTTP may never send what would end a head.
      if (!BEGINNING.startsWith(text.slice(0, BEGINNING.length))) throw new MalformedResponse('no status line');
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
    this.body = bytes.subarray(at, end);
    this.#left -= end - at;
    if (this.#left === 0) this.#step = 'over';
    this.surplus = end < bytes.length;
  }

  #chunks(bytes: Buffer, start: number): void {
    this.#bytes = bytes;
    this.#from = this.#to = 0;
    let at = start;
    while (at < bytes.length && this.#step !== 'over') {
      if (this.#step === 'chunk') {
        at = this.#chunk(at);
        // The usual way from one chunk to the next, in one go.
        if (this.#left === 0 && bytes[at] === CR && bytes[at + 1] === LF) {
          this.#step = 'size';
          at += 2;
        }
      } else if (this.#step === 'size') at = this.#size(bytes, at);
      else this.#framing(bytes[at++] ?? 0);
    }
    this.surplus = at < bytes.length;
    if (this.#to > this.#from) this.body = bytes.subarray(this.#from, this.#to);
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
      case 'padding':
      case 'extension':
        this.#extension(byte);
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
      case 'trailer-value':
        this.#trailer(byte);
        return;
      case 'trailer-line':
        demand(byte, LF);
        this.#line = 0;
        this.#step = 'trailer';
        return;
      default:
        demand(byte, LF);
        this.#step = 'over';
    }
  }

  #size(bytes: Buffer, start: number): number {
    let at = start;
    let left = this.#left;
    let digit = hexDigit(bytes[at] ?? 0);
    while (digit >= 0 && at < bytes.length) {
      left = left * 16 + digit;
      if (left > LARGEST_CHUNK) throw new MalformedResponse('a chunk too large');
      digit = hexDigit(bytes[++at] ?? 0);
    }
    this.#left = left;
    this.#digits += at - start;
    if (this.#digits > SIZE_DIGITS_LIMIT) throw new MalformedResponse('a chunk whose size is too long');
    if (at === bytes.length) return at;
    const byte = bytes[at];
    if (this.#digits === 0) throw new MalformedResponse('a chunk without a size');
    if (byte === CR) this.#step = 'size-end';
    else if (byte === SEMICOLON) this.#step = 'extension';
    else if (byte === SPACE || byte === TAB) this.#step = 'padding';
    else throw new MalformedResponse('a chunk without a size');
    return at + 1;
  }

  // What a chunk says of itself besides its size is read over, and so are spaces before that.
  #extension(byte: number): void {
    if (++this.#line > CHUNK_LINE_LIMIT) throw new MalformedResponse('a chunk that says too much of itself');
    if (byte === CR) this.#step = 'size-end';
    else if (byte === LF) throw new MalformedResponse('a line without its end');
    else if (byte === SEMICOLON) this.#step = 'extension';
    else if (this.#step === 'padding' && byte !== SPACE && byte !== TAB)
      throw new MalformedResponse('a chunk without a size');
  }

  // Fields after the last chunk are read over; `#digits` counts their bytes, `#line` those of the current one.
  #trailer(byte: number): void {
    if (++this.#digits > this.#headLimit)
      throw new MalformedResponse(`more than ${this.#headLimit} bytes after the last chunk`);
    const inName = this.#step === 'trailer';
    if (byte === CR && !inName) this.#step = 'trailer-line';
    else if (byte === CR && this.#line === 0) this.#step = 'last-line';
    else if (byte === COLON && inName && this.#line > 0) this.#step = 'trailer-value';
    else if (inName ? !IN_NAMES.test(String.fromCharCode(byte)) : byte === LF || byte === 0)
      throw new MalformedResponse('what follows the last chunk is no header');
    this.#line++;
  }
}

const EMPTY = Buffer.alloc(0);
const STEPS = { chunked: 'size', length: 'rest', close: 'to-close', none: 'over' } as const;

function demand(byte: number, wanted: number): void {
  if (byte !== wanted) throw new MalformedResponse('a chunk that ends elsewhere');
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
