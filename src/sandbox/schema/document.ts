import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { parsePattern } from './pattern.ts';
import type { Pattern } from './pattern.ts';

/** The work a schema wants is too much, or no value is valid against it. */
export class NoValue extends Error {}

const MOST_CHARACTERS = 5_000_000;
const MOST_LEVELS = 400;
const MOST_STEPS = 200_000;
const MOST_REFERENCES = 64;

/** A JSON Schema document: resolves its references, reads its patterns once, and bounds the work that is spent on it. */
export class SchemaDocument {
  readonly root: JsonObject;
  readonly #patterns = new Map<string, Pattern | undefined>();
  #steps = 0;
  #depth = 0;
  #characters = 0;

  constructor(root: JsonObject) {
    this.root = root;
  }

  /** Does a step of the work one level deeper; throws {@link NoValue} after too many, or too deep. */
  step<T>(work: () => T): T {
    if (++this.#steps > MOST_STEPS) fail('it asks for too much work');
    if (++this.#depth > MOST_LEVELS) fail('it is too deep');
    try {
      return work();
    } finally {
      this.#depth--;
    }
  }

  /** Counts characters of text that are about to be made; throws {@link NoValue} after five million. */
  spend(characters: number): void {
    this.#characters += characters;
    if (this.#characters > MOST_CHARACTERS) fail('it asks for too much text');
  }

  /** The pattern of a schema taken apart. */
  pattern(source: string): Pattern {
    if (!this.#patterns.has(source)) this.#patterns.set(source, parsePattern(source));
    return (
      this.#patterns.get(source) ?? fail(`its pattern ${JSON.stringify(source.slice(0, 100))} is beyond the sandbox`)
    );
  }

  /** The schema that `$ref` names, followed to its end; only references into this document are known. */
  resolve(reference: string): Json {
    let target: Json = { $ref: reference };
    for (let hops = 0; hops < MOST_REFERENCES; hops++) {
      const object = asObject(target);
      const next = asString(object?.['$ref']);
      if (next === undefined || (object !== undefined && Object.keys(object).length > 1)) return target;
      target = this.#lookUp(next);
    }
    return fail(`its reference ${reference} leads to itself`);
  }

  #lookUp(reference: string): Json {
    if (reference === '#' || reference === this.root['$id']) return this.root;
    if (!reference.startsWith('#')) return fail(`its reference ${reference} leads outside of the schema`);
    if (!reference.startsWith('#/'))
      return this.#anchored(reference.slice(1)) ?? fail(`its reference ${reference} leads nowhere`);
    let at: Json | undefined = this.root;
    for (const raw of reference.slice(2).split('/')) {
      const key = unescaped(raw);
      const list = asArray(at);
      const object: JsonObject | undefined = asObject(at);
      at =
        list === undefined
          ? object !== undefined && Object.hasOwn(object, key)
            ? object[key]
            : undefined
          : list[Number(key)];
    }
    return at ?? fail(`its reference ${reference} leads nowhere`);
  }

  #anchored(name: string): Json | undefined {
    for (const key of ['$defs', 'definitions'])
      for (const schema of Object.values(asObject(this.root[key]) ?? {}))
        if (asObject(schema)?.['$anchor'] === name) return schema;
    return undefined;
  }
}

/** Gives up on a schema; `why` goes on after "because". */
export function fail(why: string): never {
  throw new NoValue(why);
}

/** Whether two JSON values are equal: numbers by value, objects without regard to the order of their keys. */
export function same(a: Json, b: Json): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: Json): string {
  const number = asNumber(value);
  if (number !== undefined) return String(number);
  const list = asArray(value);
  if (list !== undefined) return `[${list.map(canonical).join(',')}]`;
  const object = asObject(value);
  if (object === undefined) return JSON.stringify(value);
  const keys = Object.keys(object).toSorted();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(object[key] ?? null)}`).join(',')}}`;
}

function unescaped(raw: string): string {
  let key = raw;
  try {
    key = decodeURIComponent(raw);
  } catch {
    // A lone percent sign stands for itself.
  }
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}
