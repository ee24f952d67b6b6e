import type { FinishReason } from '../../model/event.ts';
import type { Json, JsonObject } from '../../model/json.ts';

/** What a `stop_reason` means. */
export const STOP: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop-sequence'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'context-full'],
  ['tool_use', 'tool-calls'],
  ['refusal', 'filter'],
  ['pause_turn', 'pause'],
]);

const STOP_WORD: Record<Exclude<FinishReason, 'other'>, string> = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'context-full': 'model_context_window_exceeded',
  'tool-calls': 'tool_use',
  filter: 'refusal',
  pause: 'pause_turn',
};

/** The `stop_reason` for an end; a reason that nobody knows is told as it came (MS, section 9 of the wire reference). */
export function stopWord(reason: FinishReason, raw: string | undefined): string {
  return reason === 'other' ? (raw ?? STOP_WORD.stop) : STOP_WORD[reason];
}

/** The object without the keys whose value is undefined. */
export function given(object: { readonly [key: string]: Json | undefined }): JsonObject {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(object)) if (value !== undefined) kept[key] = value;
  return kept;
}

/** Whether a value is there: neither absent nor null nor an empty list, which is how this format writes "nothing". */
export function isTold(value: Json | undefined): value is Json {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}
