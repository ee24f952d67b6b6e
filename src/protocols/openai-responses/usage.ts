import { asNumber, asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { grandTotal, inputTotal, outputTotal } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';

/** The counters of a response's `usage`; undefined when there is none. Cached and reasoning tokens are parts of the totals there. */
export function readUsage(value: Json | undefined): Usage | undefined {
  const raw = asObject(value);
  if (raw === undefined) return undefined;
  let suspect = false;
  const count = (holder: JsonObject | undefined, key: string): number => {
    const given = holder?.[key];
    if (given === undefined || given === null) return 0;
    const number = asNumber(given);
    if (number !== undefined && Number.isFinite(number) && number >= 0) return number;
    suspect = true;
    return 0;
  };
  const input = count(raw, 'input_tokens');
  const output = count(raw, 'output_tokens');
  const inputDetails = asObject(raw['input_tokens_details']);
  const cacheRead = count(inputDetails, 'cached_tokens');
  const cacheWrite = count(inputDetails, 'cache_write_tokens');
  const reasoning = count(asObject(raw['output_tokens_details']), 'reasoning_tokens');
  const total = count(raw, 'total_tokens');
  // More reasoning than output means an upstream that counts it beside the output instead of within it.
  const within = reasoning <= output;
  const usage: Usage = {
    input: Math.max(0, input - cacheRead - cacheWrite),
    cacheRead,
    cacheWrite,
    audioInput: 0,
    output: within ? output - reasoning : output,
    reasoning,
    audioOutput: 0,
    ...(suspect && { suspect: true as const }),
    raw,
  };
  return total > 0 && total !== inputTotal(usage) + outputTotal(usage) ? { ...usage, total } : usage;
}

/** The `usage` object with all five keys as integers (OR-34); an upstream's own extra figures of the same shape stay. */
export function writeUsage(usage: Usage): JsonObject {
  const raw = asObject(usage.raw);
  const inputDetails = asObject(raw?.['input_tokens_details']);
  return {
    ...(inputDetails === undefined ? {} : raw),
    input_tokens: Math.round(inputTotal(usage)),
    input_tokens_details: { ...inputDetails, cached_tokens: Math.round(usage.cacheRead) },
    output_tokens: Math.round(outputTotal(usage)),
    output_tokens_details: {
      ...(inputDetails === undefined ? {} : asObject(raw?.['output_tokens_details'])),
      reasoning_tokens: Math.round(usage.reasoning),
    },
    total_tokens: Math.round(grandTotal(usage)),
    ...(usage.estimated && { estimated: true }),
  };
}
