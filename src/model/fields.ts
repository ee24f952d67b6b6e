import { refuse } from './errors.ts';
import { asArray, asNumber, asObject, asString } from './json.ts';
import type { Json, JsonObject } from './json.ts';

/**
 * Reads the fields of one JSON object of a request and refuses wrong types by path (`messages[3].content[0].type`).
 * `null` counts as absent, as every SDK writes it for "not given".
 */
export class Fields {
  readonly value: JsonObject;
  readonly path: string;

  constructor(value: JsonObject, path = '') {
    this.value = value;
    this.path = path;
  }

  /** Path of a key of this object, as errors name it. */
  pathOf(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  /** The raw value of a key; undefined when absent or null. */
  get(key: string): Json | undefined {
    const value = Object.hasOwn(this.value, key) ? this.value[key] : undefined;
    return value === null ? undefined : value;
  }

  /** A string, or undefined when absent. */
  string(key: string): string | undefined {
    return this.#typed(key, asString, 'a string');
  }

  /** A string that must be there. */
  requiredString(key: string): string {
    return this.string(key) ?? this.missing(key);
  }

  /** A number, or undefined when absent. */
  number(key: string): number | undefined {
    return this.#typed(key, asNumber, 'a number');
  }

  /** A whole number, or undefined when absent. */
  integer(key: string): number | undefined {
    const value = this.number(key);
    if (value !== undefined && !Number.isInteger(value))
      refuse(this.pathOf(key), `'${this.pathOf(key)}' must be a whole number.`);
    return value;
  }

  /** A boolean, or undefined when absent. */
  boolean(key: string): boolean | undefined {
    return this.#typed(key, (value) => (typeof value === 'boolean' ? value : undefined), 'true or false');
  }

  /** A list, or undefined when absent; `what` is how an error names what may stand there. */
  array(key: string, what = 'a list'): readonly Json[] | undefined {
    return this.#typed(key, asArray, what);
  }

  /** An object, or undefined when absent. */
  object(key: string): Fields | undefined {
    const value = this.#typed(key, asObject, 'an object');
    return value === undefined ? undefined : new Fields(value, this.pathOf(key));
  }

  /** A list of objects; an absent list is empty; `what` as for {@link array}. */
  objects(key: string, what?: string): readonly Fields[] {
    const list = this.array(key, what) ?? [];
    return list.map((value, index) => {
      const path = `${this.pathOf(key)}[${index}]`;
      return new Fields(asObject(value) ?? refuse(path, `'${path}' must be an object.`), path);
    });
  }

  /** A list of strings; an absent list is empty; `what` as for {@link array}. */
  strings(key: string, what?: string): readonly string[] {
    const list = this.array(key, what) ?? [];
    return list.map((value, index) => {
      const path = `${this.pathOf(key)}[${index}]`;
      return asString(value) ?? refuse(path, `'${path}' must be a string.`);
    });
  }

  /** Refuses because a field is missing: code `missing_required_parameter`. */
  missing(key: string): never {
    return refuse(this.pathOf(key), `Missing required parameter: '${this.pathOf(key)}'.`, 'missing_required_parameter');
  }

  #typed<T>(key: string, as: (value: Json | undefined) => T | undefined, what: string): T | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    return as(value) ?? refuse(this.pathOf(key), `'${this.pathOf(key)}' must be ${what}, not ${describe(value)}.`);
  }
}

function describe(value: Json): string {
  if (Array.isArray(value)) return 'a list';
  if (asNumber(value) !== undefined) return 'a number';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'a string' : String(value);
}
