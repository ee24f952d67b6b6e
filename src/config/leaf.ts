import { nearestFirst } from '../model/nearest.ts';
import { z } from 'zod';
import { durationMs, sizeBytes } from './units.ts';

/** A value of the configuration that was not taken: what is wrong and what to write instead. */
export class Refusal {
  readonly message: string;
  readonly mend: string;

  constructor(message: string, mend: string) {
    this.message = message;
    this.mend = mend;
  }
}

type JsonSchema = Readonly<Record<string, unknown>>;

// A `${VAR}` is text until it is filled in, so editors must accept it wherever a number or a word of a list is asked for.
const VARIABLE = String.raw`\$\{.+\}`;

/** A single value: `read` takes what the file says and gives the value in our units or a {@link Refusal}. */
export function leaf<T>(read: (value: unknown) => T | Refusal, schema: JsonSchema): z.ZodType<T> {
  return z
    .unknown()
    .transform((value, context) => {
      const result = read(value);
      if (!(result instanceof Refusal)) return result;
      context.addIssue({ code: 'custom', message: result.message, params: { mend: result.mend } });
      return z.NEVER;
    })
    .meta(schema);
}

/** A span of time in milliseconds, between the bounds given in the same notation. */
export function duration(fallback: string, description: string, least = '1ms', most = '24h'): z.ZodType<number> {
  const read = measure('duration', '`300ms`, `30s`, `5m` or `1h`', 's', durationMs, least, most);
  const pattern = String.raw`^\d+(\.\d+)? ?(ms|s|m|h|d)$|${VARIABLE}`;
  return leaf(read, { type: 'string', pattern, description, $comment: 'duration' }).prefault(fallback);
}

/** A size in bytes, between the bounds given in the same notation. */
export function size(fallback: string, description: string, least = '1KB', most = '4GiB'): z.ZodType<number> {
  const read = measure('size', '`256KB`, `8MB` or `40MiB`', 'MB', sizeBytes, least, most);
  const pattern = String.raw`^\d+(\.\d+)? ?(B|kB|KB|MB|GB|KiB|MiB|GiB)$|${VARIABLE}`;
  return leaf(read, { type: 'string', pattern, description, $comment: 'size' }).prefault(fallback);
}

function measure(
  noun: string,
  samples: string,
  unit: string,
  parse: (text: string) => number | undefined,
  least: string,
  most: string,
): (value: unknown) => number | Refusal {
  return (value) => {
    if (typeof value === 'number')
      return new Refusal(`a ${noun} needs a unit: ${value}`, `write \`${value}${unit}\`, if that is what you mean`);
    const parsed = typeof value === 'string' ? parse(value) : undefined;
    if (parsed === undefined)
      return new Refusal(`not a ${noun}: ${shown(value)}`, `write a number and a unit: ${samples}`);
    if (parsed < (parse(least) ?? 0) || parsed > (parse(most) ?? Infinity))
      return new Refusal(`out of range: ${shown(value)}`, `write a ${noun} between \`${least}\` and \`${most}\``);
    return parsed;
  };
}

/** A whole number between two bounds. */
export function count(fallback: number, description: string, least: number, most: number): z.ZodType<number> {
  const read = (value: unknown): number | Refusal => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most) return number;
    return new Refusal(`not a count: ${shown(value)}`, `write a whole number between ${least} and ${most}`);
  };
  const schema = { type: ['integer', 'string'], minimum: least, maximum: most, pattern: String.raw`^\d+$|${VARIABLE}` };
  return leaf(read, { ...schema, description, $comment: 'count' }).prefault(fallback);
}

/** `true` or `false`. */
export function flag(description: string): z.ZodType<boolean> {
  const read = (value: unknown): boolean | Refusal => {
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    return new Refusal(`neither true nor false: ${shown(value)}`, 'write `true` or `false`');
  };
  const schema = { type: ['boolean', 'string'], pattern: `^(true|false)$|${VARIABLE}` };
  return leaf(read, { ...schema, description, $comment: 'flag' });
}

/** One word of a list. */
export function choice<const T extends string>(words: readonly T[], description: string): z.ZodType<T> {
  const read = (value: unknown): T | Refusal =>
    words.find((word) => word === value) ??
    new Refusal(`not one of the words known here: ${shown(value)}`, `write one of ${fitting(value, words)}`);
  const schema = { anyOf: [{ enum: words }, { type: 'string', pattern: VARIABLE }] };
  return leaf(read, { ...schema, description, $comment: 'word' });
}

// More words than fit into a sentence are of no help; those that look alike are.
const SENTENCE = 12;

function fitting(value: unknown, words: readonly string[]): string {
  const all = words.length <= SENTENCE;
  const named = all ? words : nearestFirst(typeof value === 'string' ? value : '', words).slice(0, 3);
  const list = named.map((word) => `\`${word}\``).join(', ');
  return all ? list : `the ${words.length} words known here; the nearest: ${list}`;
}

/** Text that is not empty, put through `check` if there is one. */
export function text(description: string, check?: (value: string) => string | Refusal): z.ZodType<string> {
  const read = (value: unknown): string | Refusal => {
    if (typeof value !== 'string')
      return new Refusal(
        `not text: ${shown(value)}`,
        typeof value === 'object' ? 'write one text' : 'put it in quotes',
      );
    const trimmed = value.trim();
    if (trimmed === '') return new Refusal('empty text', 'write a value, or leave the key out');
    return check === undefined ? trimmed : check(trimmed);
  };
  return leaf(read, { type: 'string', description, $comment: 'text' });
}

// Long values are cut: they are somebody's paste in the wrong place, and a terminal line is short.
function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const json = JSON.stringify(value);
  return json.length > 40 ? `${json.slice(0, 40)}…` : json;
}
