import type { Pattern } from './pattern.ts';

const MOST_REPEATS = 10_000;
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
      if (times === 0) return '';
      return times > MOST_REPEATS ? undefined : textFor(pattern.of, extra > 1 ? 1 : extra)?.repeat(times);
    }
    case 'sequence': {
      const parts = pattern.of.map((part) => textFor(part, extra));
      return parts.includes(undefined) ? undefined : parts.join('');
    }
    default:
      return pattern satisfies never;
  }
}

/** Whether the pattern matches anywhere in the text, as JSON Schema asks; time grows with the product of both lengths, never exponentially. */
export function matches(pattern: Pattern, text: string): boolean {
  const codes = [...text].map((char) => char.codePointAt(0) ?? 0);
  const anywhere = new Set(Array.from({ length: codes.length + 1 }, (_, index) => index));
  return endsOf(pattern, codes, anywhere).size > 0;
}

// All positions at which a match that began at one of `starts` can end.
function endsOf(pattern: Pattern, codes: readonly number[], starts: ReadonlySet<number>): ReadonlySet<number> {
  switch (pattern.type) {
    case 'anchor':
      return new Set([...starts].filter((at) => at === (pattern.at === '^' ? 0 : codes.length)));
    case 'set':
      return new Set(
        [...starts].filter((at) => at < codes.length && inSet(codes[at] ?? 0, pattern)).map((at) => at + 1),
      );
    case 'either':
      return new Set(pattern.of.flatMap((branch) => [...endsOf(branch, codes, starts)]));
    case 'sequence':
      return pattern.of.reduce<ReadonlySet<number>>((from, part) => endsOf(part, codes, from), starts);
    case 'repeat':
      return endsOfRepeat(pattern, codes, starts);
    default:
      return pattern satisfies never;
  }
}

function endsOfRepeat(
  { of, least, most }: Extract<Pattern, { type: 'repeat' }>,
  codes: readonly number[],
  starts: ReadonlySet<number>,
): ReadonlySet<number> {
  const found = new Set(least === 0 ? starts : []);
  let from = starts;
  for (let times = 1; times <= most && from.size > 0; times++) {
    from = endsOf(of, codes, from);
    if (times < least) {
      if (times > codes.length + 1 && from.size > 0) return from;
      continue;
    }
    const before = found.size;
    for (const at of from) found.add(at);
    if (found.size === before) break;
  }
  return found;
}

function inSet(code: number, { ranges, negated }: Extract<Pattern, { type: 'set' }>): boolean {
  return ranges.some(([from, to]) => code >= from && code <= to) !== negated;
}
