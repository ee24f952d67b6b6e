import type { TokenLogprob } from '../../model/block.ts';
import { asArray, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

const NONE: readonly TokenLogprob[] = [];

/** The log-probabilities in a candidate's `logprobsResult`, in the shape that the other formats share; empty where there are none. */
export function readLogprobs(result: JsonObject | undefined): readonly TokenLogprob[] {
  if (result === undefined) return NONE;
  const top = asArray(result['topCandidates']) ?? [];
  return (asArray(result['chosenCandidates']) ?? []).map((chosen, index) => ({
    ...entry(asObject(chosen) ?? {}),
    top_logprobs: (asArray(asObject(top[index])?.['candidates']) ?? []).map((other) => entry(asObject(other) ?? {})),
  }));
}

function entry(value: JsonObject): JsonObject {
  const token = asString(value['token']) ?? '';
  return { token, logprob: value['logProbability'] ?? 0, bytes: [...Buffer.from(token)] };
}

/** The `logprobsResult` for tokens in the shared shape. */
export function writeLogprobs(tokens: readonly TokenLogprob[]): JsonObject {
  const entries = tokens.map((token) => asObject(token) ?? {});
  return {
    chosenCandidates: entries.map(candidate),
    topCandidates: entries.map((token) => ({
      candidates: (asArray(token['top_logprobs']) ?? []).map((other) => candidate(asObject(other) ?? {})),
    })),
  };
}

function candidate(token: JsonObject): Json {
  return { token: token['token'] ?? '', logProbability: token['logprob'] ?? 0 };
}
