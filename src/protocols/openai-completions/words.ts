import type { FinishReason } from '../../model/event.ts';
import { asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { grandTotal, inputTotal, outputTotal } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';

/** What `finish_reason` words of completions servers mean; `error` is no reason but a failure and stands nowhere. */
export const FINISH: Record<string, FinishReason> = {
  stop: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  stop_sequence: 'stop-sequence',
  length: 'length',
  max_tokens: 'length',
  content_filter: 'filter',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
};

/** The `finish_reason` a client reads (`wire-other-dialects` §9); never an invented word (CC-14). */
export const FINISH_WORD: Record<FinishReason, string> = {
  stop: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  'context-full': 'length',
  'tool-calls': 'tool_calls',
  filter: 'content_filter',
  pause: 'stop',
  other: 'stop',
};

/** What the word in `finish_reason` hides, for `x_gateway.stop`; undefined when the word says it all. */
export function hiddenStop(reason: FinishReason, raw: string | undefined): string | undefined {
  if (reason === 'pause') return raw ?? 'pause_turn';
  return reason === 'other' ? raw : undefined;
}

/** Top-level keys of an answer that only this format knows and that are handed on to its clients. */
export const EXTRA_KEYS: readonly string[] = ['system_fingerprint', 'service_tier', 'prompt_filter_results'];

/** The `usage` object of an answer (CC-09): inclusive totals, their parts, and what else an upstream said; an estimate says so (CC-11). */
export function usageWords(usage: Usage): JsonObject {
  const told = asObject(usage.raw);
  // Only an object of this shape may go on; the keys of other formats mean nothing here.
  const more = told !== undefined && usage.suspect !== true && 'prompt_tokens' in told ? told : {};
  return {
    ...more,
    prompt_tokens: inputTotal(usage),
    completion_tokens: outputTotal(usage),
    total_tokens: grandTotal(usage),
    prompt_tokens_details: {
      ...asObject(more['prompt_tokens_details']),
      cached_tokens: usage.cacheRead,
      audio_tokens: usage.audioInput,
    },
    completion_tokens_details: {
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
      ...asObject(more['completion_tokens_details']),
      reasoning_tokens: usage.reasoning,
      audio_tokens: usage.audioOutput,
    },
    ...(usage.estimated && { estimated: true }),
  };
}

/** What a client's body must carry to be told its usage in the stream. */
export function wantsUsage(streamOptions: Json | undefined): boolean {
  return asObject(streamOptions)?.['include_usage'] === true;
}
