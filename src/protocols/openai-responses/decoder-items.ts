import { readAnnotation } from './decoder-annotation.ts';
import { IncomingCall } from './decoder-call.ts';
import { listOf, partAt, partKind, partsOf, typeOf, wireIndex } from './decoder-shapes.ts';
import type { Item, Part } from './decoder-shapes.ts';
import { ID, OWN_ITEMS, extraKeys } from './words.ts';
import type { TextKind } from '../../model/block.ts';
import type { Sink } from '../../model/event.ts';
import type { Mint } from '../../model/ids.ts';
import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

const CALLS: ReadonlySet<string> = new Set(['function_call', 'custom_tool_call']);

/**
 * Turns the items of an answer into blocks, whichever of their four tellings arrives: deltas, `.done` events, finished items or the
 * final `output`. What one telling said is not said again. Items are found by `output_index`, as some upstreams give every event
 * another item id.
 */
export class IncomingItems {
  readonly #emit: Sink;
  readonly #mint: Mint;
  readonly #sameFormat: boolean;
  readonly #items: Item[] = [];
  readonly #byIndex = new Map<number, Item>();
  #blocks = 0;

  constructor(emit: Sink, mint: Mint, sameFormat: boolean) {
    this.#sameFormat = sameFormat;
    this.#emit = emit;
    this.#mint = mint;
  }

  /** How many tool calls were opened. */
  get calls(): number {
    return this.#items.filter((item) => item.call?.named === true).length;
  }

  /** `response.output_item.added`; said twice of an item that is still open, it counts once. */
  added(frame: JsonObject): void {
    const value = asObject(frame['item']) ?? {};
    const index = asNumber(frame['output_index']);
    const known = index === undefined ? undefined : this.#byIndex.get(index);
    if (known !== undefined && !known.done && known.type === typeOf(value)) return;
    const item = this.#add(value, index);
    if (OWN_ITEMS.has(item.type)) this.#hint(value);
    else this.native(frame);
    item.call?.open(value);
  }

  /** `response.output_item.done`. */
  done(frame: JsonObject): void {
    const value = asObject(frame['item']) ?? {};
    const index = asNumber(frame['output_index']);
    const known =
      (index === undefined ? undefined : this.#byIndex.get(index)) ??
      (index === undefined ? this.#byId(value['id']) : undefined);
    const item = known ?? this.#add(value, index);
    if (item.done) return;
    if (!OWN_ITEMS.has(item.type)) {
      item.done = true;
      this.native(frame);
    } else this.#finish(item, value);
  }

  /** A piece of text. */
  text(frame: JsonObject, kind: TextKind, text: string): void {
    if (text === '') return;
    const part = this.#part(frame, kind);
    this.#write(part, text, asArray(frame['logprobs']), this.#padding(frame));
  }

  /** The whole text of a part; only said when no piece of it was. */
  textDone(frame: JsonObject, kind: TextKind): void {
    const text = asString(frame[kind === 'refusal' ? 'refusal' : 'text']) ?? '';
    const item = this.#item(frame, kind);
    const known = partAt(item, kind, wireIndex(frame, kind));
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
    const part = partAt(this.#item(frame, kind), kind, wireIndex(frame, kind)) ?? this.#part(frame, kind);
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
    call.write(json, this.#padding(frame));
  }

  /** The whole input of a call; only said when no piece of it was (CC-17). */
  inputDone(frame: JsonObject): void {
    const { call, value } = this.#item(frame, 'text');
    if (call === undefined) return this.native(frame);
    call.open({ ...value, ...(typeof frame['name'] === 'string' && { name: frame['name'] }) });
    call.writeOnce(asString(frame['arguments'] ?? frame['input']) ?? '');
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
      else if (!item.done && OWN_ITEMS.has(type)) this.#finish(item, value);
      else if (!item.done) this.done({ type: 'response.output_item.done', output_index: index, item: value });
    });
    for (const item of this.#items) {
      if (!item.done && OWN_ITEMS.has(item.type)) this.#finish(item, {});
      for (const part of partsOf(item)) this.#closePart(part);
    }
    return this.#items.every((item) => item.call?.named !== false);
  }

  #whole(value: JsonObject, index: number): void {
    const item = this.#add(value, undefined);
    if (!OWN_ITEMS.has(item.type)) {
      item.done = true;
      this.native({ type: 'response.output_item.done', output_index: index, item: value });
      return;
    }
    this.#hint(value);
    this.#finish(item, value);
  }

  // A client of this very format is told the keys of an item that the event model has no word for.
  #hint(value: JsonObject): void {
    const extra = this.#sameFormat ? extraKeys(value) : undefined;
    if (extra === undefined) return;
    const { type = 'message', id = null } = value;
    this.native({ type: 'response.output_item.added', item: { type, id, ...extra } });
  }

  #add(value: JsonObject, index: number | undefined): Item {
    const type = typeOf(value);
    const id = asString(value['id']);
    const itemId = id === '' ? undefined : id;
    const place = { custom: type === 'custom_tool_call', itemId, next: () => this.#blocks++ };
    const call = CALLS.has(type) ? new IncomingCall(this.#emit, this.#mint, place) : undefined;
    const item: Item = { type, id: itemId, value, content: [], summary: [], call, done: false };
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
    const known = partAt(item, kind, wire);
    return known?.open === true ? known : this.#openPart(item, kind, wire);
  }

  #openPart(item: Item, kind: TextKind, wire: number): Part {
    for (const part of partsOf(item)) this.#closePart(part);
    const block = this.#blocks++;
    const head = { type: kind, ...(item.id !== undefined && { itemId: item.id }) };
    this.#emit({ type: 'block-start', index: block, block: head });
    const part: Part = { kind, wire, block, written: false, open: true, annotations: 0 };
    const list = listOf(item, kind);
    const stale = list.findIndex((candidate) => candidate.kind === kind && candidate.wire === wire);
    if (stale === -1) list.push(part);
    else list[stale] = part;
    return part;
  }

  #padding(frame: JsonObject): string | undefined {
    return this.#sameFormat ? asString(frame['obfuscation']) : undefined;
  }

  #write(part: Part, text: string, logprobs: readonly Json[] | undefined, padding?: string): void {
    if (text === '') return;
    part.written = true;
    const index = part.block;
    const scored = logprobs !== undefined && logprobs.length > 0;
    this.#emit({
      type: 'text-delta',
      index,
      text,
      ...(scored && { logprobs }),
      ...(padding !== undefined && { padding }),
    });
  }

  #fill(part: Part, value: JsonObject): void {
    if (!part.open) return;
    if (!part.written) this.#write(part, asString(value['text'] ?? value['refusal']) ?? '', asArray(value['logprobs']));
    const annotations = (part.kind === 'text' ? asArray(value['annotations']) : undefined) ?? [];
    for (const annotation of annotations.slice(part.annotations))
      this.#emit({ type: 'annotation', index: part.block, annotation: readAnnotation(annotation) });
    part.annotations = Math.max(part.annotations, annotations.length);
  }

  #closePart(part: Part, seal?: string): void {
    if (!part.open) return;
    part.open = false;
    this.#emit({
      type: 'block-end',
      index: part.block,
      ...(seal !== undefined && { seal: { protocol: ID, data: seal } }),
    });
  }

  #finish(item: Item, value: JsonObject): void {
    item.done = true;
    if (item.call !== undefined) return item.call.finish({ ...item.value, ...value });
    this.#fillList(item, asArray(value['summary']) ?? []);
    this.#fillList(item, asArray(value['content']) ?? []);
    const parts = partsOf(item);
    if (item.type !== 'reasoning') return parts.forEach((part) => this.#closePart(part));
    const seal = asString(value['encrypted_content']) ?? asString(item.value['encrypted_content']);
    const last =
      parts.find((part) => part.open) ??
      (parts.length === 0 || seal !== undefined ? this.#openPart(item, 'reasoning-summary', -1) : undefined);
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
}
