import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { fail, same } from './document.ts';
import type { SchemaDocument } from './document.ts';
import { matches } from './pattern-text.ts';

type Rule = (value: Json, argument: Json, schema: JsonObject, document: SchemaDocument) => boolean;

/** Whether a value is valid against a JSON Schema (drafts 4 to 2020-12, without `unevaluated…` and dynamic references). Throws NoValue for schemas beyond the sandbox. */
export function isValid(value: Json, schema: Json, document: SchemaDocument): boolean {
  return document.step(() => obeys(value, schema, document));
}

function obeys(value: Json, schema: Json, document: SchemaDocument): boolean {
  if (typeof schema === 'boolean') return schema;
  const object = asObject(schema) ?? fail('a part of it is neither an object nor a boolean');
  if (object['nullable'] === true && value === null) return true;
  for (const [key, argument] of Object.entries(object)) {
    const rule = Object.hasOwn(RULES, key) ? RULES[key] : undefined;
    if (rule?.(value, argument, object, document) === false) return false;
  }
  return true;
}

/** The JSON Schema type of a value; whole numbers are `integer`. */
export function typeOf(value: Json): string {
  const number = asNumber(value);
  if (number !== undefined) return Number.isInteger(number) ? 'integer' : 'number';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

const RULES: Record<string, Rule> = {
  type: (value, argument) => {
    const type = typeOf(value);
    return (asArray(argument) ?? [argument]).some(
      (wanted) => wanted === type || (wanted === 'number' && type === 'integer'),
    );
  },
  enum: (value, argument) => (asArray(argument) ?? []).some((one) => same(one, value)),
  const: (value, argument) => same(argument, value),
  $ref: (value, argument, _schema, document) =>
    isValid(value, document.resolve(asString(argument) ?? fail('a $ref of it is no string')), document),
  $dynamicRef: () => fail('the sandbox follows no dynamic references'),
  allOf: (value, argument, _schema, document) =>
    (asArray(argument) ?? []).every((one) => isValid(value, one, document)),
  anyOf: (value, argument, _schema, document) => (asArray(argument) ?? []).some((one) => isValid(value, one, document)),
  oneOf: (value, argument, _schema, document) =>
    (asArray(argument) ?? []).filter((one) => isValid(value, one, document)).length === 1,
  not: (value, argument, _schema, document) => !isValid(value, argument, document),
  if: (value, argument, schema, document) =>
    isValid(value, schema[isValid(value, argument, document) ? 'then' : 'else'] ?? true, document),

  minimum: forNumbers((value, least, schema) => (schema['exclusiveMinimum'] === true ? value > least : value >= least)),
  maximum: forNumbers((value, most, schema) => (schema['exclusiveMaximum'] === true ? value < most : value <= most)),
  exclusiveMinimum: forNumbers((value, bound) => value > bound),
  exclusiveMaximum: forNumbers((value, bound) => value < bound),
  multipleOf: forNumbers((value, unit) => Math.abs(value / unit - Math.round(value / unit)) < 1e-9),

  minLength: forStrings((value, least) => [...value].length >= (asNumber(least) ?? 0)),
  maxLength: forStrings((value, most) => [...value].length <= (asNumber(most) ?? Infinity)),
  pattern: forStrings((value, source, document) => matches(document.pattern(asString(source) ?? ''), value)),

  minItems: forLists((list, least) => list.length >= (asNumber(least) ?? 0)),
  maxItems: forLists((list, most) => list.length <= (asNumber(most) ?? Infinity)),
  uniqueItems: forLists(
    (list, wanted) =>
      wanted !== true || list.every((one, index) => !list.slice(0, index).some((other) => same(one, other))),
  ),
  prefixItems: forLists((list, schemas, _schema, document) =>
    (asArray(schemas) ?? []).every((one, index) => index >= list.length || isValid(list[index] ?? null, one, document)),
  ),
  items: forLists((list, schema, parent, document) => {
    const tuple = asArray(schema);
    if (tuple !== undefined)
      return tuple.every((one, index) => index >= list.length || isValid(list[index] ?? null, one, document));
    return list.slice(asArray(parent['prefixItems'])?.length ?? 0).every((one) => isValid(one, schema, document));
  }),
  additionalItems: forLists((list, schema, parent, document) => {
    const tuple = asArray(parent['items']);
    return tuple === undefined || list.slice(tuple.length).every((one) => isValid(one, schema, document));
  }),
  contains: forLists((list, schema, parent, document) => {
    const found = list.filter((one) => isValid(one, schema, document)).length;
    return found >= (asNumber(parent['minContains']) ?? 1) && found <= (asNumber(parent['maxContains']) ?? Infinity);
  }),

  required: forObjects((object, keys) =>
    (asArray(keys) ?? []).every((key) => typeof key !== 'string' || Object.hasOwn(object, key)),
  ),
  minProperties: forObjects((object, least) => Object.keys(object).length >= (asNumber(least) ?? 0)),
  maxProperties: forObjects((object, most) => Object.keys(object).length <= (asNumber(most) ?? Infinity)),
  properties: forObjects((object, schemas, _schema, document) =>
    Object.entries(asObject(schemas) ?? {}).every(
      ([key, schema]) => !Object.hasOwn(object, key) || isValid(object[key] ?? null, schema, document),
    ),
  ),
  patternProperties: forObjects((object, schemas, _schema, document) =>
    Object.entries(asObject(schemas) ?? {}).every(([source, schema]) =>
      Object.entries(object).every(
        ([key, value]) => !matches(document.pattern(source), key) || isValid(value, schema, document),
      ),
    ),
  ),
  additionalProperties: forObjects((object, schema, parent, document) =>
    Object.entries(object).every(
      ([key, value]) => isDeclared(key, parent, document) || isValid(value, schema, document),
    ),
  ),
  propertyNames: forObjects((object, schema, _schema, document) =>
    Object.keys(object).every((key) => isValid(key, schema, document)),
  ),
  dependentRequired: forObjects((object, table) =>
    Object.entries(asObject(table) ?? {}).every(
      ([key, needed]) =>
        !Object.hasOwn(object, key) ||
        (asArray(needed) ?? []).every((one) => typeof one !== 'string' || Object.hasOwn(object, one)),
    ),
  ),
  dependentSchemas: forObjects((object, table, _schema, document) =>
    Object.entries(asObject(table) ?? {}).every(
      ([key, schema]) => !Object.hasOwn(object, key) || isValid(object, schema, document),
    ),
  ),
};

/** Whether `properties` or `patternProperties` speak of a key, so that `additionalProperties` does not. */
export function isDeclared(key: string, schema: JsonObject, document: SchemaDocument): boolean {
  if (Object.hasOwn(asObject(schema['properties']) ?? {}, key)) return true;
  return Object.keys(asObject(schema['patternProperties']) ?? {}).some((source) =>
    matches(document.pattern(source), key),
  );
}

function forNumbers(holds: (value: number, argument: number, schema: JsonObject) => boolean): Rule {
  return (value, argument, schema) => {
    const number = asNumber(value);
    const bound = asNumber(argument);
    return number === undefined || bound === undefined || holds(number, bound, schema);
  };
}

function forStrings(holds: (value: string, argument: Json, document: SchemaDocument) => boolean): Rule {
  return (value, argument, _schema, document) => typeof value !== 'string' || holds(value, argument, document);
}

function forLists(
  holds: (value: readonly Json[], argument: Json, schema: JsonObject, document: SchemaDocument) => boolean,
): Rule {
  return (value, argument, schema, document) => {
    const list = asArray(value);
    return list === undefined || holds(list, argument, schema, document);
  };
}

function forObjects(
  holds: (value: JsonObject, argument: Json, schema: JsonObject, document: SchemaDocument) => boolean,
): Rule {
  return (value, argument, schema, document) => {
    const object = asObject(value);
    return object === undefined || holds(object, argument, schema, document);
  };
}
