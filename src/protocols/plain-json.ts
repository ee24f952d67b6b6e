import { asObject } from '../model/json.ts';
import type { Json, JsonObject } from '../model/json.ts';

/**
 * The JSON value of a text, read as fast as can be; undefined where it is none. Numbers in it may have lost digits, so it is for looking at what
 * passes as it came, or for numbers whose text is compared.
 */
export function plainJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** The object that a text is, as {@link plainJson} reads it. */
export function plainObject(text: string): JsonObject | undefined {
  return asObject(plainJson(text));
}
