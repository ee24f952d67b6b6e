import { itemFields } from './request-read-items.ts';
import { SEALED } from './words.ts';
import { refuse, unsupported } from '../../model/errors.ts';
import { Fields } from '../../model/fields.ts';
import type { Mint } from '../../model/ids.ts';
import { asArray, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { MemoryWish, PastTurn, Recalled } from '../memory.ts';

/**
 * What the body asks of earlier answers (OR-55 to OR-58).
 * @throws GatewayFailure `unsupported_parameter` for a conversation kept elsewhere and for answers made in the background
 */
export function memoryWish(body: JsonObject): MemoryWish {
  const fields = new Fields(body);
  const previous = fields.string('previous_response_id');
  if (fields.get('conversation') !== undefined)
    unsupported('conversation', 'Conversations are not kept here. Use `previous_response_id`, or send the items.');
  if (fields.boolean('background') === true)
    unsupported('background', 'Background responses are not available. Leave `background` out, and stream instead.');
  const items = ownInput(body);
  const bound = items.findIndex((item) => item['type'] === 'compaction' && !isSealedHere(item));
  return {
    keep: fields.boolean('store') ?? true,
    ...(previous !== undefined && { previous }),
    references: items.flatMap((item, index) => {
      const id = referenceOf(item);
      return id === undefined ? [] : [{ id, param: `input[${index}].id` }];
    }),
    sealed: items.some((item) => isSealedHere(item)),
    ...(bound !== -1 && { bound: `input[${bound}].encrypted_content` }),
  };
}

/** The body with the past before its own items, named items in place and sealed summaries opened (OR-56, OR-58, OR-72). */
export function filledBody(body: JsonObject, { past, named, open }: Recalled): JsonObject {
  const { previous_response_id: _previous, ...rest } = body;
  const before = past.flatMap(pastItems).map((item) => opened(item, open, 'previous_response_id'));
  const own = ownInput(body).flatMap((item, index) => {
    const turn = named.get(referenceOf(item) ?? '');
    const found = turn === undefined ? [item] : pastItems(turn);
    return found.map((each) => opened(each, open, `input[${index}].encrypted_content`));
  });
  return { ...rest, input: [...before, ...own] };
}

/** The items of the body's own input as a list shows them: messages as parts, each with an id. */
export function inputItems(
  body: JsonObject,
  named: ReadonlyMap<string, JsonObject>,
  mint: Mint,
): readonly JsonObject[] {
  return ownInput(body).map((item) => {
    const found = named.get(referenceOf(item) ?? '') ?? item;
    const isMessage = found['type'] === 'message' || (found['type'] === undefined && found['role'] !== undefined);
    const id =
      asString(found['id']) ?? mint(PREFIXES.get(asString(found['type']) ?? '') ?? (isMessage ? 'msg' : 'item'));
    if (!isMessage) return { ...found, id };
    return { status: 'completed', ...found, type: 'message', id, content: partsOf(found) };
  });
}

const PREFIXES: ReadonlyMap<string, string> = new Map([
  ['function_call', 'fc'],
  ['function_call_output', 'fco'],
  ['custom_tool_call', 'ctc'],
  ['custom_tool_call_output', 'ctco'],
  ['reasoning', 'rs'],
  ['compaction', 'cmp'],
]);

function partsOf({ content, role }: JsonObject): Json {
  if (typeof content !== 'string') return content ?? [];
  return role === 'assistant'
    ? [{ type: 'output_text', text: content, annotations: [] }]
    : [{ type: 'input_text', text: content }];
}

function ownInput({ input }: JsonObject): readonly JsonObject[] {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }];
  return itemFields(asArray(input) ?? []).map(({ value }) => value);
}

// An object with an id and no word on what it is names an item as well.
function referenceOf(item: JsonObject): string | undefined {
  const type = item['type'] ?? undefined;
  const names = type === 'item_reference' || (type === undefined && (item['role'] ?? undefined) === undefined);
  return names ? asString(item['id']) : undefined;
}

/**
 * The items of a turn as they may go to whoever is asked now. Reasoning goes to its maker only (OR-59); an item's id goes where it is known,
 * because a maker that kept nothing refuses ids, and one that knows a call by its id misses the reasoning before it.
 */
function pastItems({ items, own, held }: PastTurn): readonly JsonObject[] {
  return items.flatMap<JsonObject>((item) => {
    const reasoning = item['type'] === 'reasoning';
    if (reasoning && (!own || (!held && asString(item['encrypted_content']) === undefined))) return [];
    const said = item['role'] !== undefined && item['role'] !== 'assistant';
    const result = asString(item['type'])?.endsWith('_output') === true;
    if (own && held && !said && !result) return [item];
    const { id: _id, ...rest } = item;
    return [rest];
  });
}

/** Refuses a compacted context that nobody who could be asked can open. */
export function refuseSealed(path: string): never {
  return refuse(path, 'This compacted context cannot be opened here.', 'invalid_encrypted_content');
}

function isSealedHere(item: JsonObject): boolean {
  return item['type'] === 'compaction' && asString(item['encrypted_content'])?.startsWith(SEALED) === true;
}

// What was summed up here is said again as what it is; whoever is asked never sees the sealed form.
function opened(item: JsonObject, open: Recalled['open'], path: string): JsonObject {
  if (!isSealedHere(item)) return item;
  const text = open((asString(item['encrypted_content']) ?? '').slice(SEALED.length));
  if (text === undefined) refuseSealed(path);
  return { type: 'message', role: 'developer', content: `Summary of the conversation so far:\n\n${text}` };
}

/** Items of a kept answer. */
export function keptOutput(kept: JsonObject): readonly JsonObject[] {
  return (asArray(kept['output']) ?? []).flatMap<JsonObject>((item) => asObject(item) ?? []);
}
