import { asArray, asObject } from '../model/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { Tool } from '../model/request.ts';

// Keys whose values are data, not schemas.
const DATA = new Set(['enum', 'const', 'default', 'examples']);

/** What a model is told where an answer is to be JSON and no schema says which. */
export const JSON_ONLY = 'Answer with one JSON object and nothing else: no text around it and no code fence.';

/**
 * A schema whose objects are all closed, which some formats demand and others leave open unless told to be strict. Where a schema says that
 * keys may be added, it is left to the upstream to refuse it.
 */
export function closedSchema(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema).map(
    ([key, value]) => [key, DATA.has(key) ? value : closedValue(value)] as const,
  );
  const copy: Record<string, Json> = Object.fromEntries(entries);
  if (schema['type'] === 'object' && !('additionalProperties' in schema)) copy['additionalProperties'] = false;
  return copy;
}

function closedValue(value: Json): Json {
  const list = asArray(value);
  if (list !== undefined) return list.map(closedValue);
  const object = asObject(value);
  return object === undefined ? value : closedSchema(object);
}

/** A name for the tool that an answer is forced through, of at most 64 characters, which no other tool has. */
export function freeToolName(wanted: string, tools: readonly Tool[]): string {
  const name = wanted.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 57) || 'response';
  return tools.some((tool) => tool.type === 'function' && tool.name === name) ? `${name}_answer` : name;
}
