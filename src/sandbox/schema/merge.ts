import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { fail, same } from './document.ts';
import type { SchemaDocument } from './document.ts';

const MOST_ROUNDS = 200;

type Join = (a: Json, b: Json) => Json;

/** One schema that asks for what both ask for, as near as keywords can say; a value made from it is checked against the originals. */
export function merged(a: JsonObject, b: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const other = Object.hasOwn(result, key) ? result[key] : undefined;
    if (other === undefined) result[key] = value;
    else result[key] = (JOINS[key] ?? secondOf)(other, value);
  }
  return result;
}

/** The schema without `$ref` and `allOf`: both are merged into it. */
export function flattened(schema: Json, document: SchemaDocument): JsonObject {
  let flat: JsonObject = objectOf(schema);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const { $ref: reference, allOf, ...rest } = flat;
    if (reference === undefined && allOf === undefined) return flat;
    const parts = [...(asArray(allOf) ?? [])];
    if (reference !== undefined)
      parts.unshift(document.resolve(asString(reference) ?? fail('a $ref of it is no string')));
    flat = parts.map(objectOf).reduce(mergedKeepingChoices, rest);
  }
  return fail('it refers to itself without end');
}

// Two sets of alternatives become one: every pair of a branch of the first and a branch of the second.
function mergedKeepingChoices(a: JsonObject, b: JsonObject): JsonObject {
  let left = a;
  const right: Record<string, Json> = { ...b };
  for (const key of ['anyOf', 'oneOf']) {
    const mine = asArray(left[key]);
    const theirs = asArray(right[key]);
    if (mine === undefined || theirs === undefined) continue;
    delete right[key];
    left = { ...left, [key]: mine.flatMap((one) => theirs.map((other) => ({ allOf: [one, other] }))) };
  }
  return merged(left, right);
}

function objectOf(schema: Json): JsonObject {
  if (schema === true) return {};
  if (schema === false) return { not: {} };
  return asObject(schema) ?? fail('a part of it is neither an object nor a boolean');
}

const larger: Join = (a, b) => ((asNumber(a) ?? -Infinity) >= (asNumber(b) ?? -Infinity) ? a : b);
const smaller: Join = (a, b) => ((asNumber(a) ?? Infinity) <= (asNumber(b) ?? Infinity) ? a : b);
const both: Join = (a, b) => (same(a, b) ? a : { allOf: [a, b] });
const firstOf: Join = (a) => a;
const secondOf: Join = (_a, b) => b;
const eachOf: Join = (a, b) => {
  const result: Record<string, Json> = { ...asObject(a) };
  for (const [key, schema] of Object.entries(asObject(b) ?? {}))
    result[key] = Object.hasOwn(result, key) ? both(result[key] ?? true, schema) : schema;
  return result;
};

const JOINS: Record<string, Join> = {
  type: (a, b) => typesOf(a).filter((type) => typesOf(b).includes(type)),
  enum: (a, b) => (asArray(a) ?? []).filter((one) => (asArray(b) ?? []).some((other) => same(one, other))),
  const: firstOf,
  pattern: firstOf,
  default: firstOf,
  minimum: larger,
  exclusiveMinimum: larger,
  minLength: larger,
  minItems: larger,
  minProperties: larger,
  minContains: larger,
  maximum: smaller,
  exclusiveMaximum: smaller,
  maxLength: smaller,
  maxItems: smaller,
  maxProperties: smaller,
  maxContains: smaller,
  multipleOf: (a, b) => commonMultiple(asNumber(a) ?? 1, asNumber(b) ?? 1),
  required: (a, b) => [...new Set([...(asArray(a) ?? []), ...(asArray(b) ?? [])])],
  properties: eachOf,
  patternProperties: eachOf,
  items: both,
  additionalProperties: both,
  propertyNames: both,
  contains: firstOf,
  prefixItems: (a, b) => {
    const mine = asArray(a) ?? [];
    const theirs = asArray(b) ?? [];
    return Array.from({ length: Math.max(mine.length, theirs.length) }, (_, index) =>
      both(mine[index] ?? true, theirs[index] ?? true),
    );
  },
  not: (a, b) => ({ anyOf: [a, b] }),
};

// `number` admits whole numbers, so that number and integer have integer in common.
function typesOf(type: Json): readonly Json[] {
  const types = asArray(type) ?? [type];
  return types.includes('number') ? [...types, 'integer'] : types;
}

function commonMultiple(a: number, b: number): number {
  if (!Number.isInteger(a) || !Number.isInteger(b)) return Math.max(a, b);
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
