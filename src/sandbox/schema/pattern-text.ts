import { fail } from './document.ts';
import type { Pattern } from './pattern.ts';

const LONGEST_TEXT = 100_000;
const MOST_POSITIONS = 2_000_000;
// Tried in this order where a class only says what is not allowed.
const PREFERRED = Array.from(
  'abcdefghijklmnopqrstuvwxyzABC0123456789 -_.,:;!?/\\"\'()[]{}é日',
  (char) => char.codePointAt(0) ?? 0,
);

/** A text that matches the pattern, with each open repeat taken `extra` times more than it must; undefined when it has no character to offer. */
export function textFor(pattern: Pattern, extra: number): string | undefined {
  switch (pattern.type) {
    case 'anchor':
      return '';
    case 'set': {
      const code = pattern.negated ? PREFERRED.find((one) => inSet(one, pattern)) : pattern.ranges[0]?.[0];
      return code === undefined ? undefined : String.fromCodePoint(code);
    }
    case 'either':
      for (const branch of pattern.of) {
        const text = textFor(branch, extra);
        if (text !== undefined) return text;
      }
      return undefined;
    case 'repeat': {
      const times = Math.min(pattern.least + extra, pattern.most);
      const text = times === 0 ? '' : textFor(pattern.of, Math.min(extra, 1));
      return text === undefined || text.length * times > LONGEST_TEXT ? undefined : text.repeat(times);
    }
    case 'sequence': {
      const parts = pattern.of.map((part) => textFor(part, extra));
      return parts.includes(undefined) ? undefined : parts.join('');
    }
    default:
      return pattern satisfies never;
  }
}

/**
 * Whether the pattern matches anywhere in the text, as JSON Schema asks; time grows with the product of both lengths, never exponentially.
 * @throws NoValue when that product is too large.
 */
export function matches(pattern: Pattern, text: string): boolean {
  const codes = [...text].map((char) => char.codePointAt(0) ?? 0);
  const anywhere = new Set(Array.from({ length: codes.length + 1 }, (_, index) => index));
  return new Matcher(codes).endsOf(pattern, anywhere).size > 0;
}

type Positions = ReadonlySet<number>;

class Matcher {
  readonly #codes: readonly number[];
  #left = MOST_POSITIONS;

  constructor(codes: readonly number[]) {
    this.#codes = codes;
  }

  /** All positions at which a match that began at one of `starts` can end. */
  endsOf(pattern: Pattern, starts: Positions): Positions {
    this.#left -= starts.size + 1;
    if (this.#left < 0) fail('its pattern takes too much work');
    const { length } = this.#codes;
    switch (pattern.type) {
      case 'anchor':
        return new Set([...starts].filter((at) => at === (pattern.at === '^' ? 0 : length)));
      case 'set':
        return new Set(
          [...starts].filter((at) => at < length && inSet(this.#codes[at] ?? 0, pattern)).map((at) => at + 1),
        );
      case 'either':
        return new Set(pattern.of.flatMap((branch) => [...this.endsOf(branch, starts)]));
      case 'sequence':
        return pattern.of.reduce<Positions>((from, part) => this.endsOf(part, from), starts);
      case 'repeat':
        return this.#endsOfRepeat(pattern, starts);
      default:
        return pattern satisfies never;
    }
  }

  #endsOfRepeat({ of, least, most }: Extract<Pattern, { type: 'repeat' }>, starts: Positions): Positions {
    const found = new Set(least === 0 ? starts : []);
    let from = starts;
    for (let times = 1; times <= most && from.size > 0; times++) {
      from = this.endsOf(of, from);
      if (times < least) continue;
      const before = found.size;
      for (const at of from) found.add(at);
      if (found.size === before) break;
    }
    return found;
  }
}

function inSet(code: number, { ranges, negated }: Extract<Pattern, { type: 'set' }>): boolean {
  return ranges.some(([from, to]) => code >= from && code <= to) !== negated;
}
