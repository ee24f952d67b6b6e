import { GatewayFailure, refuse } from '../model/errors.ts';
import type { JsonObject } from '../model/json.ts';
import type { Memory } from '../protocols/memory.ts';
import type { StoredResponse } from '../store/responses.ts';
import { itemsOf, listOf, objectOf, ownerOf } from './stored-items.ts';
import type { StoredAnswers } from './stored-answers.ts';
import type { Call } from './receive.ts';

/** What of a kept answer a path names. */
export interface StoredThing {
  readonly id: string;
  /** `` for the answer itself. */
  readonly part: '' | 'input_items' | 'cancel';
}

/** The methods that a path of a kept answer takes. */
export const STORED_METHODS: Readonly<Record<StoredThing['part'], readonly string[]>> = {
  '': ['GET', 'DELETE', 'HEAD'],
  input_items: ['GET', 'HEAD'],
  cancel: ['POST'],
};

/**
 * Shows, lists or deletes what is kept of an answer (§9.1).
 * @throws GatewayFailure `not_found` for what is not there, or not the caller's
 */
export async function storedThing(
  answers: StoredAnswers,
  call: Call,
  { id, part }: StoredThing,
  method: string,
): Promise<JsonObject> {
  const { memory } = call.dialect;
  const { store } = answers;
  const owner = ownerOf(call);
  const { query } = call.place;
  if (memory === undefined || store === undefined) return notFound(id);
  if (method === 'DELETE') return (await store.delete(owner, id)) ? memory.deleted(id) : notFound(id);
  const chain = await store.chain(owner, id);
  const response = chain.at(-1) ?? notFound(id);
  if (part === 'input_items') return memory.page({ items: context(memory, chain, response), query });
  // Nothing that is stored is still being made.
  if (part === 'cancel') refuse('response_id', 'Cannot cancel a synchronous response.');
  if (query['stream'] === 'true')
    refuse('stream', 'This response cannot be streamed because it was not created with background=true.');
  return memory.shown(objectOf(response.body), query);
}

// All that the answer was asked, what came before it included.
function context(memory: Memory, chain: readonly StoredResponse[], last: StoredResponse): readonly JsonObject[] {
  return [...chain.slice(0, -1).flatMap((earlier) => itemsOf(memory, earlier)), ...listOf(last.input)];
}

function notFound(id: string): never {
  throw new GatewayFailure({
    kind: 'not_found',
    code: 'response_not_found',
    param: 'response_id',
    message: `Response with id '${id}' not found.`,
  });
}
