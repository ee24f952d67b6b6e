import type { TokenLogprob } from '../../model/block.ts';
import { asArray, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

/**
 * Reads the legacy object of four parallel lists (`tokens`, `token_logprobs`, `top_logprobs`, `text_offset`) into one entry a token,
 * in the shape the newer formats share. The offset rides along, so that {@link writeLogprobs} gives it back.
 */
export function readLogprobs(value: Json | undefined): readonly TokenLogprob[] {
  const lists = asObject(value);
  const tokens = asArray(lists?.['tokens']) ?? [];
  const logprobs = asArray(lists?.['token_logprobs']) ?? [];
  const tops = asArray(lists?.['top_logprobs']) ?? [];
  const offsets = asArray(lists?.['text_offset']) ?? [];
  return tokens.map((token, index) => {
    const offset = offsets[index];
    const top = Object.entries(asObject(tops[index]) ?? {});
    return {
      token: asString(token) ?? '',
      logprob: logprobs[index] ?? null,
      bytes: null,
      top_logprobs: top.map(([alternative, logprob]) => ({ token: alternative, logprob, bytes: null })),
      ...(offset !== undefined && { text_offset: offset }),
    };
  });
}

/** Writes entries as the legacy object; `textSoFar` (characters) places tokens whose own offset is not known. */
export function writeLogprobs(entries: readonly TokenLogprob[], textSoFar: number): JsonObject {
  const tokens: string[] = [];
  const logprobs: Json[] = [];
  const tops: Json[] = [];
  const offsets: Json[] = [];
  let offset = textSoFar;
  let anyTop = false;
  for (const value of entries) {
    const entry = asObject(value) ?? {};
    const token = asString(entry['token']) ?? '';
    const top = (asArray(entry['top_logprobs']) ?? []).map(pair);
    anyTop ||= top.length > 0;
    tokens.push(token);
    logprobs.push(entry['logprob'] ?? null);
    tops.push(top.length > 0 ? Object.fromEntries(top) : null);
    offsets.push(entry['text_offset'] ?? offset);
    offset += token.length;
  }
  return { tokens, token_logprobs: logprobs, top_logprobs: anyTop ? tops : null, text_offset: offsets };
}

function pair(value: Json): readonly [string, Json] {
  const entry = asObject(value);
  return [asString(entry?.['token']) ?? '', entry?.['logprob'] ?? null];
}
