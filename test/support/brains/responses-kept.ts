import { Peek } from '../peek.ts';
import { refuse } from './mind.ts';

/** What was asked and answered, by the id of the response. */
export type Kept = ReadonlyMap<string, readonly Peek[]>;

/** The conversation as a whole: what was kept, what is referred to, and what is new. */
export function resolved(body: Peek, kept: Kept): readonly Peek[] {
  const input = body.at('input');
  const fresh =
    typeof input.value === 'string'
      ? [new Peek({ type: 'message', role: 'user', content: input.value })]
      : input.list.map((item) => (typeOf(item) === 'item_reference' ? referred(item, kept) : item));
  if (fresh.length === 0) refuse("Missing required parameter: 'input'.");
  const previous = body.at('previous_response_id').text;
  if (previous === '') return fresh;
  const before = kept.get(previous) ?? refuse(`Previous response with id '${previous}' not found.`);
  return [...before, ...fresh];
}

function referred(reference: Peek, kept: Kept): Peek {
  const id = reference.at('id').text;
  return storedItems(kept).get(id) ?? refuse(`Item with id '${id}' not found.`);
}

/** What was kept, by the ids of the items. */
export function storedItems(kept: Kept): ReadonlyMap<string, Peek> {
  return new Map([...kept.values()].flat().map((item) => [item.at('id').text, item]));
}

/** The type of an item; one without is a message. */
export function typeOf(item: Peek | undefined): string {
  const type = item?.at('type').text ?? '';
  return type === '' ? 'message' : type;
}
