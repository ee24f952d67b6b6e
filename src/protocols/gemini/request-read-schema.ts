import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

const INSIDE_OBJECT = new Set(['properties', 'defs', '$defs']);
const INSIDE = new Set(['items', 'additionalProperties', 'not']);
const INSIDE_LIST = new Set(['anyOf', 'any_of', 'oneOf', 'allOf', 'prefixItems']);
// Limits are 64-bit numbers here, which JSON of this kind writes as text.
const LIMITS = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties']);
const DROPPED = new Set(['nullable', 'propertyOrdering', 'property_ordering', 'example']);

/** A schema in the words of JSON Schema: types in lower case, `nullable` as a type, limits as numbers. */
export function readSchema(schema: JsonObject): JsonObject {
  const read: Record<string, Json> = {};
  for (const [name, value] of Object.entries(schema)) {
    const key = camelKey(name);
    const limit = LIMITS.has(key) ? Number(asString(value) ?? Number.NaN) : Number.NaN;
    if (DROPPED.has(name) || (key === 'format' && value === 'enum')) continue;
    if (key === 'type') read['type'] = typeOf(value, schema['nullable'] === true);
    else if (INSIDE_OBJECT.has(key)) read[key] = mapObject(value, inner);
    else if (INSIDE.has(key)) read[key] = inner(value);
    else if (INSIDE_LIST.has(key)) read[key] = (asArray(value) ?? []).map(inner);
    else read[key] = Number.isNaN(limit) ? value : limit;
  }
  return read;
}

function inner(value: Json): Json {
  const schema = asObject(value);
  return schema === undefined ? value : readSchema(schema);
}

function mapObject(value: Json, change: (value: Json) => Json): Json {
  const object = asObject(value);
  if (object === undefined) return value;
  return Object.fromEntries(Object.entries(object).map(([key, each]) => [key, change(each)]));
}

// Where enums came as numbers.
const TYPES = ['', 'string', 'number', 'integer', 'boolean', 'array', 'object', 'null'];

function typeOf(value: Json, nullable: boolean): Json {
  const number = asNumber(value);
  const word = number === undefined ? asString(value)?.toLowerCase() : TYPES[number];
  if (word === undefined || word === '') return value;
  return nullable ? [word, 'null'] : word;
}

function camelKey(key: string): string {
  return key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
