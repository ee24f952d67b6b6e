import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { grandTotal, inputTotal } from '../../model/usage.ts';
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
  const figures = new Figures(usage);
  const prompt = figures.of('promptTokenCount');
  const cacheRead = figures.of('cachedContentTokenCount');
  const told = figures.of('candidatesTokenCount') || figures.of('responseTokenCount');
  const audioOutput = Math.min(sound(usage['candidatesTokensDetails']), told);
  const heard = sound(usage['promptTokensDetails']) - sound(usage['cacheTokensDetails']);
  const audioInput = Math.min(Math.max(heard, 0), Math.max(prompt - cacheRead, 0));
  const input = Math.max(prompt - cacheRead - audioInput, 0) + figures.of('toolUsePromptTokenCount');
  const output = told - audioOutput;
  const reasoning = figures.of('thoughtsTokenCount');
  const total = figures.of('totalTokenCount');
  const counters = { input, cacheRead, cacheWrite: 0, audioInput, output, reasoning, audioOutput, raw: usage };
  const sum = input + cacheRead + audioInput + output + reasoning + audioOutput;
  if (!figures.suspect && (total === 0 || total === sum) && usage['estimated'] !== true) return counters;
  return {
    ...counters,
    ...(usage['estimated'] === true && { estimated: true }),
    ...(figures.suspect ? { suspect: true } : total > 0 && total !== sum && { total }),
  };
}

/** Takes figures out of a usage object and notes when one cannot be. */
class Figures {
  suspect = false;
  readonly #usage: JsonObject;

  constructor(usage: JsonObject) {
    this.#usage = usage;
  }

  of(key: string): number {
    const given = this.#usage[key];
    if (given === undefined || given === null) return 0;
    const number = asNumber(given) ?? Number(asString(given) ?? Number.NaN);
    const fits = Number.isFinite(number) && number >= 0 && number <= MOST;
    if (asNumber(given) === undefined || !fits) this.suspect = true;
    return Number.isFinite(number) ? Math.trunc(Math.min(Math.max(number, 0), MOST)) : 0;
  }
}

const COUNTS = ['promptTokenCount', 'candidatesTokenCount', 'totalTokenCount', 'thoughtsTokenCount'];

/** Whether a `usageMetadata` object counts anything. */
export function hasCounts(usage: JsonObject): boolean {
  return COUNTS.some((key) => key in usage);
}

/** The `usageMetadata` a client reads (GM-05): totals that include what was cached; what an upstream of this format said stands. */
export function usageMetadata(usage: Usage): JsonObject {
  const raw = asObject(usage.raw);
  if (raw !== undefined && hasCounts(raw) && usage.suspect !== true)
    return 'totalTokenCount' in raw ? raw : { ...raw, totalTokenCount: grandTotal(usage) };
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
  const heard = { modality: 'AUDIO', tokenCount: audio };
  return text > 0 ? [{ modality: 'TEXT', tokenCount: text }, heard] : [heard];
}

// Number 4 is AUDIO where enums came as numbers.
function sound(value: Json | undefined): number {
  if (value === undefined) return 0;
  let sum = 0;
  for (const item of asArray(value) ?? []) {
    const detail = asObject(item);
    if (detail?.['modality'] === 'AUDIO' || detail?.['modality'] === 4)
      sum += Math.max(asNumber(detail['tokenCount']) ?? 0, 0);
  }
  return Number.isFinite(sum) ? Math.trunc(Math.min(sum, MOST)) : 0;
}
