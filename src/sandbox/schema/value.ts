import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { isDeclared, isValid } from './check.ts';
import { NoValue, SchemaDocument, fail } from './document.ts';
import { flattened, merged } from './merge.ts';
import { matches } from './pattern-text.ts';
import { numbersFor, textsFor } from './scalars.ts';

/** Deeper than this only what must be there is written, so that recursive schemas end. */
const FULL_DEPTH = 3;
const MOST_ITEMS = 1000;
const TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean', 'null'];

type Accept = (value: Json) => boolean;
/** Where in the value a part stands: the word for its texts, its depth, and a number that makes repeats differ. */
interface Place {
  readonly word: string;
  readonly depth: number;
  readonly salt: number;
}

/**
 * Makes a value that is valid against a JSON Schema: always the same one for the same schema, checked before it is given.
 * @throws NoValue saying why there is none, or why the sandbox cannot find it.
 */
export function valueFor(schema: JsonObject, word: string): Json {
  const document = new SchemaDocument(schema);
  return new ValueMaker(document).make(schema, { word, depth: 0, salt: 0 }, (value) =>
    isValid(value, schema, document),
  );
}

class ValueMaker {
  readonly #document: SchemaDocument;

  constructor(document: SchemaDocument) {
    this.#document = document;
  }

  /** The first candidate that the schema and `accept` take. */
  make(schema: Json, place: Place, accept: Accept): Json {
    return this.#document.step(() => {
      const flat = flattened(schema, this.#document);
      const branches = this.#branches(flat, place);
      if (branches !== undefined)
        return this.#firstOf(branches, (branch) =>
          this.make(branch, place, (value) => isValid(value, flat, this.#document) && accept(value)),
        );
      for (const value of this.#candidates(flat, place))
        if (isValid(value, flat, this.#document) && accept(value)) return value;
      return fail(`no value was found for ${JSON.stringify(place.word)}`);
    });
  }

  /** The schemas to try one after the other, when the schema is a choice. */
  #branches(flat: JsonObject, place: Place): readonly Json[] | undefined {
    for (const key of ['anyOf', 'oneOf']) {
      const { [key]: choice, ...rest } = flat;
      const list = asArray(choice);
      if (list === undefined) continue;
      const ordered = place.depth < FULL_DEPTH ? list : list.toSorted((a, b) => weight(a) - weight(b));
      return ordered.map((branch) => ({ allOf: [rest, branch] }));
    }
    if (flat['if'] === undefined) return undefined;
    const { if: condition, then: yes = true, else: no = true, ...rest } = flat;
    return [{ allOf: [rest, condition, yes] }, { allOf: [merged(rest, { not: condition }), no] }];
  }

  #firstOf<T>(items: readonly T[], attempt: (item: T) => Json): Json {
    let last: NoValue | undefined;
    for (const item of items) {
      try {
        return attempt(item);
      } catch (error) {
        if (!(error instanceof NoValue)) throw error;
        last = error;
      }
    }
    throw last ?? new NoValue('one of its choices is empty');
  }

  *#candidates(flat: JsonObject, place: Place): Generator<Json, void> {
    if (flat['const'] !== undefined) yield flat['const'];
    const listed = asArray(flat['enum']);
    if (listed !== undefined) yield* listed;
    if (flat['const'] !== undefined || listed !== undefined) return;
    if (place.salt === 0)
      for (const value of [flat['default'], ...(asArray(flat['examples']) ?? [])])
        if (value !== undefined && value !== null) yield value;
    for (const type of typesFor(flat)) yield* this.#ofType(type, flat, place);
  }

  #ofType(type: string, flat: JsonObject, place: Place): Iterable<Json> {
    switch (type) {
      case 'object':
        return this.#objects(flat, place);
      case 'array':
        return this.#arrays(flat, place);
      case 'string':
        return textsFor(flat, place.word, place.salt, this.#document);
      case 'integer':
      case 'number':
        return numbersFor(flat, type === 'integer', place.salt);
      case 'boolean':
        return place.salt % 2 === 0 ? [true, false] : [false, true];
      case 'null':
        return [null];
      default:
        return [];
    }
  }

  // First with every optional property that can be made, then with the required ones alone.
  *#objects(flat: JsonObject, place: Place): Generator<Json, void> {
    const required = (asArray(flat['required']) ?? []).filter((key) => typeof key === 'string');
    const optional = Object.keys(asObject(flat['properties']) ?? {}).filter((key) => !required.includes(key));
    const most = asNumber(flat['maxProperties']) ?? Infinity;
    if (place.depth < FULL_DEPTH && optional.length > 0)
      yield this.#object(flat, place, required, optional.slice(0, Math.max(0, most - required.length)));
    yield this.#object(flat, place, required, []);
    for (const key of optional) yield this.#object(flat, place, required, [key]);
  }

  #object(flat: JsonObject, place: Place, required: readonly string[], optional: readonly string[]): Json {
    const result: Record<string, Json> = {};
    const declared = Object.keys(asObject(flat['properties']) ?? {});
    const wanted = [
      ...declared.filter((key) => required.includes(key) || optional.includes(key)),
      ...required.filter((key) => !declared.includes(key)),
    ];
    for (const key of wanted) {
      try {
        define(result, key, this.#property(flat, key, place));
      } catch (error) {
        if (!(error instanceof NoValue) || required.includes(key)) throw error;
      }
    }
    for (const [key, needed] of Object.entries(asObject(flat['dependentRequired']) ?? {}))
      for (const one of asArray(needed) ?? [])
        if (Object.hasOwn(result, key) && typeof one === 'string' && !Object.hasOwn(result, one))
          define(result, one, this.#property(flat, one, place));
    const least = Math.min(MOST_ITEMS, asNumber(flat['minProperties']) ?? 0);
    for (let index = 1; Object.keys(result).length < least; index++) {
      if (index > MOST_ITEMS) fail('it wants more properties than the sandbox can name');
      const key = this.#freeName(flat, index, (name) => typeof name === 'string' && !Object.hasOwn(result, name));
      if (!Object.hasOwn(result, key)) define(result, key, this.#property(flat, key, place));
    }
    return result;
  }

  #property(flat: JsonObject, key: string, place: Place): Json {
    const properties = asObject(flat['properties']) ?? {};
    const schemas: Json[] = Object.hasOwn(properties, key) ? [properties[key] ?? true] : [];
    for (const [source, schema] of Object.entries(asObject(flat['patternProperties']) ?? {}))
      if (matches(this.#document.pattern(source), key)) schemas.push(schema);
    if (!isDeclared(key, flat, this.#document)) schemas.push(flat['additionalProperties'] ?? true);
    return this.make(
      schemas.length === 1 ? (schemas[0] ?? true) : { allOf: schemas },
      { ...place, word: key, depth: place.depth + 1 },
      () => true,
    );
  }

  // Declared names come first, then one of a pattern, then names of our own.
  #freeName(flat: JsonObject, index: number, accept: Accept): string {
    const declared = Object.keys(asObject(flat['properties']) ?? {})[index - 1];
    if (declared !== undefined) return declared;
    const names = asObject(flat['propertyNames']) ?? {};
    const [source] = Object.keys(asObject(flat['patternProperties']) ?? {});
    const naming: Json =
      source !== undefined && flat['additionalProperties'] === false ? merged(names, { pattern: source }) : names;
    return (
      asString(
        this.make(
          merged(flattened(naming, this.#document), { type: 'string' }),
          { word: 'key', depth: 0, salt: index },
          accept,
        ),
      ) ?? ''
    );
  }

  *#arrays(flat: JsonObject, place: Place): Generator<Json, void> {
    const tuple = asArray(flat['prefixItems']) ?? asArray(flat['items']) ?? [];
    const rest = (asArray(flat['items']) === undefined ? flat['items'] : flat['additionalItems']) ?? true;
    const least = asNumber(flat['minItems']) ?? 0;
    const most = Math.min(asNumber(flat['maxItems']) ?? Infinity, rest === false ? tuple.length : Infinity);
    const found = flat['contains'] === undefined ? 0 : (asNumber(flat['minContains']) ?? 1);
    if (least > MOST_ITEMS || found > MOST_ITEMS) fail(`it wants a list of ${Math.max(least, found)}`);
    const needed = Math.max(least, tuple.length > 0 ? Math.min(tuple.length, most) : 0, found);
    if (place.depth < FULL_DEPTH && tuple.length === 0 && flat['items'] !== undefined && needed === 0 && most > 0) {
      const one = this.#list(flat, place, 1, found, tuple, rest);
      if (one !== undefined) yield one;
    }
    for (const length of new Set([needed, Math.max(least, found), Math.min(most, tuple.length + found)])) {
      const list = this.#list(flat, place, length, found, tuple, rest);
      if (list !== undefined) yield list;
    }
  }

  #list(
    flat: JsonObject,
    place: Place,
    length: number,
    found: number,
    tuple: readonly Json[],
    rest: Json,
  ): Json | undefined {
    const unique = flat['uniqueItems'] === true;
    const list: Json[] = [];
    try {
      for (let index = 0; index < length; index++) {
        const own = tuple[index] ?? rest;
        const schema = index >= length - found ? { allOf: [own, flat['contains'] ?? true] } : own;
        const fresh: Accept = (value) => !unique || isValid([...list, value], { uniqueItems: true }, this.#document);
        list.push(
          this.make(
            schema,
            { word: singular(place.word), depth: place.depth + 1, salt: unique || index > 0 ? index : place.salt },
            fresh,
          ),
        );
      }
    } catch (error) {
      if (error instanceof NoValue) return undefined;
      throw error;
    }
    return list;
  }
}

function typesFor(flat: JsonObject): readonly string[] {
  const type = flat['type'];
  if (type !== undefined)
    return (asArray(type) ?? [type])
      .filter((one) => typeof one === 'string')
      .toSorted((a, b) => Number(a === 'null') - Number(b === 'null'));
  const likely = (keys: readonly string[]): boolean => keys.some((key) => flat[key] !== undefined);
  const first: string[] = [];
  if (likely(['properties', 'required', 'additionalProperties', 'patternProperties', 'minProperties']))
    first.push('object');
  if (likely(['items', 'prefixItems', 'contains', 'minItems'])) first.push('array');
  if (likely(['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'])) first.push('number');
  return [...new Set([...first, 'string', ...TYPES])];
}

// Deep down, the branch that ends soonest comes first.
function weight(branch: Json): number {
  const object = asObject(branch);
  if (object === undefined) return 1;
  if (object['type'] === 'null' || object['const'] !== undefined || object['enum'] !== undefined) return 0;
  if (object['$ref'] !== undefined || object['properties'] !== undefined) return 3;
  return object['type'] === 'array' || object['type'] === 'object' ? 2 : 1;
}

function singular(word: string): string {
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}

// Plain assignment would lose a property called __proto__.
function define(object: Record<string, Json>, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
