/**
 * A regular expression taken apart, of the part that most schemas use: literals, classes, groups, alternatives, counted repeats, anchors.
 * The engine's own RegExp is kept away from patterns that come in from outside, as some take exponential time.
 */
export type Pattern =
  | { readonly type: 'set'; readonly ranges: readonly Range[]; readonly negated: boolean }
  | { readonly type: 'sequence'; readonly of: readonly Pattern[] }
  | { readonly type: 'either'; readonly of: readonly Pattern[] }
  | { readonly type: 'repeat'; readonly of: Pattern; readonly least: number; readonly most: number }
  | { readonly type: 'anchor'; readonly at: '^' | '$' };

type Range = readonly [from: number, to: number];

const DIGIT: readonly Range[] = [[0x30, 0x39]];
const WORD: readonly Range[] = [
  [0x61, 0x7a],
  [0x41, 0x5a],
  [0x30, 0x39],
  [0x5f, 0x5f],
];
const SPACE: readonly Range[] = [
  [0x20, 0x20],
  [0x09, 0x0d],
  [0xa0, 0xa0],
  [0x2028, 0x2029],
];
const CLASSES: Record<string, readonly Range[]> = { d: DIGIT, w: WORD, s: SPACE };
const CONTROLS: Record<string, string> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', 0: '\0' };
const LINE_ENDS: readonly Range[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];

/** Reads a pattern; undefined for what this reader does not know (look-around, back references, property classes). */
export function parsePattern(source: string): Pattern | undefined {
  try {
    const reader = new PatternReader(source);
    const pattern = reader.either();
    return reader.atEnd ? pattern : undefined;
  } catch (error) {
    if (error instanceof UnknownPattern) return undefined;
    throw error;
  }
}

class UnknownPattern extends Error {}

class PatternReader {
  readonly #chars: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#chars = [...source];
  }

  get atEnd(): boolean {
    return this.#at >= this.#chars.length;
  }

  either(): Pattern {
    if (++this.#depth > 50) throw new UnknownPattern();
    const of = [this.#sequence()];
    while (this.#take('|')) of.push(this.#sequence());
    this.#depth--;
    return of.length === 1 && of[0] !== undefined ? of[0] : { type: 'either', of };
  }

  #sequence(): Pattern {
    const of: Pattern[] = [];
    while (!this.atEnd && this.#peek() !== '|' && this.#peek() !== ')') of.push(this.#repeated());
    return { type: 'sequence', of };
  }

  #repeated(): Pattern {
    const of = this.#atom();
    const [least, most] = this.#counts() ?? [1, 1];
    this.#take('?');
    return least === 1 && most === 1 ? of : { type: 'repeat', of, least, most };
  }

  #counts(): readonly [number, number] | undefined {
    if (this.#take('*')) return [0, Infinity];
    if (this.#take('+')) return [1, Infinity];
    if (this.#take('?')) return [0, 1];
    if (this.#peek() !== '{') return undefined;
    const rest = this.#chars.slice(this.#at, this.#at + 24).join('');
    const [whole, least = '', comma, most = ''] = /^\{(\d{1,9})(,(\d{0,9}))?\}/.exec(rest) ?? [];
    if (whole === undefined) throw new UnknownPattern();
    this.#at += whole.length;
    if (comma === undefined) return [Number(least), Number(least)];
    return [Number(least), most.length > 0 && most !== ',' ? Number(most) : Infinity];
  }

  #atom(): Pattern {
    const char = this.#next();
    switch (char) {
      case '^':
      case '$':
        return { type: 'anchor', at: char };
      case '.':
        return { type: 'set', ranges: LINE_ENDS, negated: true };
      case '(':
        return this.#group();
      case '[':
        return this.#set();
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
      case '{':
        throw new UnknownPattern();
      default:
        return single(char);
    }
  }

  #group(): Pattern {
    if (this.#take('?')) {
      if (this.#take('<')) this.#groupName();
      else if (!this.#take(':')) throw new UnknownPattern();
    }
    const inner = this.either();
    if (!this.#take(')')) throw new UnknownPattern();
    return inner;
  }

  #groupName(): void {
    if (this.#peek() === '=' || this.#peek() === '!') throw new UnknownPattern();
    while (this.#next() !== '>');
  }

  #set(): Pattern {
    const negated = this.#take('^');
    const ranges: Range[] = [];
    while (!this.#take(']')) {
      const from = this.#member();
      const dashes = this.#peek() === '-' && this.#chars[this.#at + 1] !== ']';
      if (!dashes || from.length !== 1) {
        ranges.push(...from);
        continue;
      }
      this.#at++;
      const to = this.#member();
      ranges.push([from[0]?.[0] ?? 0, to[0]?.[1] ?? 0]);
    }
    return { type: 'set', ranges, negated };
  }

  #member(): readonly Range[] {
    const char = this.#next();
    const set = char === '\\' ? this.#escape() : single(char);
    if (set.negated) throw new UnknownPattern();
    return set.ranges;
  }

  #escape(): Extract<Pattern, { type: 'set' }> {
    const char = this.#next();
    const ranges = CLASSES[char.toLowerCase()];
    if (ranges !== undefined) return { type: 'set', ranges, negated: char !== char.toLowerCase() };
    if (char === 'u' || char === 'x') return this.#codePoint(char === 'u' ? 4 : 2);
    if (CONTROLS[char] !== undefined) return single(CONTROLS[char]);
    if (/[a-zA-Z1-9]/.test(char)) throw new UnknownPattern();
    return single(char);
  }

  #codePoint(digits: number): Extract<Pattern, { type: 'set' }> {
    const hex = this.#chars.slice(this.#at, this.#at + digits).join('');
    if (!/^[0-9a-fA-F]+$/.test(hex) || hex.length !== digits) throw new UnknownPattern();
    this.#at += digits;
    return single(String.fromCharCode(Number.parseInt(hex, 16)));
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #next(): string {
    const char = this.#chars[this.#at++];
    if (char === undefined) throw new UnknownPattern();
    return char;
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at++;
    return true;
  }
}

function single(char: string): Extract<Pattern, { type: 'set' }> {
  const code = char.codePointAt(0) ?? 0;
  return { type: 'set', ranges: [[code, code]], negated: false };
}
