import { asObject } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import { grandTotal, inputTotal, outputTotal } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';

/** The `usage` object a chat client reads: inclusive totals, all detail keys, and whatever else a chat upstream said (CC-09, CC-11). */
export function usageObject(usage: Usage): JsonObject {
  const raw = chatShaped(usage);
  const inDetails = asObject(raw['prompt_tokens_details']);
  const outDetails = asObject(raw['completion_tokens_details']);
  return {
    ...raw,
    prompt_tokens: inputTotal(usage),
    completion_tokens: outputTotal(usage),
    total_tokens: grandTotal(usage),
    prompt_tokens_details: {
      ...inDetails,
      cached_tokens: usage.cacheRead,
      audio_tokens: usage.audioInput,
      ...(usage.cacheWrite > 0 && { cache_write_tokens: usage.cacheWrite }),
    },
    completion_tokens_details: {
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
      ...outDetails,
      reasoning_tokens: usage.reasoning,
      audio_tokens: usage.audioOutput,
    },
    ...(usage.estimated === true && { estimated: true }),
  };
}

// Only a chat upstream's own object may be passed on; the other formats' keys mean nothing here.
function chatShaped(usage: Usage): JsonObject {
  const raw = asObject(usage.raw);
  return raw !== undefined && usage.suspect !== true && 'prompt_tokens' in raw ? raw : {};
}
