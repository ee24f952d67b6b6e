import { asNumber, asObject } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import { grandTotal, inputTotal, outputTotal } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';

/** The `usage` object a chat client reads: inclusive totals and all detail keys; what a chat upstream itself said stands (CC-09, CC-11). */
export function usageObject(usage: Usage): JsonObject {
  const raw = chatShaped(usage);
  return {
    prompt_tokens: inputTotal(usage),
    completion_tokens: outputTotal(usage),
    total_tokens: grandTotal(usage),
    ...raw,
    prompt_tokens_details: {
      cached_tokens: usage.cacheRead,
      audio_tokens: usage.audioInput,
      ...(usage.cacheWrite > 0 && { cache_write_tokens: usage.cacheWrite }),
      ...asObject(raw['prompt_tokens_details']),
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      audio_tokens: usage.audioOutput,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
      ...asObject(raw['completion_tokens_details']),
    },
    ...(usage.estimated === true && { estimated: true }),
  };
}

// Only the whole object of a chat upstream may stand; the other formats' keys mean nothing here, and impossible figures are not repeated.
function chatShaped(usage: Usage): JsonObject {
  const raw = asObject(usage.raw);
  const chat = ['prompt_tokens', 'completion_tokens', 'total_tokens'].every(
    (key) => asNumber(raw?.[key]) !== undefined,
  );
  return raw !== undefined && chat && usage.suspect !== true ? raw : {};
}
