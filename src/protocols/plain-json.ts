import { asObject } from '../model/json.ts';
import type { Json, JsonObject } from '../model/json.ts';

/**
 * The object that a text is, read as fast as can be: for looking at what passes as it came. Numbers in it may have lost digits, so nothing of
 * it is ever written.
 */
export function plainObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text) as Json);
  } catch {
    return undefined;
  }
}
