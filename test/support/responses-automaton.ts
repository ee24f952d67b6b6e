import { Peek } from './peek.ts';

type Part = {
  readonly kind: string;
  readonly place: number;
  text: string;
  annotations: number;
  state: 'open' | 'told' | 'closed';
};

interface Item {
  readonly type: string;
  readonly id: string;
  readonly callId: string;
  readonly parts: Part[];
  input: string;
  told: boolean;
  done: Peek | undefined;
}

const INPUTS: Readonly<Record<string, readonly [item: string, key: string]>> = {
  'response.function_call_arguments': ['function_call', 'arguments'],
  'response.custom_tool_call_input': ['custom_tool_call', 'input'],
};

const TEXTS: Readonly<Record<string, readonly [item: string, part: string, place: string]>> = {
  'response.output_text': ['message', 'output_text', 'content_index'],
  'response.refusal': ['message', 'refusal', 'content_index'],
  'response.reasoning_text': ['reasoning', 'reasoning_text', 'content_index'],
  'response.reasoning_summary_text': ['reasoning', 'summary_text', 'summary_index'],
};

const PARTS: Readonly<Record<string, string>> = {
  'response.content_part': 'content_index',
  'response.reasoning_summary_part': 'summary_index',
};

const OWN_ITEMS = ['message', 'reasoning', 'function_call', 'custom_tool_call'];

/**
 * Throws at the first event of a stream of `/v1/responses` that the grammar of the format forbids: lifecycle, dense numbers and indices,
 * one id per item, parts and items opened and closed in order, texts equal to the sum of their pieces, a final `output` equal to the
 * items that were done. `events` are the parsed payloads of the whole stream, without `[DONE]`.
 */
export function assertResponsesStream(events: readonly unknown[]): void {
  const automaton = new Automaton();
  for (const event of events) automaton.push(new Peek(event));
  automaton.end();
}

class Automaton {
  readonly #items: Item[] = [];
  readonly #ids = new Set<string>();
  #number = 0;
  #identity: string | undefined;
  #terminal: string | undefined;
  #now = '';

  push(event: Peek): void {
    const type = event.at('type').text;
    this.#now = `${this.#number} ${type}`;
    this.#demand(event.at('sequence_number').value === this.#number++, 'sequence numbers count up from 0');
    this.#demand(this.#number > 1 || type === 'response.created', 'the first event is response.created');
    this.#demand(this.#number !== 2 || type === 'response.in_progress', 'the second event is response.in_progress');
    const behindFailure = this.#terminal === 'response.failed' && type === 'error';
    this.#demand(this.#terminal === undefined || behindFailure, 'nothing follows the terminal event');
    this.#demand(type === 'error' || !event.at('error').given, 'only the error event has an error at the top');
    if (event.at('response').given) this.#lifecycle(type, event.at('response'));
    else if (type === 'error') this.#error(event);
    else this.#itemEvent(type, event);
  }

  end(): void {
    this.#now = 'the end';
    this.#demand(this.#terminal !== undefined, 'a stream has a terminal event');
  }

  #lifecycle(type: string, response: Peek): void {
    const identity = JSON.stringify([
      response.at('id').value,
      response.at('created_at').value,
      response.at('model').value,
    ]);
    this.#identity ??= identity;
    this.#demand(identity === this.#identity, 'id, created_at and model stay the same');
    if (type === 'response.created' || type === 'response.in_progress') {
      this.#demand(this.#number <= 2, 'created and in_progress come once');
      this.#demand(
        response.at('status').text === 'in_progress' && response.at('output').list.length === 0,
        'nothing is written yet',
      );
      return;
    }
    this.#demand(type === `response.${response.at('status').text}`, 'the status is that of the event');
    this.#terminal = type;
    if (type !== 'response.failed') this.#checkOutput(response);
  }

  #checkOutput(response: Peek): void {
    const output = response.at('output').list;
    this.#demand(output.length === this.#items.length, 'the output has every item');
    this.#items.forEach((item, index) => {
      const native = !OWN_ITEMS.includes(item.type);
      this.#demand(item.done !== undefined || native, 'every item is done before the end');
      if (item.done !== undefined)
        this.#demand(same(output[index], item.done), 'the output is what the done events said');
      const cut = item.done?.at('status').text === 'incomplete';
      const allowed = index === this.#items.length - 1 && response.at('status').text === 'incomplete';
      this.#demand(!cut || allowed, 'only the last item of an incomplete response is incomplete');
    });
  }

  #error(event: Peek): void {
    this.#demand(this.#terminal === 'response.failed', 'error follows response.failed');
    for (const key of ['code', 'message', 'param'])
      this.#demand(same(event.at(key), event.at('error', key)), `flat and nested ${key} agree`);
  }

  #itemEvent(type: string, event: Peek): void {
    if (type === 'response.output_item.added') return this.#added(event);
    if (type === 'response.output_item.done') return this.#done(event);
    const { family, verb } = split(type);
    const input = INPUTS[family];
    if (input !== undefined) return this.#input(this.#item(event), input, verb, event);
    const text = TEXTS[family];
    if (text !== undefined) return this.#text(this.#item(event), text, verb, event);
    const place = PARTS[family];
    if (place !== undefined) return this.#part(this.#item(event), place, verb, event);
    if (event.at('output_index').given && event.at('item_id').given) this.#item(event);
  }

  #added(event: Peek): void {
    const item = event.at('item');
    const id = item.at('id').text;
    const type = item.at('type').text;
    this.#demand(event.at('output_index').value === this.#items.length, 'items open in dense order');
    this.#demand(id !== '' && !this.#ids.has(id), 'an item id is new');
    this.#ids.add(id);
    const own = OWN_ITEMS.includes(type);
    this.#demand(!own || id.length <= 64, 'an item id has at most 64 characters');
    this.#demand(!own || item.at('status').text === 'in_progress', 'an item opens in progress');
    const callId = item.at('call_id').text;
    this.#items.push({ type, id, callId, parts: [], input: '', told: false, done: undefined });
  }

  #done(event: Peek): void {
    const value = event.at('item');
    const item = this.#items[Number(event.at('output_index').value)];
    if (item === undefined) return this.#demand(false, 'an item that is done was opened');
    this.#demand(item.done === undefined, 'an item is done once');
    const kept =
      value.at('id').text === item.id &&
      value.at('type').text === item.type &&
      value.at('call_id').text === item.callId;
    this.#demand(kept, 'id, type and call_id stay the same');
    item.done = value;
    if (!OWN_ITEMS.includes(item.type)) return;
    this.#demand(
      item.parts.every((part) => part.state === 'closed'),
      'the parts are closed first',
    );
    this.#demand(['completed', 'incomplete'].includes(value.at('status').text), 'a done item says how it ended');
    if (item.type === 'message') this.#demand(item.parts.length > 0, 'a message has a part');
    if (item.callId !== '')
      this.#demand(
        item.told && (value.at('arguments').text || value.at('input').text) === item.input,
        'the input is the sum of its pieces',
      );
    const texts = [...value.at('summary').list, ...value.at('content').list].map(
      (part) => part.at('text').text + part.at('refusal').text,
    );
    const parts = [
      ...item.parts.filter((part) => part.kind === 'summary_text'),
      ...item.parts.filter((part) => part.kind !== 'summary_text'),
    ];
    if (item.callId === '')
      this.#demand(same(new Peek(texts), new Peek(parts.map((part) => part.text))), 'the item holds its parts');
  }

  #item(event: Peek): Item {
    const item = this.#items[Number(event.at('output_index').value)];
    if (item === undefined) throw new Error(`${this.#now}: no item at this output_index`);
    this.#demand(event.at('item_id').text === item.id, 'item_id is the id of the item at output_index');
    this.#demand(item.done === undefined, 'nothing follows the end of an item');
    return item;
  }

  #input(item: Item, [type, key]: readonly [string, string], verb: string, event: Peek): void {
    this.#demand(item.type === type, 'the event fits the item');
    this.#demand(!item.told, 'the whole input is told once, last');
    if (verb === 'delta') {
      item.input += event.at('delta').text;
      return;
    }
    item.told = true;
    this.#demand(event.at(key).text === item.input, 'the whole input is the sum of its pieces');
  }

  #text(item: Item, [type, kind, place]: readonly [string, string, string], verb: string, event: Peek): void {
    this.#demand(item.type === type, 'the event fits the item');
    const part = item.parts.find((each) => each.kind === kind && each.place === event.at(place).value);
    if (part === undefined) return this.#demand(false, 'text follows the opening of its part');
    this.#demand(part.state === 'open', 'the whole text is told once, last');
    if (kind === 'output_text' && !verb.startsWith('annotation'))
      this.#demand(Array.isArray(event.at('logprobs').value), 'logprobs is a list');
    if (verb === 'delta') part.text += event.at('delta').text;
    else if (verb === 'done') {
      part.state = 'told';
      this.#demand(
        event.at(kind === 'refusal' ? 'refusal' : 'text').text === part.text,
        'the whole text is the sum of its pieces',
      );
    } else this.#demand(event.at('annotation_index').value === part.annotations++, 'annotations are counted from 0');
  }

  #part(item: Item, place: string, verb: string, event: Peek): void {
    const kind = event.at('part', 'type').text;
    const expected = kind === 'summary_text' || kind === 'reasoning_text' ? 'reasoning' : 'message';
    this.#demand(item.type === expected, 'the part fits the item');
    const list = item.parts.filter((each) => (each.kind === 'summary_text') === (kind === 'summary_text'));
    if (verb === 'added') {
      this.#demand(
        item.parts.every((part) => part.state === 'closed'),
        'one part after the other',
      );
      this.#demand(event.at(place).value === list.length, 'parts open in dense order');
      item.parts.push({ kind, place: list.length, text: '', annotations: 0, state: 'open' });
      return;
    }
    const part = list.find((each) => each.place === event.at(place).value);
    if (part === undefined) return this.#demand(false, 'a part that is done was opened');
    this.#demand(part.state === 'told', 'the whole text comes before the end of its part');
    part.state = 'closed';
    this.#demand(event.at('part', 'annotations').list.length === part.annotations, 'the part holds its annotations');
    this.#demand(
      event.at('part', kind === 'refusal' ? 'refusal' : 'text').text === part.text,
      'the part holds its text',
    );
  }

  #demand(holds: boolean, rule: string): void {
    if (!holds) throw new Error(`${this.#now}: ${rule}`);
  }
}

function split(type: string): { readonly family: string; readonly verb: string } {
  const annotation = 'response.output_text.annotation.';
  if (type.startsWith(annotation)) return { family: 'response.output_text', verb: 'annotation' };
  const at = type.lastIndexOf('.');
  return { family: type.slice(0, at), verb: type.slice(at + 1) };
}

function same(left: Peek | undefined, right: Peek): boolean {
  return JSON.stringify(left?.value) === JSON.stringify(right.value);
}
