import type { ProtocolId, TextKind } from '../../model/block.ts';
import type { FinishReason } from '../../model/event.ts';

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
