import { asArray, asObject, asString, parseJson } from '../model/json.ts';
import type { JsonObject } from '../model/json.ts';
import type { Memory, PastTurn } from '../protocols/memory.ts';
import type { StoredResponse } from '../store/responses.ts';
import { callerOf } from './caller.ts';
import type { Call } from './receive.ts';
import { mint } from './run-ids.ts';

/** What an answer that is to be kept was asked, and by whom. */
export interface Asked {
  readonly call: Call;
  readonly body: JsonObject;
  readonly memory: Memory;
  readonly previous: string | undefined;
  /** Items that the body named instead of giving them. */
  readonly named: ReadonlyMap<string, NamedItem>;
}

/** An item that a body names, and the answer it is from. */
export interface NamedItem {
  readonly item: JsonObject;
  readonly from: StoredResponse;
}

/** Whose the answer to a call is. */
export function ownerOf({ headers, place }: Call): string {
  return callerOf(headers, place.query);
}

/** The items of a stored answer, those of its question first. */
export function itemsOf(memory: Memory, { input, body }: StoredResponse): readonly JsonObject[] {
  return [...listOf(input), ...memory.output(objectOf(body))];
}

/** The object that a JSON text holds. */
export function objectOf(text: string): JsonObject {
  return asObject(parseJson(text)) ?? {};
}

/** The objects in a list that a JSON text holds. */
export function listOf(text: string): readonly JsonObject[] {
  return (asArray(parseJson(text)) ?? []).flatMap<JsonObject>((item) => asObject(item) ?? []);
}

/**
 * Stored answers as the past of a request.
 * @param origin who is asked now; absent = as if everyone were who answered then
 */
export function pastTurns(
  memory: Memory,
  past: readonly StoredResponse[],
  origin: string | undefined,
): readonly PastTurn[] {
  return past.map((response) => pastTurn(itemsOf(memory, response), response, origin));
}

/** Items of one stored answer as the past of a request. */
export function pastTurn(items: readonly JsonObject[], from: StoredResponse, origin: string | undefined): PastTurn {
  return {
    items,
    own: origin === undefined || from.origin === origin,
    held: objectOf(from.body)['store'] !== false,
  };
}

/** An answer as it is stored, with the ids of the items of question and answer. */
export function storedFrom(
  { call, body, memory, previous, named }: Asked,
  kept: JsonObject,
  origin: string,
): { readonly response: StoredResponse; readonly ids: readonly string[] } {
  const items = new Map([...named].map(([id, { item }]) => [id, item]));
  const input = memory.items(body, items, mint);
  const ids = [...input, ...memory.output(kept)].flatMap(({ id }) => asString(id) ?? []);
  const response: StoredResponse = {
    id: asString(kept['id']) ?? '',
    owner: ownerOf(call),
    at: Date.now(),
    ...(previous !== undefined && { previous }),
    origin,
    body: JSON.stringify(kept),
    input: JSON.stringify(input),
  };
  return { response, ids };
}
