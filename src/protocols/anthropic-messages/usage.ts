import { asNumber, asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { NO_USAGE, outputTotal } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';

const INPUTS = ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'] as const;

// No answer and no context window comes near this; a larger figure is a fault of the upstream and must not become a price.
const MOST = 100_000_000;

/**
 * What two `usage` objects of one answer come to: totals, so the later one counts, key by key; but figures that are all nothing after real
 * ones are a provider clearing its throat (MS-10, FM-16).
 */
export function mergeUsage(before: JsonObject, later: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...before };
  const silent = INPUTS.every((key) => isNothing(later[key]));
  for (const [key, value] of Object.entries(later)) {
    if (value === null && key in before) continue;
    const kept = key === 'output_tokens' ? isNothing(value) : silent && isInput(key);
    if (!(kept && (asNumber(before[key]) ?? 0) > 0)) merged[key] = value;
  }
  return merged;
}

function isInput(key: string): boolean {
  return INPUTS.some((input) => input === key);
}

function isNothing(value: Json | undefined): boolean {
  return (asNumber(value) ?? 0) === 0;
}

/** Reads a `usage` object into disjoint counters; undefined when it holds no figure above zero. */
export function readUsage(raw: JsonObject): Usage | undefined {
  const [input = 0, cacheRead = 0, cacheWrite = 0] = INPUTS.map((key) => figure(raw[key]));
  const thinking = asObject(raw['output_tokens_details'])?.['thinking_tokens'];
  const all = figure(raw['output_tokens']);
  const reasoning = Math.min(figure(thinking), all);
  if (input + cacheRead + cacheWrite + all === 0) return undefined;
  const suspect = [...INPUTS.map((key) => raw[key]), raw['output_tokens'], thinking].some(isImpossible);
  return {
    ...NO_USAGE,
    input,
    cacheRead,
    cacheWrite,
    output: all - reasoning,
    reasoning,
    ...(raw['estimated'] === true && { estimated: true }),
    ...(suspect && { suspect: true }),
    raw,
  };
}

function figure(value: Json | undefined): number {
  const number = asNumber(value) ?? Number(value ?? 0);
  return Number.isFinite(number) ? Math.trunc(Math.min(Math.max(number, 0), MOST)) : 0;
}

function isImpossible(value: Json | undefined): boolean {
  if (value === undefined || value === null) return false;
  const number = asNumber(value);
  return number === undefined || !Number.isFinite(number) || number < 0 || number > MOST;
}

/**
 * The `usage` object that a client of this format reads; what an upstream of the same format said stands. Audio counts as plain input and
 * output, for which the format has no words of its own.
 */
export function usageObject(usage: Usage): JsonObject {
  const told = usage.suspect === true ? undefined : asObject(usage.raw);
  const own: JsonObject = isOurs(told) ? told : {};
  return {
    input_tokens: Math.round(usage.input + usage.audioInput),
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    output_tokens: Math.round(outputTotal(usage)),
    ...(usage.reasoning > 0 && { output_tokens_details: { thinking_tokens: usage.reasoning } }),
    ...own,
    ...(usage.estimated === true && { estimated: true }),
  };
}

// `input_tokens` and `output_tokens` are words of the Responses format too, whose totals include what was cached.
function isOurs(raw: JsonObject | undefined): raw is JsonObject {
  return raw !== undefined && !('total_tokens' in raw) && asNumber(raw['output_tokens']) !== undefined;
}

/** The `usage` at the end of a stream: nothing that the beginning told as more than zero is taken back (MS-08). */
export function finalUsage(usage: Usage, begun: JsonObject): JsonObject {
  const final = usageObject(usage);
  const kept = Object.entries(final).filter(([key, value]) => asNumber(value) !== 0 || isNothing(begun[key]));
  return Object.fromEntries(kept);
}
