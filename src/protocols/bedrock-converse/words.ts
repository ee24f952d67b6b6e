import type { ProtocolId } from '../../model/block.ts';
import type { FinishReason } from '../../model/event.ts';
import { asArray, asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

/** The name of this format, for seals and natives. */
export const OWN: ProtocolId = 'bedrock-converse';

/** What a `stopReason` means; an unknown one is `other` and travels in `raw`. */
export const STOP: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop-sequence'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'context-full'],
  ['tool_use', 'tool-calls'],
  ['content_filtered', 'filter'],
  ['guardrail_intervened', 'filter'],
]);

/** Stops after which there is no answer, for the model wrote something that cannot be read. */
export const MALFORMED: ReadonlySet<string> = new Set(['malformed_model_output', 'malformed_tool_use']);

/** The objects in a list; whatever else it holds is left out. */
export function objectsIn(list: Json | undefined): readonly JsonObject[] {
  return (asArray(list) ?? []).map(asObject).filter((value) => value !== undefined);
}

/** The object without the keys whose value is undefined. */
export function given(object: { readonly [key: string]: Json | undefined }): JsonObject {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(object)) if (value !== undefined) kept[key] = value;
  return kept;
}
