import { ID, PART_KINDS } from './words.ts';
import type { Annotation, TextKind } from '../../model/block.ts';
import type { Sink } from '../../model/event.ts';
import type { Mint } from '../../model/ids.ts';
import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

interface Part {
  readonly wire: number;
  readonly block: number;
  written: boolean;
  open: boolean;
  annotations: number;
}

interface Call {
  block: number | undefined;
  held: string;
  written: boolean;
  open: boolean;
}

interface Item {
  readonly type: string;
  readonly id: string | undefined;
  readonly value: JsonObject;
  readonly content: Part[];
  readonly summary: Part[];
  readonly call: Call | undefined;
  done: boolean;
}

const CALLS: ReadonlySet<string> = new Set(['function_call', 'custom_tool_call']);
const KNOWN: ReadonlySet<string> = new Set(['message', 'reasoning', ...CALLS]);

/**
 * Turns the items of an answer into blocks, whichever of their four tellings arrives: deltas, `.done` events, finished items or the
 * final `output`. What one telling said is not said again. Items are found by `output_index`, as some upstreams give every event
 * another item id.
 */
export class IncomingItems {
  readonly #emit: Sink;
  readonly #mint: Mint;
  readonly #items: Item[] = [];
  readonly #byIndex = new Map<number, Item>();
  #blocks = 0;
  /** How many tool calls were opened. */
  calls = 0;

  constructor(emit: Sink, mint: Mint) {
    this.#emit = emit;
    this.#mint = mint;
  }

  /** `response.output_item.added`. */
  added(frame: JsonObject): void {
    const value = asObject(frame['item']) ?? {};
    const item = this.#add(value, asNumber(frame['output_index']));
    if (!KNOWN.has(item.type) || typeof value['phase'] === 'string') this.native(frame);
    this.#openCall(item, value);
  }

  /** `response.output_item.done`. */
  done(frame: JsonObject): void {
    const value = asObject(frame['item']) ?? {};
    const index = asNumber(frame['output_index']);
    const known = (index === undefined ? undefined : this.#byIndex.get(index)) ?? (index === undefined ? this.#byId(value['id']) : undefined);
    const item = known ?? this.#add(value, index);
    if (item.done) return;
    if (!KNOWN.has(item.type)) {
      item.done = true;
      this.native(frame);
    } else this.#finish(item, value);
  }

  /** A piece of text. */
  text(frame: JsonObject, kind: TextKind, text: string): void {
    if (text === '') return;
    const part = this.#part(frame, kind);
    this.#write(part, text, asArray(frame['logprobs']));
  }

  /** The whole text of a part; only said when no piece of it was. */
  textDone(frame: JsonObject, kind: TextKind): void {
    const text = asString(frame[kind === 'refusal' ? 'refusal' : 'text']) ?? '';
    const item = this.#item(frame, kind);
    const known = listOf(item, kind).find((part) => part.wire === wireIndex(frame, kind));
    if (known?.written === true || (known !== undefined && text === '')) return;
    this.#write(this.#part(frame, kind), text, asArray(frame['logprobs']));
  }

  /** A part opens, possibly without any text to come. */
  partAdded(frame: JsonObject): void {
    const kind = partKind(frame['part']);
    if (kind === undefined) this.native(frame);
    else this.#part(frame, kind);
  }

  /** A part is complete. Reasoning stays open until its item ends, because the seal comes with the item. */
  partDone(frame: JsonObject): void {
    const value = asObject(frame['part']);
    const kind = partKind(value);
    if (value === undefined || kind === undefined) return this.native(frame);
    const list = listOf(this.#item(frame, kind), kind);
    const part = list.find((candidate) => candidate.wire === wireIndex(frame, kind)) ?? this.#part(frame, kind);
    this.#fill(part, value);
    if (kind === 'text' || kind === 'refusal') this.#closePart(part);
  }

  /** A remark on the text of a part. */
  annotation(frame: JsonObject): void {
    const part = this.#part(frame, 'text');
    part.annotations += 1;
    this.#emit({ type: 'annotation', index: part.block, annotation: readAnnotation(frame['annotation'] ?? null) });
  }

  /** A piece of a call's input. */
  input(frame: JsonObject, json: string): void {
    const call = this.#item(frame, 'text').call;
    if (call === undefined) return this.native(frame);
    this.#writeCall(call, json);
  }

  /** The whole input of a call; only said when no piece of it was (CC-17). */
  inputDone(frame: JsonObject): void {
    const item = this.#item(frame, 'text');
    if (item.call === undefined) return this.native(frame);
    this.#openCall(item, { ...item.value, ...(typeof frame['name'] === 'string' && { name: frame['name'] }) });
    const input = asString(frame['arguments'] ?? frame['input']) ?? '';
    if (!item.call.written) this.#writeCall(item.call, input);
  }

  /** What only this format can say, as it came. */
  native(value: JsonObject): void {
    this.#emit({ type: 'native', native: { protocol: ID, value } });
  }

  /**
   * The final `output`. Its entries are matched with the items seen by their place among those of the same type: ids may have
   * changed and the list may be empty. Closes whatever is open; false when a call never got a name.
   */
  close(output: readonly Json[]): boolean {
    const seen = new Map<string, number>();
    output.forEach((entry, index) => {
      const value = asObject(entry);
      if (value === undefined) return;
      const type = typeOf(value);
      const place = seen.get(type) ?? 0;
      seen.set(type, place + 1);
      const item = this.#items.filter((candidate) => candidate.type === type)[place];
      if (item === undefined) this.#whole(value, index);
      else if (!item.done && KNOWN.has(type)) this.#finish(item, value);
      else if (!item.done) this.done({ type: 'response.output_item.done', output_index: index, item: value });
    });
    for (const item of this.#items) if (!item.done && KNOWN.has(item.type)) this.#finish(item, {});
    return this.#items.every((item) => item.call === undefined || item.call.block !== undefined);
  }

  #whole(value: JsonObject, index: number): void {
    const item = this.#add(value, undefined);
    if (!KNOWN.has(item.type)) {
      item.done = true;
      this.native({ type: 'response.output_item.done', output_index: index, item: value });
      return;
    }
    if (typeof value['phase'] === 'string')
      this.native({ type: 'response.output_item.added', output_index: index, item: { ...value, content: [] } });
    this.#finish(item, value);
  }

  #add(value: JsonObject, index: number | undefined): Item {
    const type = typeOf(value);
    const id = asString(value['id']);
    const call: Call | undefined = CALLS.has(type) ? { block: undefined, held: '', written: false, open: false } : undefined;
    const item: Item = { type, id: id === '' ? undefined : id, value, content: [], summary: [], call, done: false };
    this.#items.push(item);
    if (index !== undefined) this.#byIndex.set(index, item);
    return item;
  }

  #byId(id: Json | undefined): Item | undefined {
    return typeof id === 'string' && id !== '' ? this.#items.find((item) => item.id === id) : undefined;
  }

  #item(frame: JsonObject, kind: TextKind): Item {
    const index = asNumber(frame['output_index']);
    const known = index === undefined ? (this.#byId(frame['item_id']) ?? this.#items.at(-1)) : this.#byIndex.get(index);
    if (known !== undefined) return known;
    const type = kind === 'text' || kind === 'refusal' ? 'message' : 'reasoning';
    const id = asString(frame['item_id']);
    return this.#add({ type, ...(id !== undefined && { id }) }, index);
  }

  #part(frame: JsonObject, kind: TextKind): Part {
    const item = this.#item(frame, kind);
    const wire = wireIndex(frame, kind);
    const open = listOf(item, kind).find((part) => part.open && part.wire === wire);
    return open ?? this.#openPart(item, kind, wire);
  }

  #openPart(item: Item, kind: TextKind, wire: number): Part {
    for (const part of [...item.content, ...item.summary]) this.#closePart(part);
    const block = this.#blocks++;
    const head = { type: kind, ...(item.id !== undefined && { itemId: item.id }) };
    this.#emit({ type: 'block-start', index: block, block: head });
    const part: Part = { wire, block, written: false, open: true, annotations: 0 };
    const list = listOf(item, kind);
    const stale = list.findIndex((candidate) => candidate.wire === wire);
    if (stale === -1) list.push(part);
    else list[stale] = part;
    return part;
  }

  #write(part: Part, text: string, logprobs: readonly Json[] | undefined): void {
    if (text === '') return;
    part.written = true;
    const index = part.block;
    this.#emit({ type: 'text-delta', index, text, ...(logprobs !== undefined && logprobs.length > 0 && { logprobs }) });
  }

  #fill(part: Part, value: JsonObject): void {
    if (!part.open) return;
    if (!part.written) this.#write(part, asString(value['text'] ?? value['refusal']) ?? '', asArray(value['logprobs']));
    const annotations = asArray(value['annotations']) ?? [];
    for (const annotation of annotations.slice(part.annotations))
      this.#emit({ type: 'annotation', index: part.block, annotation: readAnnotation(annotation) });
    part.annotations = Math.max(part.annotations, annotations.length);
  }

  #closePart(part: Part, seal?: string): void {
    if (!part.open) return;
    part.open = false;
    this.#emit({ type: 'block-end', index: part.block, ...(seal !== undefined && { seal: { protocol: ID, data: seal } }) });
  }

  #finish(item: Item, value: JsonObject): void {
    item.done = true;
    if (item.call !== undefined) return this.#finishCall(item, item.call, value);
    this.#fillList(item, asArray(value['summary']) ?? []);
    this.#fillList(item, asArray(value['content']) ?? []);
    const parts = [...item.content, ...item.summary];
    if (item.type !== 'reasoning') return parts.forEach((part) => this.#closePart(part));
    const seal = asString(value['encrypted_content']) ?? asString(item.value['encrypted_content']);
    const last = parts.find((part) => part.open) ?? (parts.length === 0 || seal !== undefined ? this.#openPart(item, 'reasoning-summary', -1) : undefined);
    if (last !== undefined) this.#closePart(last, seal);
  }

  // Matched by order, not by number: some upstreams count `content_index` on from an earlier item.
  #fillList(item: Item, values: readonly Json[]): void {
    const places = { content: 0, summary: 0 };
    for (const entry of values) {
      const value = asObject(entry);
      const kind = partKind(value);
      if (value === undefined || kind === undefined) continue;
      const place = kind === 'reasoning-summary' ? places.summary++ : places.content++;
      this.#fill(listOf(item, kind)[place] ?? this.#openPart(item, kind, place), value);
    }
  }

  #openCall(item: Item, value: JsonObject): void {
    const { call } = item;
    const name = asString(value['name']) ?? '';
    if (call === undefined || call.block !== undefined || name === '') return;
    call.block = this.#blocks++;
    call.open = true;
    this.calls += 1;
    const id = asString(value['call_id']);
    this.#emit({
      type: 'block-start',
      index: call.block,
      block: {
        type: 'tool-call',
        id: id === undefined || id === '' ? this.#mint('call') : id,
        name,
        ...(item.type === 'custom_tool_call' && { custom: true as const }),
        ...(item.id !== undefined && { itemId: item.id }),
      },
    });
    const { held } = call;
    call.held = '';
    if (held !== '') this.#writeCall(call, held);
  }

  // A call whose name is not known yet cannot be opened; its input waits.
  #writeCall(call: Call, json: string): void {
    if (json === '') return;
    call.written = true;
    if (call.block === undefined) call.held += json;
    else if (call.open) this.#emit({ type: 'input-delta', index: call.block, json });
  }

  #finishCall(item: Item, call: Call, value: JsonObject): void {
    this.#openCall(item, { ...item.value, ...value });
    if (!call.written) this.#writeCall(call, asString(value['arguments'] ?? value['input']) ?? '');
    if (call.block === undefined || !call.open) return;
    call.open = false;
    this.#emit({ type: 'block-end', index: call.block });
  }
}

function typeOf(item: JsonObject): string {
  return asString(item['type']) ?? (item['role'] === undefined ? '' : 'message');
}

function listOf(item: Item, kind: TextKind): Part[] {
  return kind === 'reasoning-summary' ? item.summary : item.content;
}

function wireIndex(frame: JsonObject, kind: TextKind): number {
  return asNumber(frame[kind === 'reasoning-summary' ? 'summary_index' : 'content_index']) ?? 0;
}

function partKind(part: Json | undefined): TextKind | undefined {
  return PART_KINDS.get(asString(asObject(part)?.['type']) ?? '');
}

function readAnnotation(value: Json): Annotation {
  const object = asObject(value);
  const url = asString(object?.['url']);
  if (object?.['type'] !== 'url_citation' || url === undefined) return { type: 'native', native: { protocol: ID, value } };
  const title = asString(object['title']);
  const start = asNumber(object['start_index']);
  const end = asNumber(object['end_index']);
  return { type: 'url', url, ...(title !== undefined && { title }), ...(start !== undefined && { start }), ...(end !== undefined && { end }) };
}
