import { asNumber, asObject } from '../../model/json.ts';
import type { Json } from '../../model/json.ts';
import { inputTotal, NO_USAGE } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';

// No answer and no context window comes near this; a larger figure is a fault of the upstream and must not become a price.
const MOST = 100_000_000;

/** Reads a `usage` object into disjoint counters: here `inputTokens` leaves the cache out and `totalTokens` does not. Undefined without figures. */
export function readUsage(value: Json | undefined): Usage | undefined {
  const raw = asObject(value);
  if (raw === undefined) return undefined;
  let suspect = false;
  let known = false;
  const figure = (...keys: readonly string[]): number => {
    const found = keys.map((key) => raw[key]).find((each) => each !== undefined && each !== null);
    if (found === undefined) return 0;
    known = true;
    const number = asNumber(found) ?? Number(found);
    if (asNumber(found) === undefined || !Number.isFinite(number) || number < 0 || number > MOST) suspect = true;
    return Number.isFinite(number) ? Math.trunc(Math.min(Math.max(number, 0), MOST)) : 0;
  };
  const usage = {
    ...NO_USAGE,
    input: figure('inputTokens'),
    cacheRead: figure('cacheReadInputTokens', 'cacheReadInputTokenCount'),
    cacheWrite: figure('cacheWriteInputTokens', 'cacheWriteInputTokenCount'),
    output: figure('outputTokens'),
  };
  if (!known) return undefined;
  const total = figure('totalTokens');
  const differs = total > 0 && total !== inputTotal(usage) + usage.output;
  return { ...usage, ...(suspect ? { suspect: true } : differs && { total }), raw };
}
