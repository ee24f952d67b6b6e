import type { Frame } from './frame.ts';

const LF = 10;
const COLON = 58;
const SPACE = 32;
const BOM = '\u00ef\u00bb\u00bf';
const NOTHING: Buffer = Buffer.alloc(0);
// A line buffer up to this size is kept for the next line; a larger one would sit there for the rest of the stream.
const KEPT = 65_536;

/** An event, or one line of it, is longer than the limit; the stream cannot be read further. */
export class FrameTooLarge extends Error {
  /** The limit, in bytes. */
  readonly limit: number;

  constructor(limit: number) {
    super(`An event of the stream is larger than ${limit} bytes.`);
    this.name = 'FrameTooLarge';
    this.limit = limit;
  }
}

/** Sizes a reader keeps to. */
interface SseLimits {
  /** Bytes of one event, and of one line. */
  readonly eventBytes: number;
}

/**
 * Cuts the bytes of a `text/event-stream` into frames by the WHATWG rules (UP-01 to UP-05), however the network cut them.
 * A frame is given out with the byte that completes it. Lines are found and told apart in a one-character-per-byte copy of the chunk,
 * made by one native call; only payloads that are not ASCII are decoded once more. Memory: one event, and one partial line up to twice its length.
 */
export class SseReader {
  readonly #onFrame: (frame: Frame) => void;
  readonly #limit: number;
  /** The line that no line end has come for yet: `#held[0..#heldLength]`. Grows by doubling, so bytes that drip in cost linear time. */
  #held = NOTHING;
  #heldLength = 0;
  /** Payload of the event being read; undefined until its first `data` line. */
  #data: string | undefined;
  #event = '';
  #eventBytes = 0;
  #first = true;
  /** What the carriage return at the end of the last chunk closed; a line feed that comes now belongs to it. */
  #afterCr: 'line' | 'event' | undefined;
  #comments = 0;
  #truncated = false;
  #boundary = 0;

  constructor(onFrame: (frame: Frame) => void, limits: SseLimits) {
    this.#onFrame = onFrame;
    this.#limit = limits.eventBytes;
  }

  /** How many comments came: comment lines, and events whose payload is empty or itself a comment. Each is a sign of life (UP-03). */
  get comments(): number {
    return this.#comments;
  }

  /** After {@link end}: the stream stopped inside an event, which was dropped (UP-04). */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** How many bytes of the last pushed chunk belong to events that are complete; what follows them begins the next event. */
  get boundary(): number {
    return this.#boundary;
  }

  /**
   * The next bytes of the body; they may be reused afterwards.
   * @throws FrameTooLarge when an event or line exceeds the limit (UP-05); the reader is of no use afterwards.
   */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const text = new Bytes(bytes);
    const { raw } = text;
    this.#boundary = 0;
    if (raw === '') return;
    let start = 0;
    if (this.#afterCr !== undefined && raw.charCodeAt(0) === LF) {
      start = 1;
      if (this.#afterCr === 'event') this.#boundary = 1;
    }
    this.#afterCr = undefined;
    // Where the next line end of each kind is; searched again only when passed, so a chunk is searched once for each kind.
    let lf = raw.indexOf('\n', start);
    let cr = raw.indexOf('\r', start);
    while (lf !== -1 || cr !== -1) {
      const isCr = cr !== -1 && (lf === -1 || cr < lf);
      const stop = isCr ? cr : lf;
      let next = stop + 1;
      const completed = this.#heldLength === 0 ? this.#line(text, start, stop) : this.#closeHeld(bytes, start, stop);
      if (isCr && next === raw.length) this.#afterCr = completed ? 'event' : 'line';
      else if (isCr && raw.charCodeAt(next) === LF) next += 1;
      if (completed) this.#boundary = next;
      start = next;
      if (lf !== -1 && lf < start) lf = raw.indexOf('\n', start);
      if (cr !== -1 && cr < start) cr = raw.indexOf('\r', start);
    }
    if (start < raw.length) this.#hold(bytes, start, raw.length);
  }

  /** The body ended. A last event without its blank line counts when its payload is complete (UP-04). */
  end(): void {
    const length = this.#heldLength;
    const comment = length > 0 && this.#held[0] === COLON;
    const cut = length > 0 && endsInsideCharacter(this.#held, length);
    if (length > 0) this.#closeHeld(this.#held, length, length);
    const begun = this.#data !== undefined || this.#event !== '' || (length > 0 && !comment);
    this.#truncated = begun && (cut || this.#data === undefined || !isComplete(this.#data));
    if (this.#truncated) this.#data = undefined;
    this.#dispatch();
    this.#held = NOTHING;
  }

  /** Reads the line that is held, after adding the rest of it; true when it completed an event. */
  #closeHeld(bytes: Buffer, start: number, stop: number): boolean {
    if (stop > start) this.#hold(bytes, start, stop);
    const length = this.#heldLength;
    this.#heldLength = 0;
    const completed = this.#line(new Bytes(this.#held.subarray(0, length)), 0, length);
    if (this.#held.length > KEPT) this.#held = NOTHING;
    return completed;
  }

  #line(text: Bytes, from: number, stop: number): boolean {
    let start = from;
    if (this.#first) {
      this.#first = false;
      if (text.raw.startsWith(BOM, start)) start += BOM.length;
    }
    if (stop === start) {
      this.#dispatch();
      return true;
    }
    if (stop - start > this.#limit) throw new FrameTooLarge(this.#limit);
    if (text.raw.charCodeAt(start) === COLON) this.#comments += 1;
    else if (isField(text.raw, start, stop, 'data')) {
      const value = this.#value(text, start, start + 4, stop);
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    } else if (isField(text.raw, start, stop, 'event')) this.#event = this.#value(text, start, start + 5, stop);
    return false;
  }

  /** The text after a field's name: colon and one space are skipped, where they are. Counts the line into the event's size. */
  #value(text: Bytes, start: number, colon: number, stop: number): string {
    this.#eventBytes += stop - start;
    if (this.#eventBytes > this.#limit) throw new FrameTooLarge(this.#limit);
    if (colon === stop) return '';
    return text.decode(colon + (text.raw.charCodeAt(colon + 1) === SPACE ? 2 : 1), stop);
  }

  #dispatch(): void {
    const data = this.#data;
    const event = this.#event;
    this.#data = undefined;
    this.#event = '';
    this.#eventBytes = 0;
    if (data === undefined) return;
    if (data === '' || data.charCodeAt(0) === COLON) this.#comments += 1;
    else this.#onFrame(event === '' ? { data } : { event, data });
  }

  #hold(bytes: Buffer, start: number, stop: number): void {
    const length = this.#heldLength + stop - start;
    if (length > this.#limit) throw new FrameTooLarge(this.#limit);
    if (length > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(256, length, Math.min(this.#held.length * 2, this.#limit)));
      this.#held.copy(larger, 0, 0, this.#heldLength);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#heldLength, start, stop);
    this.#heldLength = length;
  }
}

/** Bytes and, made by one native call, the same as a string of one character per byte, which is faster to search and to slice. */
class Bytes {
  readonly raw: string;
  readonly #bytes: Buffer;
  readonly #ascii: boolean;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.raw = bytes.toString('latin1');
    this.#ascii = Buffer.byteLength(this.raw) === this.raw.length;
  }

  /** The text from byte to byte; free when all bytes are ASCII. */
  decode(start: number, stop: number): string {
    return this.#ascii ? this.raw.slice(start, stop) : this.#bytes.toString('utf8', start, stop);
  }
}

/** Whether the line is this field: the name, then a colon or nothing. */
function isField(raw: string, start: number, stop: number, name: string): boolean {
  const colon = start + name.length;
  if (stop < colon || (stop > colon && raw.charCodeAt(colon) !== COLON)) return false;
  return raw.startsWith(name, start);
}

function isComplete(data: string): boolean {
  if (data === '[DONE]' || data.charCodeAt(0) === COLON) return true;
  try {
    JSON.parse(data);
    return true;
  } catch {
    return false;
  }
}

/** Whether the bytes stop within a UTF-8 character: a lead byte stands nearer to the end than it announces. */
function endsInsideCharacter(bytes: Buffer, length: number): boolean {
  for (let back = 1; back <= Math.min(3, length); back += 1) {
    const byte = bytes[length - back] ?? 0;
    if (byte < 0x80) return false;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2);
  }
  return false;
}
