import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { NO_USAGE, grandTotal, inputTotal } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';

// No answer and no context window comes near this; a larger figure is a fault of the upstream and must not become a price.
const MOST = 100_000_000;

/**
 * Reads a `usageMetadata` object into disjoint counters; undefined when it holds no figure (a cloud host sends `trafficType` alone until the
 * end). What a hosted tool put into the prompt is input beside the prompt; thoughts are beside the candidates.
 */
export function readUsage(value: Json | undefined): Usage | undefined {
  const usage = asObject(value);
  if (usage === undefined || !hasCounts(usage)) return undefined;
  const faults: string[] = [];
  const figure = (key: string): number => {
    const given = usage[key] ?? 0;
    const number = asNumber(given) ?? Number(asString(given) ?? Number.NaN);
    const fits = Number.isFinite(number) && number >= 0 && number <= MOST;
    if (asNumber(given) === undefined || !fits) faults.push(key);
    return Number.isFinite(number) ? Math.trunc(Math.min(Math.max(number, 0), MOST)) : 0;
  };
  const prompt = figure('promptTokenCount');
  const cacheRead = figure('cachedContentTokenCount');
  const told = figure('candidatesTokenCount') || figure('responseTokenCount');
  const audioOutput = Math.min(modality(usage['candidatesTokensDetails'], 'AUDIO'), told);
  const heard = modality(usage['promptTokensDetails'], 'AUDIO') - modality(usage['cacheTokensDetails'], 'AUDIO');
  const audioInput = Math.min(Math.max(heard, 0), Math.max(prompt - cacheRead, 0));
  const counters: Usage = {
    ...NO_USAGE,
    input: Math.max(prompt - cacheRead - audioInput, 0) + figure('toolUsePromptTokenCount'),
    cacheRead,
    audioInput,
    output: told - audioOutput,
    reasoning: figure('thoughtsTokenCount'),
    audioOutput,
  };
  const total = figure('totalTokenCount');
  const suspect = faults.length > 0;
  const sum = grandTotal(counters);
  return {
    ...counters,
    ...(asObject(value)?.['estimated'] === true && { estimated: true as const }),
    ...(suspect && { suspect: true as const }),
    ...(total > 0 && total !== sum && !suspect && { total }),
    raw: usage,
  };
}

const COUNTS = ['promptTokenCount', 'candidatesTokenCount', 'totalTokenCount', 'thoughtsTokenCount'];

/** Whether a `usageMetadata` object counts anything. */
export function hasCounts(usage: JsonObject): boolean {
  return COUNTS.some((key) => key in usage);
}

/** The `usageMetadata` a client reads (GM-05): totals that include what was cached; what an upstream of this format said stands. */
export function usageMetadata(usage: Usage): JsonObject {
  const raw = asObject(usage.raw);
  if (raw !== undefined && hasCounts(raw) && usage.suspect !== true) return raw;
  const prompt = inputTotal(usage);
  const told = usage.output + usage.audioOutput;
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: told,
    totalTokenCount: grandTotal(usage),
    ...(usage.cacheRead > 0 && { cachedContentTokenCount: usage.cacheRead }),
    ...(usage.reasoning > 0 && { thoughtsTokenCount: usage.reasoning }),
    ...(usage.audioInput > 0 && { promptTokensDetails: details(prompt, usage.audioInput) }),
    ...(usage.audioOutput > 0 && { candidatesTokensDetails: details(told, usage.audioOutput) }),
    ...(usage.estimated === true && { estimated: true }),
  };
}

function details(all: number, audio: number): Json {
  const text = all - audio;
  const sound = { modality: 'AUDIO', tokenCount: audio };
  return text > 0 ? [{ modality: 'TEXT', tokenCount: text }, sound] : [sound];
}

// Number 4 is AUDIO where enums came as numbers.
function modality(value: Json | undefined, name: string): number {
  let sum = 0;
  for (const item of asArray(value) ?? []) {
    const detail = asObject(item);
    if (detail?.['modality'] === name || (name === 'AUDIO' && detail?.['modality'] === 4))
      sum += Math.max(asNumber(detail['tokenCount']) ?? 0, 0);
  }
  return Number.isFinite(sum) ? Math.trunc(Math.min(sum, MOST)) : 0;
}
