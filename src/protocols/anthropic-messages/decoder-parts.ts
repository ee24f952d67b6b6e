import { isTold } from './words.ts';
import type { GatewayError } from '../../model/errors.ts';
import { asNumber } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';

/** The answer broke off. */
export const TRUNCATED: GatewayError = bad('The upstream ended its answer before it was complete.');

/** The reason why it ended has been told, and was not the end: what the client has seen is not the whole answer. */
export const BEYOND_END: GatewayError = bad('The upstream went on with its answer after it had ended it.');

/** A delta that names no block which could hold it. */
export const UNFIT: GatewayError = bad('The upstream sent a piece of content that fits no block.');

/** An error of an upstream that does not keep to the format. */
export function bad(message: string): GatewayError {
  return { kind: 'bad_response', message };
}

// Keys of a whole message, and of the object in `message_start`, that the model has words for; others are natives.
const KNOWN = new Set(['id', 'type', 'role', 'model', 'content', 'stop_reason', 'stop_sequence', 'usage']);

/** What a message says besides what the model has words for, in the words of a `message_delta`; undefined where it is nothing. */
export function extrasOfMessage(message: JsonObject): JsonObject | undefined {
  const more = Object.fromEntries(Object.entries(message).filter(([key]) => !KNOWN.has(key)));
  // A stream tells these two inside its last delta, the rest beside it.
  const { stop_details: details = null, container = null, ...others } = more;
  return extrasOf({ stop_details: details, container }, others);
}

/** The same of what stands inside the delta of a `message_delta`, and beside it. */
export function extrasOf(inside: JsonObject, beside: JsonObject): JsonObject | undefined {
  const delta = told(inside);
  const value = { type: 'message_delta', ...(Object.keys(delta).length > 0 && { delta }), ...told(beside) };
  return Object.keys(value).length > 1 ? value : undefined;
}

function told(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => isTold(value)));
}

/** Number of the block that an event is about. */
export function numberOf(event: JsonObject): number {
  return asNumber(event['index']) ?? 0;
}

/** FM-04: errors come inside a 200, with or without the type that marks them. */
export function isError(event: JsonObject): boolean {
  if (event['type'] === 'error') return true;
  const { error, message } = event;
  if (event['type'] !== undefined) return false;
  return (error !== undefined && error !== null) || typeof message === 'string';
}
