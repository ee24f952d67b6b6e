import type { EventSink, OutItem, OutNative } from './encoder-shapes.ts';
import { OWN_ITEMS, extraKeys } from './words.ts';
import { asNumber, asObject, asString } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';

const EVENT_NAME = /^[\w.:-]+$/;
// Events about items and parts, which the gateway writes itself; one that it could not read is damaged.
const OURS = /^response\.(?:content_part|output_item)\./;

/**
 * Passes on what only another server of this format said (FM-56): items of unknown types get their place among ours, and events about
 * them the new `output_index` and `item_id`; everything else stays as it came.
 */
export class NativeWriter {
  readonly #items: OutItem[];
  readonly #out: EventSink;
  readonly #settle: () => void;
  readonly #extras = new Map<string, JsonObject>();
  /** Keys of the response that only the upstream wrote. */
  response: JsonObject = {};

  constructor(items: OutItem[], out: EventSink, settle: () => void) {
    this.#items = items;
    this.#out = out;
    this.#settle = settle;
  }

  /** Keys the upstream gave the item with this id and no other format knows. */
  extrasOf(itemId: string | undefined): JsonObject | undefined {
    return itemId === undefined ? undefined : this.#extras.get(itemId);
  }

  /** Passes one event on; false when it fits nowhere. */
  push(value: JsonObject): boolean {
    const type = asString(value['type']) ?? '';
    const item = asObject(value['item']);
    if (type === 'response.completed') {
      this.response = { ...asObject(value['response']) };
      return true;
    }
    if (type === 'response.output_item.added' && item !== undefined) return this.#added(value, item);
    if (type === 'response.output_item.done' && item !== undefined) return this.#done(value, item);
    // A top-level `error` makes the SDKs raise (OR-18), and a name with a line end would break the frame.
    if (!EVENT_NAME.test(type) || value['error'] !== undefined || OURS.test(type)) return false;
    // A response of another id than the client's is not its response.
    if (asObject(value['response']) !== undefined) return false;
    const { type: _type, sequence_number: _number, output_index: index, item_id: itemId, ...rest } = value;
    if (index === undefined && itemId === undefined) {
      this.#out.event(type, rest);
      return true;
    }
    const about = this.#find(value);
    if (about === undefined) return false;
    const id = itemId === undefined ? {} : { item_id: about.id };
    this.#out.event(type, { ...id, ...(index !== undefined && { output_index: about.index }), ...rest });
    return true;
  }

  #added(value: JsonObject, item: JsonObject): boolean {
    if (OWN_ITEMS.has(asString(item['type']) ?? ''))
      this.#extras.set(asString(item['id']) ?? '', extraKeys(item) ?? {});
    else this.#open(value, item);
    return true;
  }

  #done(value: JsonObject, item: JsonObject): boolean {
    const known = this.#find(value);
    const target = known?.type === 'native' && known.state === 'open' ? known : this.#open(value, item);
    target.value = item;
    target.state = 'done';
    target.final = item;
    this.#out.event('response.output_item.done', { output_index: target.index, item });
    return true;
  }

  #open(value: JsonObject, item: JsonObject): OutNative {
    this.#settle();
    const id = asString(item['id']) ?? '';
    const native: OutNative = {
      type: 'native',
      index: this.#items.length,
      id,
      upstreamId: id,
      upstreamIndex: asNumber(value['output_index']),
      extra: undefined,
      state: 'open',
      final: undefined,
      value: item,
    };
    this.#items.push(native);
    this.#out.event('response.output_item.added', { output_index: native.index, item });
    return native;
  }

  #find(value: JsonObject): OutItem | undefined {
    const index = asNumber(value['output_index']);
    const byIndex = index === undefined ? undefined : this.#items.find((item) => item.upstreamIndex === index);
    const id = asString(value['item_id']) ?? asString(asObject(value['item'])?.['id']);
    return byIndex ?? (id === undefined || id === '' ? undefined : this.#items.find((item) => item.upstreamId === id));
  }
}
