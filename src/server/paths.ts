import type { StoredThing } from '../gateway/stored-paths.ts';
import { DIALECT_ROUTES, DROP_IN_PREFIXES, KEPT_PATHS } from '../protocols/index.ts';
import type { DialectRoute, DropInPrefix } from '../protocols/index.ts';
import type { Dialect, Place } from '../protocols/codec.ts';

/** A request target, taken apart. */
export interface FoundPath {
  /** The path without prefix, query and closing slash: `/v1/messages`. */
  readonly path: string;
  /** The prefix it was written under, if it was. */
  readonly prefix: DropInPrefix | undefined;
  readonly route: DialectRoute | undefined;
  readonly place: Place;
  /** What of a kept answer it names, and the format in which that is shown. */
  readonly stored?: StoredThing & { readonly dialect: Dialect };
}

/** A path to which JSON may be posted. */
export type JsonPath = FoundPath & { readonly route: DialectRoute };

const EXACT = new Map(DIALECT_ROUTES.map((route) => [route.path, route]));
const TEMPLATES = DIALECT_ROUTES.filter(({ path }) => path.includes('{')).map((route) => ({
  route,
  matches: new RegExp(`^${route.path.replaceAll(/[.$]/g, String.raw`\$&`).replaceAll(/\{(\w+)\}/g, '(?<$1>.+)')}$`),
}));
const PREFIXES = DROP_IN_PREFIXES.map((prefix) => ({ prefix, start: `${prefix.path}/` }));
const NOTHING: Readonly<Record<string, string>> = {};
const NOWHERE: Place = { params: NOTHING, query: NOTHING };

/** Finds what a request target names; costs a look into a map for the paths that most requests have. */
export function findPath(url: string): FoundPath {
  const mark = url.indexOf('?');
  const whole = trimmed(mark < 0 ? url : url.slice(0, mark));
  const prefix = PREFIXES.find(({ start }) => whole.startsWith(start))?.prefix;
  const path = prefix === undefined ? whole : prefix.below(whole.slice(prefix.path.length));
  const query = mark < 0 ? NOTHING : queryOf(url.slice(mark + 1));
  const route = EXACT.get(path);
  if (route !== undefined) return { path, prefix, route, place: mark < 0 ? NOWHERE : { params: NOTHING, query } };
  for (const { route: template, matches } of TEMPLATES) {
    const groups = matches.exec(path)?.groups;
    if (groups === undefined) continue;
    const params = Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decoded(value)]));
    return { path, prefix, route: template, place: { params, query } };
  }
  const stored = storedAt(path);
  return { path, prefix, route: undefined, place: { params: NOTHING, query }, ...(stored !== undefined && { stored }) };
}

/** Finds what a request target names if that takes JSON. */
export function findJsonPath(url: string): JsonPath | undefined {
  const found = findPath(url);
  return takesJson(found) ? found : undefined;
}

function takesJson(found: FoundPath): found is JsonPath {
  return found.route !== undefined && found.route.body !== 'form';
}

const STORED = /^([\w.-]+)(?:\/(\w+))?$/;
const PARTS: ReadonlyMap<string, StoredThing['part']> = new Map([
  ['', ''],
  ['input_items', 'input_items'],
  ['cancel', 'cancel'],
]);

function storedAt(path: string): FoundPath['stored'] {
  const kept = KEPT_PATHS.find((each) => path.startsWith(`${each.path}/`));
  const [, id, part = ''] = kept === undefined ? [] : (STORED.exec(path.slice(kept.path.length + 1)) ?? []);
  const known = PARTS.get(part);
  return kept === undefined || id === undefined || known === undefined
    ? undefined
    : { id, part: known, dialect: kept.dialect };
}

/** A part of a path without its percent escapes; one that begins no escape is part of the name. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function trimmed(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

// Of a name that comes twice the first counts, as in most servers.
function queryOf(text: string): Readonly<Record<string, string>> {
  const query: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(text)) query[name] ??= value;
  return query;
}
