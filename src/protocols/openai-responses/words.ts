import type { ProtocolId, TextKind } from '../../model/block.ts';
import type { FinishReason } from '../../model/event.ts';
import type { JsonObject } from '../../model/json.ts';

/** Name of this wire format in seals and native values. */
export const ID: ProtocolId = 'openai-responses';

/** Which kind of text a delta event adds to; several names per kind because upstreams disagree on raw reasoning (OR-84). */
export const TEXT_DELTAS: ReadonlyMap<string, TextKind> = new Map([
  ['response.output_text.delta', 'text'],
  ['response.refusal.delta', 'refusal'],
  ['response.reasoning_text.delta', 'reasoning'],
  ['response.reasoning.delta', 'reasoning'],
  ['response.reasoning_summary_text.delta', 'reasoning-summary'],
  ['response.reasoning_summary.delta', 'reasoning-summary'],
]);

/** Which kind of text a `done` event repeats whole. */
export const TEXT_DONES: ReadonlyMap<string, TextKind> = new Map([
  ['response.output_text.done', 'text'],
  ['response.refusal.done', 'refusal'],
  ['response.reasoning_text.done', 'reasoning'],
  ['response.reasoning.done', 'reasoning'],
  ['response.reasoning_summary_text.done', 'reasoning-summary'],
  ['response.reasoning_summary.done', 'reasoning-summary'],
]);

/** Which kind of block a content part is. */
export const PART_KINDS: ReadonlyMap<string, TextKind> = new Map([
  ['output_text', 'text'],
  ['text', 'text'],
  ['refusal', 'refusal'],
  ['reasoning_text', 'reasoning'],
  ['summary_text', 'reasoning-summary'],
]);

/** Events that say only that the upstream is alive. */
export const LIFE_SIGNS: ReadonlySet<string> = new Set([
  'keepalive',
  'ping',
  'response.queued',
  'response.in_progress',
]);

/** What `incomplete_details.reason` means; an unknown reason is `other` and travels in `raw`. */
export const INCOMPLETE: ReadonlyMap<string, FinishReason> = new Map([
  ['max_output_tokens', 'length'],
  ['content_filter', 'filter'],
  ['pause_turn', 'pause'],
]);

/** `incomplete_details.reason` of the finish reasons that leave a response incomplete; the others complete it. */
export const INCOMPLETE_REASON: Partial<Record<FinishReason, string>> = {
  length: 'max_output_tokens',
  'context-full': 'max_output_tokens',
  filter: 'content_filter',
  pause: 'pause_turn',
};

/** The `include` value that asks for log-probabilities. */
export const INCLUDE_LOGPROBS = 'message.output_text.logprobs';

/** The `include` value that asks for sealed reasoning. */
export const INCLUDE_SEALS = 'reasoning.encrypted_content';

/** What the sealed text of a context that was compacted here begins with; no maker's own begins so. */
export const SEALED = 'streamweir-summary.';

/** The items this format shares with the event model; all others are native. */
export const OWN_ITEMS: ReadonlySet<string> = new Set(['message', 'reasoning', 'function_call', 'custom_tool_call']);

const ITEM_KEYS: ReadonlySet<string> = new Set(
  'type id status role content call_id name arguments input summary encrypted_content'.split(' '),
);

/** Keys of an own item that the event model has no word for (`phase`, `caller`), or undefined when there are none (OR-44, FM-56). */
export function extraKeys(item: JsonObject): JsonObject | undefined {
  const extra = Object.entries(item).filter(([key, value]) => value !== null && !ITEM_KEYS.has(key));
  return extra.length === 0 ? undefined : Object.fromEntries(extra);
}

/** Keys of a response that the gateway writes itself (OR-33); the upstream's own word for the service tier stands. */
export const RESPONSE_KEYS: ReadonlySet<string> = new Set(
  (
    'id object created_at completed_at status incomplete_details model previous_response_id instructions output error tools tool_choice ' +
    'truncation parallel_tool_calls text top_p presence_penalty frequency_penalty top_logprobs temperature reasoning usage ' +
    'max_output_tokens max_tool_calls store background metadata safety_identifier prompt_cache_key'
  ).split(' '),
);
