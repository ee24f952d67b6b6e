import { keptOutput } from './request-read-memory.ts';
import { INCLUDE_SEALS } from './words.ts';
import { refuse } from '../../model/errors.ts';
import { asString } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Page } from '../memory.ts';

const MOST = 100;
const USUAL = 20;

/** A page of items: newest first unless asked otherwise, and one more than shown decides `has_more` (§9.1). */
export function itemPage({ items, query }: Page): JsonObject {
  const limit = Number(query['limit'] ?? USUAL);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    refuse('limit', `'limit' must be a whole number from 1 to ${MOST}.`);
  const order = query['order'] ?? 'desc';
  if (order !== 'asc' && order !== 'desc') refuse('order', "'order' must be 'asc' or 'desc'.");
  const all = (order === 'asc' ? items : items.toReversed()).map((item) => sealedFor(item, query));
  const from = placeOf(all, query, 'after');
  const upTo = placeOf(all, query, 'before');
  const between = all.slice(from === undefined ? 0 : from + 1, upTo ?? all.length);
  // Backward from a place, the page is what stands just before it.
  const data = from === undefined && upTo !== undefined ? between.slice(-limit) : between.slice(0, limit);
  return {
    object: 'list',
    data,
    first_id: asString(data[0]?.['id']) ?? null,
    last_id: asString(data.at(-1)?.['id']) ?? null,
    has_more: between.length > data.length,
  };
}

function placeOf(
  items: readonly JsonObject[],
  query: Readonly<Record<string, string>>,
  key: 'after' | 'before',
): number | undefined {
  const id = query[key];
  if (id === undefined) return undefined;
  const place = items.findIndex((item) => item['id'] === id);
  return place === -1 ? refuse(key, `'${key}' names no item of this list.`) : place;
}

/** The response as `GET` shows it: sealed reasoning only to who asks for it (OR-86). */
export function shownResponse(kept: JsonObject, query: Readonly<Record<string, string>>): JsonObject {
  return { ...kept, output: keptOutput(kept).map((item) => sealedFor(item, query)) };
}

/** What `DELETE` answers. */
export function deletedResponse(id: string): JsonObject {
  return { id, object: 'response.deleted', deleted: true };
}

function sealedFor(item: JsonObject, query: Readonly<Record<string, string>>): JsonObject {
  const include = query['include[]'] ?? query['include'] ?? '';
  if (item['type'] !== 'reasoning' || include.split(',').includes(INCLUDE_SEALS)) return item;
  const { encrypted_content: _sealed, ...rest } = item;
  return rest;
}
