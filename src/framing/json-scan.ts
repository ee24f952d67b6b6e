const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
// The closing bracket of either kind is the opening one plus 2.
const TO_CLOSING = 2;
// Bytes of a string looked at one by one before a native search takes over: short strings, and long ones full of
// escaped quotes, would otherwise pay for a call every few bytes.
const NEAR = 32;

/** How much structure a body may have before it is parsed. */
interface JsonLimits {
  /** Containers inside one another. */
  readonly depth: number;
  /** Opening brackets and commas together, which is about the number of values: what parsing costs time and memory for. */
  readonly tokens: number;
}

/** Why a body is refused before parsing, and at which byte. */
interface JsonProblem {
  readonly problem: 'depth' | 'tokens' | 'syntax';
  readonly offset: number;
}

/** Bytes `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Where the values of the top-level object stand. */
export interface ScannedObject {
  readonly problem?: undefined;
  /** By key: its values in the order they stand. Of several, JSON.parse takes the last and other parsers the first. Empty for a body that is no object. */
  readonly values: ReadonlyMap<string, readonly ByteRange[]>;
  /** Offset of the closing brace; -1 for a body that is no object. */
  readonly close: number;
}

/** What a scan found. */
type JsonScan = JsonProblem | ScannedObject;

/**
 * Looks over the bytes of a JSON body before it is parsed (T-AMP): refuses what would cost too much, and says where the top-level
 * values are. Whether it is JSON in every detail is for `JSON.parse` to say; whatever that accepts is never `syntax` here.
 * Costs about a millisecond per megabyte of text, far less inside long strings.
 */
export function scanJson(bytes: Uint8Array, limits: JsonLimits): JsonScan {
  try {
    return new Scanner(bytes, limits).body();
  } catch (error) {
    if (error instanceof Refusal) return { problem: error.problem, offset: error.offset };
    throw error;
  }
}

class Refusal extends Error {
  readonly problem: JsonProblem['problem'];
  readonly offset: number;

  constructor(problem: JsonProblem['problem'], offset: number) {
    super(problem);
    this.problem = problem;
    this.offset = offset;
  }
}

class Scanner {
  readonly #bytes: Buffer;
  readonly #limits: JsonLimits;
  /** The closing bracket that each open container waits for. */
  readonly #closers: Uint8Array;
  #at = 0;
  #depth = 0;
  #tokens = 0;

  constructor(bytes: Uint8Array, limits: JsonLimits) {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
    this.#closers = new Uint8Array(limits.depth);
  }

  body(): ScannedObject {
    const values = new Map<string, ByteRange[]>();
    let close = -1;
    if (this.#next() === OPEN_OBJECT) close = this.#object(values);
    else this.#value();
    if (this.#next() !== undefined) throw new Refusal('syntax', this.#at);
    return { values, close };
  }

  /** Reads the top-level object and gives the offset of its closing brace. */
  #object(values: Map<string, ByteRange[]>): number {
    this.#open(OPEN_OBJECT, this.#at);
    this.#at += 1;
    if (this.#next() !== CLOSE_OBJECT) {
      this.#member(values);
      while (this.#next() === COMMA) {
        this.#count(this.#at);
        this.#at += 1;
        this.#member(values);
      }
    }
    this.#take(CLOSE_OBJECT);
    return this.#at - 1;
  }

  #member(values: Map<string, ByteRange[]>): void {
    if (this.#next() !== QUOTE) throw new Refusal('syntax', this.#at);
    const keyStart = this.#at;
    this.#at = this.#afterString(keyStart);
    const key = this.#key(keyStart, this.#at);
    this.#take(COLON);
    this.#next();
    const start = this.#at;
    this.#value();
    const range = { start, end: this.#at };
    const ranges = values.get(key);
    if (ranges === undefined) values.set(key, [range]);
    else ranges.push(range);
  }

  #key(start: number, end: number): string {
    const text = this.#bytes.toString('utf8', start + 1, end - 1);
    if (!text.includes('\\')) return text;
    try {
      return String(JSON.parse(`"${text}"`));
    } catch {
      throw new Refusal('syntax', start);
    }
  }

  /** Passes one value, of which only strings, brackets and commas are looked at. */
  #value(): void {
    const first = this.#next();
    if (first === QUOTE) this.#at = this.#afterString(this.#at);
    else if (first === OPEN_OBJECT || first === OPEN_LIST) this.#container();
    else this.#literal();
  }

  #container(): void {
    const bytes = this.#bytes;
    const outside = this.#depth;
    // A local: the loop runs once per byte outside strings, and a private field would double its time.
    for (let at = this.#at; ; at += 1) {
      const byte = bytes[at];
      if (byte === QUOTE) at = this.#afterString(at) - 1;
      else if (byte === COMMA) this.#count(at);
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.#open(byte, at);
      else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
        this.#close(byte, at);
        this.#at = at + 1;
        if (this.#depth === outside) return;
      } else if (byte === undefined) throw new Refusal('syntax', at);
    }
  }

  /** Passes a number, `true`, `false`, `null`, or what a parser will refuse as none of them. */
  #literal(): void {
    const start = this.#at;
    while (isLiteral(this.#bytes[this.#at])) this.#at += 1;
    if (this.#at === start) throw new Refusal('syntax', start);
  }

  #open(bracket: number, at: number): void {
    if (this.#depth >= this.#limits.depth) throw new Refusal('depth', at);
    this.#closers[this.#depth] = bracket + TO_CLOSING;
    this.#depth += 1;
    this.#count(at);
  }

  #close(bracket: number, at: number): void {
    this.#depth -= 1;
    if (this.#closers[this.#depth] !== bracket) throw new Refusal('syntax', at);
  }

  #count(at: number): void {
    this.#tokens += 1;
    if (this.#tokens > this.#limits.tokens) throw new Refusal('tokens', at);
  }

  /** Passes white space and gives the byte after it, undefined at the end. */
  #next(): number | undefined {
    let at = this.#at;
    while (isSpace(this.#bytes[at])) at += 1;
    this.#at = at;
    return this.#bytes[at];
  }

  #take(byte: number): void {
    if (this.#next() !== byte) throw new Refusal('syntax', this.#at);
    this.#at += 1;
  }

  /** The offset after the string that begins at `start`. */
  #afterString(start: number): number {
    const bytes = this.#bytes;
    let at = start + 1;
    while (at < bytes.length) {
      const near = Math.min(at + NEAR, bytes.length);
      while (at < near) {
        const byte = bytes[at];
        if (byte === QUOTE) return at + 1;
        at += byte === BACKSLASH ? 2 : 1;
      }
      const quote = bytes.indexOf(QUOTE, at);
      if (quote === -1) break;
      let run = quote;
      while (run > at && bytes[run - 1] === BACKSLASH) run -= 1;
      at = quote + 1;
      if ((quote - run) % 2 === 0) return at;
    }
    throw new Refusal('syntax', bytes.length);
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Whether the byte may stand in a literal: neither white space nor JSON punctuation. */
function isLiteral(byte: number | undefined): boolean {
  if (byte === undefined || isSpace(byte)) return false;
  return (
    byte !== COMMA &&
    byte !== COLON &&
    byte !== QUOTE &&
    byte !== OPEN_LIST &&
    byte !== CLOSE_LIST &&
    byte !== OPEN_OBJECT &&
    byte !== CLOSE_OBJECT
  );
}
