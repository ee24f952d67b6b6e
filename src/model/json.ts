/** A JSON object as parsed: no prototype surprises are relied on, unknown keys are kept. */
export type JsonObject = { readonly [key: string]: Json };

/** Any JSON value. A number whose text a double cannot give back is held as a {@link RawNumber}. */
export type Json = string | number | boolean | null | RawNumber | readonly Json[] | JsonObject;

/** A number kept as its source text (`JSON.rawJSON`), so that `2512292042121000001` and `1.0` leave as they came. */
export interface RawNumber {
  readonly rawJSON: string;
}

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
interface SourceJson {
  parse(text: string, reviver?: SourceReviver): Json;
  isRawJSON(value: unknown): value is RawNumber;
  rawJSON(text: string): RawNumber;
}
// TypeScript's library does not know the parse-with-source functions that every supported Node has.
const source = JSON as unknown as SourceJson;

// Only texts that may hold such a number pay for the reviver, which costs about ten plain parses: digits inside strings seldom follow
// a colon, comma or bracket.
const FRAGILE_NUMBER =
  /(?:^|[:,[])\s*-?(?:\d{16}|\d+\.\d*0(?!\d)|\d+\.\d{16}|(?=[1-9][\d.]{16})\d+\.|0\.0{6}|\d+(?:\.\d+)?[eE]|0(?<=-0)(?![.\d]))/;

/**
 * Parses JSON text without changing any number.
 * @throws SyntaxError when the text is not JSON.
 */
export function parseJson(text: string): Json {
  if (text === lastText) return lastValue;
  const value = FRAGILE_NUMBER.test(text) ? source.parse(text, keepNumber) : source.parse(text);
  if (text.length <= KEPT_LENGTH) {
    lastText = text;
    lastValue = value;
  }
  return value;
}

// A message that passes is looked at twice, by decoder and passage; the second look costs a comparison of two pointers.
const KEPT_LENGTH = 4096;
let lastText: string | undefined;
let lastValue: Json = null;

function keepNumber(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context.source === undefined) return value;
  return JSON.stringify(value) === context.source ? value : source.rawJSON(context.source);
}

/** The number a JSON value stands for, or undefined when it is not a number. */
export function asNumber(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return source.isRawJSON(value) ? Number(value.rawJSON) : undefined;
}

/** The JSON object a value is, or undefined for everything else. */
export function asObject(value: Json | undefined): JsonObject | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return source.isRawJSON(value) ? undefined : (value as JsonObject);
}

/** The list a value is, or undefined for everything else. */
export function asArray(value: Json | undefined): readonly Json[] | undefined {
  return Array.isArray(value) ? (value as readonly Json[]) : undefined;
}

/** The string a value is, or undefined for everything else. */
export function asString(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
