import { sealOf } from './seals.ts';
import { OWN } from './words.ts';
import type { Annotation, Seal } from '../../model/block.ts';
import type { BlockHead, Sink } from '../../model/event.ts';
import { isSafeId } from '../../model/ids.ts';
import type { Mint } from '../../model/ids.ts';
import { asArray, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

interface TextPlace {
  readonly kind: 'text' | 'reasoning';
  readonly index: number;
  /** Half a surrogate pair waiting for its other half. */
  held: string;
  signature: string;
  readonly redacted: string[];
}

interface CallPlace {
  /** `answer`: a call of the tool that the answer was forced through; its input is the answer's text. */
  readonly kind: 'call' | 'answer';
  readonly index: number;
  held: string;
  any: boolean;
}

interface MediaPlace {
  readonly kind: 'media';
  readonly index: number;
}

/** A call of a tool that the provider runs itself, or what it brought. */
interface NativePlace {
  readonly kind: 'native';
  readonly name: string;
  readonly head: JsonObject;
  readonly input: string[];
  readonly content: Json[];
}

type Place = TextPlace | CallPlace | MediaPlace | NativePlace;

/** What the blocks of an answer are written with. */
export interface BlockSetting {
  readonly emit: Sink;
  readonly mint: Mint;
  /** Name of the tool that the answer was forced through, where the target has no other way to hold it to a schema. */
  readonly answerTool: string | undefined;
}

const MEDIA = ['image', 'audio', 'video'] as const;

/** Turns the content blocks of a message, by their numbers on the wire, into blocks of events. */
export class Blocks {
  readonly #setting: BlockSetting;
  readonly #places = new Map<number, Place>();
  readonly #ids = new Set<string>();
  #next = 0;
  /** How many tools were called. */
  calls = 0;
  /** What makes the answer unreadable, if something does. */
  fault: string | undefined;

  constructor(setting: BlockSetting) {
    this.#setting = setting;
  }

  /** Opens a block, where its opener says what it is; text and reasoning open with their first piece. */
  start(wire: number, start: JsonObject): void {
    this.stop(wire);
    const tool = asObject(start['toolUse']);
    const result = asObject(start['toolResult']);
    const image = asObject(start['image']);
    if (tool !== undefined) this.#places.set(wire, this.#openTool(tool));
    else if (result !== undefined) this.#places.set(wire, native('toolResult', result));
    else if (image !== undefined) this.#places.set(wire, this.#openMedia('image', image));
  }

  /** Takes a delta. */
  delta(wire: number, delta: JsonObject): void {
    const { text } = delta;
    if (typeof text === 'string') {
      if (text !== '') this.#text(this.#textPlace(wire, 'text'), text);
      return;
    }
    const reasoning = asObject(delta['reasoningContent']);
    if (reasoning !== undefined) return this.#reasoning(wire, reasoning);
    const tool = asObject(delta['toolUse']);
    if (tool !== undefined) return this.#input(this.#places.get(wire), asString(tool['input']) ?? '');
    const citation = asObject(delta['citation']);
    if (citation !== undefined) return this.#cite(this.#textPlace(wire, 'text').index, citation);
    const image = asObject(delta['image']);
    if (image !== undefined) return this.#image(wire, image);
    const place = this.#places.get(wire);
    if (place?.kind === 'native') place.content.push(...(asArray(delta['toolResult']) ?? []));
  }

  /** Takes a block of a whole message. */
  whole(wire: number, block: JsonObject): void {
    const tool = asObject(block['toolUse']);
    const cited = asObject(block['citationsContent']);
    const thought = asObject(asObject(block['reasoningContent'])?.['reasoningText']);
    const media = MEDIA.find((each) => asObject(block[each]) !== undefined);
    if (tool !== undefined) {
      const place = this.#openTool(tool);
      this.#places.set(wire, place);
      const { input } = tool;
      if (input !== undefined && input !== null)
        this.#input(place, typeof input === 'string' ? input : JSON.stringify(input));
    } else if (cited !== undefined) {
      for (const part of asArray(cited['content']) ?? [])
        this.delta(wire, { text: asString(asObject(part)?.['text']) ?? '' });
      for (const citation of asArray(cited['citations']) ?? []) this.delta(wire, { citation });
    } else if (thought !== undefined) {
      this.delta(wire, { reasoningContent: { text: asString(thought['text']) ?? '' } });
      this.delta(wire, { reasoningContent: { signature: asString(thought['signature']) ?? '' } });
    } else if (media !== undefined) this.#media(wire, media, asObject(block[media]) ?? {});
    else if (typeof block['text'] === 'string' || block['reasoningContent'] !== undefined) this.delta(wire, block);
    else this.#setting.emit({ type: 'native', native: { protocol: OWN, value: block } });
    this.stop(wire);
  }

  /** Ends a block, if it is open. */
  stop(wire: number): void {
    const place = this.#places.get(wire);
    if (place === undefined) return;
    this.#places.delete(wire);
    switch (place.kind) {
      case 'text':
      case 'reasoning':
        return this.#end(place.index, sealOf(place.signature, place.redacted));
      case 'call':
      case 'answer':
        // FM-13: a call without arguments has the empty object, which every client can parse.
        if (!place.any) this.#input(place, '{}');
        return this.#end(place.index);
      case 'media':
        return this.#end(place.index);
      case 'native':
        return this.#setting.emit({ type: 'native', native: { protocol: OWN, value: finished(place) } });
      default:
        return place satisfies never;
    }
  }

  /** Ends every open block. */
  stopAll(): void {
    for (const wire of this.#places.keys()) this.stop(wire);
  }

  #textPlace(wire: number, kind: TextPlace['kind']): TextPlace {
    const open = this.#places.get(wire);
    if ((open?.kind === 'text' || open?.kind === 'reasoning') && open.kind === kind) return open;
    this.stop(wire);
    const place: TextPlace = { kind, index: this.#open({ type: kind }), held: '', signature: '', redacted: [] };
    this.#places.set(wire, place);
    return place;
  }

  #openTool(tool: JsonObject): Place {
    const name = asString(tool['name']) ?? '';
    if (tool['type'] === 'server_tool_use') return native('toolUse', tool);
    if (name !== '' && name === this.#setting.answerTool)
      return { kind: 'answer', index: this.#open({ type: 'text' }), held: '', any: false };
    this.calls++;
    if (name === '') {
      this.fault = 'called a tool without naming it';
      return native('toolUse', tool);
    }
    const said = asString(tool['toolUseId']) ?? '';
    const id = isSafeId(said) && !this.#ids.has(said) ? said : this.#setting.mint('tooluse');
    this.#ids.add(id);
    return { kind: 'call', index: this.#open({ type: 'tool-call', id, name }), held: '', any: false };
  }

  #openMedia(media: (typeof MEDIA)[number], block: JsonObject): MediaPlace {
    const format = asString(block['format']);
    return { kind: 'media', index: this.#open({ type: 'media', media, ...(format !== undefined && { format }) }) };
  }

  #media(wire: number, media: (typeof MEDIA)[number], block: JsonObject): void {
    const place = this.#openMedia(media, block);
    this.#places.set(wire, place);
    this.#bytes(place, block);
  }

  #image(wire: number, image: JsonObject): void {
    const place = this.#places.get(wire);
    if (place?.kind === 'media') this.#bytes(place, image);
    else this.#media(wire, 'image', image);
  }

  #bytes({ index }: MediaPlace, block: JsonObject): void {
    const base64 = asString(asObject(block['source'])?.['bytes']) ?? '';
    if (base64 !== '') this.#setting.emit({ type: 'audio-delta', index, base64 });
  }

  #reasoning(wire: number, delta: JsonObject): void {
    const { text, signature, redactedContent } = delta;
    if (typeof text === 'string' && text !== '') this.#text(this.#textPlace(wire, 'reasoning'), text);
    if (typeof signature === 'string' && signature !== '') this.#textPlace(wire, 'reasoning').signature += signature;
    if (typeof redactedContent === 'string' && redactedContent !== '')
      this.#textPlace(wire, 'reasoning').redacted.push(redactedContent);
  }

  #text(place: TextPlace, piece: string): void {
    const text = wholeCharacters(place, piece);
    if (text !== '') this.#setting.emit({ type: 'text-delta', index: place.index, text });
  }

  #input(place: Place | undefined, piece: string): void {
    if (place?.kind === 'native') place.input.push(piece);
    else if (place?.kind !== 'call' && place?.kind !== 'answer')
      this.fault = 'sent the input of a call that it did not begin';
    else if (piece !== '') {
      place.any = true;
      const text = wholeCharacters(place, piece);
      const { index } = place;
      if (text === '') return;
      this.#setting.emit(
        place.kind === 'call' ? { type: 'input-delta', index, json: text } : { type: 'text-delta', index, text },
      );
    }
  }

  #cite(index: number, citation: JsonObject): void {
    this.#setting.emit({ type: 'annotation', index, annotation: annotationOf(citation) });
  }

  #open(block: BlockHead): number {
    const index = this.#next++;
    this.#setting.emit({ type: 'block-start', index, block });
    return index;
  }

  #end(index: number, seal?: Seal): void {
    this.#setting.emit({ type: 'block-end', index, ...(seal !== undefined && { seal }) });
  }
}

/** CC-03: half a character cannot be told; it waits for its other half. */
function wholeCharacters(place: { held: string }, piece: string): string {
  const all = place.held === '' ? piece : place.held + piece;
  const last = all.charCodeAt(all.length - 1);
  const cut = last >= 0xd800 && last <= 0xdbff;
  place.held = cut ? all.slice(-1) : '';
  return cut ? all.slice(0, -1) : all;
}

function native(name: string, head: JsonObject): NativePlace {
  return { kind: 'native', name, head, input: [], content: [] };
}

/** The block as a whole message would have held it. */
function finished({ name, head, input, content }: NativePlace): JsonObject {
  const more = {
    ...(input.length > 0 && { input: readInput(input.join('')) }),
    ...(content.length > 0 && { content }),
  };
  return { [name]: { ...head, ...more } };
}

function readInput(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** A citation: a page of the web by its address, anything else as it came. */
function annotationOf(citation: JsonObject): Annotation {
  const url = asString(asObject(asObject(citation['location'])?.['web'])?.['url']);
  if (url === undefined) return { type: 'native', native: { protocol: OWN, value: citation } };
  const title = asString(citation['title']);
  return { type: 'url', url, ...(title !== undefined && { title }) };
}
