import { asNumber, asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { grandTotal, inputTotal, outputTotal } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';
import { readTokenUsage } from '../openai-tokens.ts';

/** The counters of a response's `usage`; undefined when there is none. Tokens written to a cache are part of the input there. */
export function readUsage(value: Json | undefined): Usage | undefined {
  const usage = readTokenUsage(value);
  const cacheWrite = asNumber(asObject(asObject(value)?.['input_tokens_details'])?.['cache_write_tokens']) ?? 0;
  if (usage === undefined || !(cacheWrite > 0 && cacheWrite <= usage.input)) return usage;
  return { ...usage, input: usage.input - cacheWrite, cacheWrite };
}

/** The `usage` object with all five keys as integers (OR-34); an upstream's own extra figures of the same shape stay. */
export function writeUsage(usage: Usage): JsonObject {
  const given = asObject(usage.raw);
  const raw = asObject(given?.['input_tokens_details']) === undefined ? undefined : given;
  return {
    ...raw,
    input_tokens: Math.round(inputTotal(usage)),
    input_tokens_details: { ...asObject(raw?.['input_tokens_details']), cached_tokens: Math.round(usage.cacheRead) },
    output_tokens: Math.round(outputTotal(usage)),
    output_tokens_details: {
      ...asObject(raw?.['output_tokens_details']),
      reasoning_tokens: Math.round(usage.reasoning),
    },
    total_tokens: Math.round(grandTotal(usage)),
    ...(usage.estimated && { estimated: true }),
  };
}
