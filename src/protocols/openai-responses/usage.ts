import { asNumber, asObject } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import { grandTotal, inputTotal, outputTotal } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';

/**
 * The `usage` object with all five keys as integers (OR-34). Figures an upstream of this format gave stand as they came, its further
 * ones included, unless one of them was impossible.
 */
export function writeUsage(usage: Usage): JsonObject {
  const given = usage.suspect === true ? undefined : asObject(usage.raw);
  const raw = asObject(given?.['input_tokens_details']) === undefined ? {} : (given ?? {});
  const inputDetails = asObject(raw['input_tokens_details']) ?? {};
  const outputDetails = asObject(raw['output_tokens_details']) ?? {};
  return {
    ...raw,
    input_tokens: figure(raw['input_tokens'], inputTotal(usage)),
    input_tokens_details: { ...inputDetails, cached_tokens: figure(inputDetails['cached_tokens'], usage.cacheRead) },
    output_tokens: figure(raw['output_tokens'], outputTotal(usage)),
    output_tokens_details: {
      ...outputDetails,
      reasoning_tokens: figure(outputDetails['reasoning_tokens'], usage.reasoning),
    },
    total_tokens: figure(raw['total_tokens'], grandTotal(usage)),
    ...(usage.estimated && { estimated: true }),
  };
}

function figure(given: JsonObject[string] | undefined, counted: number): number {
  const number = asNumber(given);
  return number !== undefined && Number.isSafeInteger(number) ? number : Math.round(counted);
}
