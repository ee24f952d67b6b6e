import { NO_USAGE } from '../model/usage.ts';
import type { Usage } from '../model/usage.ts';
import { countOf, fieldsOf } from './sdk-model.ts';

/** The tokens of an answer, from either form in which packages count; undefined when they counted nothing. */
export function usageOf(value: unknown): Usage | undefined {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = fieldsOf(value);
  if (typeof inputTokens === 'object' || typeof outputTokens === 'object') return nested(inputTokens, outputTokens);
  const [input, output] = [countOf(inputTokens), countOf(outputTokens)];
  if (input === undefined && output === undefined) return undefined;
  const cacheRead = countOf(cachedInputTokens) ?? 0;
  const reasoning = countOf(reasoningTokens) ?? 0;
  return {
    ...NO_USAGE,
    input: Math.max(0, (input ?? 0) - cacheRead),
    cacheRead,
    output: Math.max(0, (output ?? 0) - reasoning),
    reasoning,
  };
}

function nested(inputTokens: unknown, outputTokens: unknown): Usage | undefined {
  const [input, output] = [fieldsOf(inputTokens), fieldsOf(outputTokens)];
  const [inTotal, outTotal] = [countOf(input['total']), countOf(output['total'])];
  const [noCache, text] = [countOf(input['noCache']), countOf(output['text'])];
  if (inTotal === undefined && noCache === undefined && outTotal === undefined && text === undefined) return undefined;
  const cacheRead = countOf(input['cacheRead']) ?? 0;
  const cacheWrite = countOf(input['cacheWrite']) ?? 0;
  const reasoning = countOf(output['reasoning']) ?? 0;
  return {
    ...NO_USAGE,
    input: noCache ?? Math.max(0, (inTotal ?? 0) - cacheRead - cacheWrite),
    cacheRead,
    cacheWrite,
    output: text ?? Math.max(0, (outTotal ?? 0) - reasoning),
    reasoning,
  };
}
