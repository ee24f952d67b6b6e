import { ID_PREFIX, PART_WORDS, idFits, itemJson, partJson, writeAnnotation } from './encoder-shapes.ts';
import type { EventSink, OutCall, OutItem, OutMessage, OutPart, OutReasoning } from './encoder-shapes.ts';
import { NativeWriter } from './encoder-natives.ts';
import { ID, INCLUDE_SEALS } from './words.ts';
import { isPlain, lineSafe } from '../../framing/sse-writer.ts';
import type { Annotation, Seal } from '../../model/block.ts';
import type { BlockHead, Event } from '../../model/event.ts';
import { isSafeId } from '../../model/ids.ts';
import { asArray, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { LongText } from '../../model/long-text.ts';
import type { Reply } from '../codec.ts';
import { carrySeal } from '../seal-envelope.ts';

type Place =
  | { readonly item: OutMessage | OutReasoning; readonly part: OutPart }
  | { readonly item: OutCall; readonly part: undefined };

/**
 * Writes the items of an answer. An item whose blocks are closed is done only when the next one opens or the answer ends: until then
 * it may get another part, and only the end says whether it is whole or was cut off (OR-30).
 */
export class ItemWriter {
  lost = 0;
  readonly #reply: Reply;
  readonly #out: EventSink;
  readonly #items: OutItem[] = [];
  readonly #places: (Place | undefined)[] = [];
  readonly #ids = new Set<string>();
  readonly #natives: NativeWriter;
  readonly #seals: boolean;
  readonly #custom: boolean;
  readonly #logprobs: boolean;
  readonly #pads: boolean;

  constructor(reply: Reply, out: EventSink) {
    this.#reply = reply;
    this.#out = out;
    this.#natives = new NativeWriter(this.#items, out, () => this.#settle());
    this.#seals = (asArray(reply.body['include']) ?? []).includes(INCLUDE_SEALS);
    this.#custom = (asArray(reply.body['tools']) ?? []).some((tool) => asObject(tool)?.['type'] === 'custom');
    this.#pads = asObject(reply.body['stream_options'])?.['include_obfuscation'] !== false;
    this.#logprobs = reply.request.task === 'generation' && reply.request.logprobs !== undefined;
  }

  /** Keys of the response that only the upstream wrote. */
  get responseExtra(): JsonObject {
    return this.#natives.response;
  }

  /** How many items were opened. */
  get count(): number {
    return this.#items.length;
  }

  /** Counts an event this format cannot express. */
  lose(): void {
    this.lost += 1;
  }

  /** A block opens. Further choices and media have no place in a response. */
  open(index: number, head: BlockHead): void {
    if ((head.choice ?? 0) > 0 || head.type === 'media' || head.type === 'vector') {
      this.#places[index] = undefined;
      return this.lose();
    }
    this.#places[index] =
      head.type === 'tool-call' ? { item: this.#openCall(head), part: undefined } : this.#openPart(head);
  }

  /** A piece of text: one string is made per token, from what was computed when the part opened. */
  text(event: Extract<Event, { type: 'text-delta' }>): void {
    const place = this.#places[event.index];
    if (place?.part === undefined) return this.lose();
    const { item, part } = place;
    const { text } = event;
    if (text === '') return;
    if (part.place === undefined) this.#place(item, part);
    part.text.add(text);
    const plain = isPlain(text);
    let { tail } = part;
    if (event.logprobs !== undefined && this.#logprobs && part.kind === 'text') {
      part.logprobs.push(...event.logprobs);
      tail = `,"logprobs":${lineSafe(JSON.stringify(event.logprobs))}}\n\n`;
    }
    if (event.padding !== undefined && this.#pads)
      tail = `,"obfuscation":${lineSafe(JSON.stringify(event.padding))}${tail}`;
    const json = plain ? `"${text}"` : lineSafe(JSON.stringify(text));
    // All around the text is ASCII: names of ours, ids that were looked at.
    this.#out.raw(part.head, part.middle + json + tail, plain && tail === part.tail);
  }

  /** A piece of a call's input. */
  input(index: number, json: string, padding?: string): void {
    const place = this.#places[index];
    if (place === undefined || place.part !== undefined) return this.lose();
    if (json !== '') this.#writeInput(place.item, json, this.#pads ? padding : undefined);
  }

  /** A remark on the text of a part. */
  annotation(index: number, annotation: Annotation): void {
    const place = this.#places[index];
    if (place?.part === undefined || place.part.kind !== 'text') return this.lose();
    const { item, part } = place;
    const value = writeAnnotation(annotation);
    if (value === undefined) return this.lose();
    this.#out.event('response.output_text.annotation.added', {
      ...this.#where(item, part),
      annotation_index: part.annotations.length,
      annotation: value,
    });
    part.annotations.push(value);
  }

  /** A block is complete. */
  close(index: number, seal: Seal | undefined): void {
    const place = this.#places[index];
    if (place === undefined) return this.lose();
    const { item, part } = place;
    item.state = 'ended';
    if (part === undefined) return;
    if (part.place !== undefined) this.#closePart(item, part);
    if (item.type === 'reasoning' && seal !== undefined) item.seal = carrySeal(seal, ID);
  }

  /** What only this format can say. */
  native(value: JsonObject): void {
    if (!this.#natives.push(value)) this.lose();
  }

  /** The answer is over: closes what is left and gives the final `output`. A cut-off answer leaves its last item incomplete. */
  finish(cutOff: boolean): readonly Json[] {
    const last = this.#items.at(-1);
    for (const item of this.#items)
      if (item.state !== 'done') this.#done(item, cutOff && item === last ? 'incomplete' : 'completed');
    return this.#items.map((item) => item.final ?? null);
  }

  /** The answer failed: what is finished, and open text and reasoning as far as they came; never half a call (OR-31). */
  abandon(): readonly Json[] {
    this.#settle();
    return this.#items.flatMap((item) => {
      if (item.final !== undefined) return [item.final];
      const call = item.type === 'function_call' || item.type === 'custom_tool_call';
      return call ? [] : [itemJson(item, 'incomplete', this.#seals)];
    });
  }

  /** A list of items with the tokens that their maker wants back, shown to the client or not. */
  sealed(output: readonly Json[]): readonly Json[] {
    const seals = new Map(
      this.#items.flatMap((item) =>
        item.type === 'reasoning' && item.seal !== undefined ? [[item.id, item.seal]] : [],
      ),
    );
    return output.map((value) => {
      const item = asObject(value);
      const seal = seals.get(asString(item?.['id']) ?? '');
      return item === undefined || seal === undefined ? value : { ...item, encrypted_content: seal };
    });
  }

  #openPart(head: Extract<BlockHead, { type: OutPart['kind'] }>): Place {
    const { itemId } = head;
    // Raw reasoning keeps its name only when it came as an item of this very format (OR-83, OR-87).
    const kind = head.type === 'reasoning' && itemId === undefined ? 'reasoning-summary' : head.type;
    const type = kind === 'text' || kind === 'refusal' ? 'message' : 'reasoning';
    const item = this.#continued(type, itemId) ?? this.#openHolder(type, itemId);
    item.state = 'open';
    const words = PART_WORDS[kind];
    const part: OutPart = {
      kind,
      words,
      text: new LongText(),
      annotations: [],
      logprobs: [],
      place: undefined,
      head: '',
      middle: '',
      tail: '',
    };
    item.parts.push(part);
    // An empty summary part would be noise to clients; it appears with its first text. A message has a part at once.
    if (type === 'message') this.#place(item, part);
    return { item, part };
  }

  // Blocks of one upstream item, and neighbours without any, are parts of one item, one after the other.
  #continued(type: 'message' | 'reasoning', itemId: string | undefined): OutMessage | OutReasoning | undefined {
    const last = this.#items.at(-1);
    if (last === undefined || last.state !== 'ended' || last.upstreamId !== itemId) return undefined;
    // An item has one seal, and what was thought after it is not under it.
    if (last.type === 'reasoning' && last.seal !== undefined) return undefined;
    return last.type === type ? last : undefined;
  }

  #openHolder(type: 'message' | 'reasoning', itemId: string | undefined): OutMessage | OutReasoning {
    const base = this.#base(type, itemId);
    const item: OutMessage | OutReasoning =
      type === 'message' ? { ...base, type, parts: [] } : { ...base, type, parts: [], seal: undefined };
    this.#add(item);
    return item;
  }

  #openCall(head: Extract<BlockHead, { type: 'tool-call' }>): OutCall {
    const type = head.custom === true && this.#custom ? 'custom_tool_call' : 'function_call';
    const callId = isSafeId(head.id) ? head.id : this.#reply.mint('call');
    const item: OutCall = { ...this.#base(type, head.itemId), type, callId, name: head.name, input: '' };
    this.#add(item);
    return item;
  }

  #base(
    type: keyof typeof ID_PREFIX,
    upstreamId: string | undefined,
  ): Omit<OutCall, 'type' | 'callId' | 'name' | 'input'> {
    this.#settle();
    const fits = idFits(upstreamId, type) && !this.#ids.has(upstreamId);
    const id = fits ? upstreamId : this.#reply.mint(ID_PREFIX[type]);
    this.#ids.add(id);
    const extra = this.#natives.extrasOf(upstreamId);
    return {
      index: this.#items.length,
      id,
      upstreamId,
      upstreamIndex: undefined,
      extra,
      state: 'open',
      final: undefined,
    };
  }

  #add(item: OutItem): void {
    this.#items.push(item);
    this.#out.event('response.output_item.added', {
      output_index: item.index,
      item: itemJson(item, 'in_progress', false),
    });
  }

  #place(item: OutMessage | OutReasoning, part: OutPart): void {
    const { words } = part;
    part.place = item.parts.filter((other) => other.place !== undefined && other.words.place === words.place).length;
    this.#out.event(words.added, { ...this.#where(item, part), part: partJson(part) });
    // One string each, not the chain that a template is: they are part of every event.
    part.head = [`event: ${words.delta}\ndata: {"type":"${words.delta}"`, ',"sequence_number":'].join('');
    part.middle = [
      `,"item_id":${JSON.stringify(item.id)},"output_index":${item.index}`,
      `,"${words.place}":${part.place},"delta":`,
    ].join('');
    part.tail = part.kind === 'text' ? ',"logprobs":[]}\n\n' : '}\n\n';
  }

  #closePart(item: OutMessage | OutReasoning, part: OutPart): void {
    const { words } = part;
    const where = this.#where(item, part);
    this.#out.event(words.done, {
      ...where,
      [words.key]: part.text.value,
      ...(part.kind === 'text' && { logprobs: [...part.logprobs] }),
    });
    this.#out.event(words.closed, { ...where, part: partJson(part) });
  }

  #where(item: OutMessage | OutReasoning, part: OutPart): JsonObject {
    return { item_id: item.id, output_index: item.index, [part.words.place]: part.place ?? 0 };
  }

  #writeInput(item: OutCall, delta: string, padding?: string): void {
    item.input += delta;
    const type =
      item.type === 'function_call'
        ? 'response.function_call_arguments.delta'
        : 'response.custom_tool_call_input.delta';
    const obfuscation = padding === undefined ? {} : { obfuscation: padding };
    this.#out.event(type, { item_id: item.id, output_index: item.index, delta, ...obfuscation });
  }

  #settle(): void {
    for (const item of this.#items) if (item.state === 'ended') this.#done(item, 'completed');
  }

  #done(item: OutItem, status: 'completed' | 'incomplete'): void {
    const where = { item_id: item.id, output_index: item.index };
    if (item.type === 'function_call') {
      // A call without arguments is the empty object, never the empty text (OR-32); a call that was cut off stays as it is.
      if (item.input === '' && status === 'completed') this.#writeInput(item, '{}');
      this.#out.event('response.function_call_arguments.done', { ...where, arguments: item.input, name: item.name });
    } else if (item.type === 'custom_tool_call')
      this.#out.event('response.custom_tool_call_input.done', { ...where, input: item.input });
    item.state = 'done';
    item.final = itemJson(item, status, this.#seals);
    this.#out.event('response.output_item.done', { output_index: item.index, item: item.final });
  }
}
