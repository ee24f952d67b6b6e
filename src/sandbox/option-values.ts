import { refuse } from '../model/errors.ts';
import { asObject, parseJson } from '../model/json.ts';
import { nearestFirst } from '../model/nearest.ts';
import { REFUSAL_STATUSES } from './refusal.ts';

/** The most that an option may ask for. */
export const MOST_TOKENS = 1_000_000;

/** Ways to break off an answer: `reset` cuts it, `error` reports one, `timeout` gives up, `stall` falls silent until the client leaves. */
export type FailureMode = (typeof FAILURES)[number];

const FAILURES = ['reset', 'error', 'timeout', 'stall'] as const;
const LONGEST_WAIT_MS = 3_600_000;
const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000 };

/** Milliseconds of a duration with its unit. */
export function duration(name: string, text: string): number {
  const form = 'a duration with its unit (ms, s or m) of at most an hour: ttft=300ms';
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? bad(name, text, form);
  const ms = Number(amount) * (UNIT_MS[unit] ?? 1);
  return ms <= LONGEST_WAIT_MS ? ms : bad(name, text, form);
}

/** A number between two bounds. */
export function number(name: string, text: string, least: number, most: number, form: string): number {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : bad(name, text, `${form} (${least} to ${most})`);
}

/** A whole number between two bounds. */
export function whole(name: string, text: string, least: number, most: number, form: string): number {
  const value = number(name, text, least, most, form);
  return Number.isInteger(value) ? value : bad(name, text, form);
}

/** How an answer breaks off, and after which token. */
export function failure(text: string): { readonly mode: FailureMode; readonly after: number } {
  const [word = '', after = '0', ...rest] = text.split('@');
  const mode = FAILURES.find((known) => known === word);
  if (mode === undefined || rest.length > 0)
    return bad(
      'fail',
      text,
      `one of ${nearestFirst(word, FAILURES).join(', ')}, with the token it happens after: fail=reset@10`,
    );
  return { mode, after: whole('fail', after, 0, MOST_TOKENS, 'a mode and a token count: fail=reset@10') };
}

/** JSON text of an object; a name in an address is percent-encoded, one in a body need not be. */
export function objectText(text: string): string {
  const json = text.startsWith('{') ? text : decoded(text);
  try {
    if (asObject(parseJson(json)) !== undefined) return json;
  } catch {
    // Refused below, like what is no object.
  }
  return bad('args', text, 'the last option, and a JSON object: args={"city":"Bern"}');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An HTTP status to refuse with. */
export function status(text: string): number {
  const found = REFUSAL_STATUSES.find((known) => String(known) === text);
  return found ?? bad('status', text, `one of ${REFUSAL_STATUSES.join(', ')}`);
}

/** Refuses a value and says what form it must have. */
export function bad(name: string, text: string, form: string): never {
  return refuse('model', `The sandbox option '${name}' cannot be '${text}': it must be ${form}.`);
}
