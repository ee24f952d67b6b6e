import { OWN, readCitation, sealOfRedacted, sealOfSignature } from './seals.ts';
import { isTold } from './words.ts';
import type { Seal, TextKind } from '../../model/block.ts';
import type { Sink } from '../../model/event.ts';
import { isSafeId } from '../../model/ids.ts';
import type { Mint } from '../../model/ids.ts';
import { asArray, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

interface TextPlace {
  readonly kind: 'text';
  readonly type: TextKind;
  readonly index: number;
  /** Half a surrogate pair waiting for its other half. */
  held: string;
  signature: string;
  /** Of a block that holds nothing else. */
  readonly seal?: Seal;
}

interface CallPlace {
  readonly kind: 'call';
  /** -1 while the call has no name and cannot be told of. */
  readonly index: number;
  readonly input: string[];
  /** The input that stood in the opener, for upstreams that stream none. */
  readonly whole: string;
}

/** A call of the tool that the answer was forced through: its input is the answer's text. */
interface AnswerPlace {
  readonly kind: 'answer';
  readonly text: TextPlace;
  readonly whole: string;
  any: boolean;
}

interface NativePlace {
  readonly kind: 'native';
  readonly wire: number;
  readonly block: Record<string, Json>;
  readonly json: string[];
}

type Place = TextPlace | CallPlace | AnswerPlace | NativePlace;

/** What the blocks of an answer are written with. */
export interface BlockSetting {
  readonly emit: Sink;
  readonly mint: Mint;
  /** Name of the tool that the answer was forced through, where the target has no other way to hold it to a schema. */
  readonly answerTool: string | undefined;
}

/** Turns the content blocks of a message, by their numbers on the wire, into blocks of events. */
export class Blocks {
  readonly #setting: BlockSetting;
  readonly #places = new Map<number, Place>();
  readonly #ids = new Set<string>();
  #next = 0;
  /** How many tools were called. */
  calls = 0;
  /** Whether the block that opened last is a call. */
  endsInCall = false;
  /** Whether the answer came through the tool it was forced through. */
  answered = false;
  /** Whether a call came without a name, which no client can answer. */
  nameless = false;

  constructor(setting: BlockSetting) {
    this.#setting = setting;
  }

  /** Opens a block; one of the same number that is still open ends first. */
  open(wire: number, block: JsonObject): void {
    this.close(wire);
    this.#closeNatives();
    this.endsInCall = block['type'] === 'tool_use';
    this.#places.set(wire, this.#place(wire, block));
  }

  /** Whether a block of this number is open, and holds plain text. */
  isText(wire: number): boolean {
    const place = this.#places.get(wire);
    return place?.kind === 'text' && place.type === 'text';
  }

  /** Takes a delta; false for one that no rule covers. */
  delta(wire: number, delta: JsonObject): boolean {
    const place = this.#places.get(wire) ?? this.#implied(wire, delta);
    switch (delta['type']) {
      case 'text_delta':
        return isOf(place, 'text') && this.#text(place, asString(delta['text']) ?? '');
      case 'thinking_delta':
        return isOf(place, 'reasoning') && this.#text(place, asString(delta['thinking']) ?? '');
      case 'signature_delta':
        if (!isOf(place, 'reasoning')) return false;
        // One comes; the format's own clients take the last.
        place.signature = asString(delta['signature']) ?? '';
        return true;
      case 'input_json_delta':
        return place !== undefined && this.#input(place, asString(delta['partial_json']) ?? '');
      case 'citations_delta':
        if (!isOf(place, 'text')) return false;
        if (isTold(delta['citation'])) this.#cite(place, delta['citation']);
        return true;
      default:
        return this.#other(place, wire, delta);
    }
  }

  /** Takes the next piece of text of an open block. */
  text(wire: number, text: string): boolean {
    const place = this.#places.get(wire) ?? this.#implied(wire, { type: 'text_delta' });
    return isOf(place, 'text') && this.#text(place, text);
  }

  /** Ends a block, if it is open. */
  close(wire: number): void {
    const place = this.#places.get(wire);
    if (place === undefined) return;
    this.#places.delete(wire);
    switch (place.kind) {
      case 'text':
        this.#end(place.index, place.seal ?? sealOfSignature(place.signature));
        return;
      case 'call':
        this.#endCall(place);
        return;
      case 'answer':
        if (!place.any) this.#text(place.text, place.whole === '' ? '{}' : place.whole);
        this.#end(place.text.index, undefined);
        return;
      case 'native':
        this.#native({ type: 'content_block', index: place.wire, content_block: finished(place) });
        return;
      default:
        place satisfies never;
    }
  }

  /** Ends every open block. */
  closeAll(): void {
    for (const wire of this.#places.keys()) this.close(wire);
  }

  /** Whether no open call would be left in the middle of its input. */
  get whole(): boolean {
    for (const place of this.#places.values())
      if (place.kind === 'call' && place.input.length > 0 && !isJson(place.input.join(''))) return false;
    return true;
  }

  // They are told whole, at their end; as blocks do not overlap, that is when the next one opens at the latest.
  #closeNatives(): void {
    for (const [wire, { kind }] of this.#places) if (kind === 'native') this.close(wire);
  }

  #place(wire: number, block: JsonObject): Place {
    switch (block['type']) {
      case 'text': {
        const place = this.#openText('text');
        this.#text(place, asString(block['text']) ?? '');
        for (const citation of asArray(block['citations']) ?? []) this.#cite(place, citation);
        return place;
      }
      case 'thinking': {
        const place = this.#openText('reasoning');
        this.#text(place, asString(block['thinking']) ?? '');
        place.signature = asString(block['signature']) ?? '';
        return place;
      }
      case 'redacted_thinking':
        return { ...this.#openText('reasoning'), seal: sealOfRedacted(asString(block['data']) ?? '').seal };
      case 'tool_use':
        return this.#openCall(block);
      default:
        return { kind: 'native', wire, block: { ...block }, json: [] };
    }
  }

  // Some servers leave the opener out; what a delta holds tells what opens.
  #implied(wire: number, delta: JsonObject): Place | undefined {
    const type = delta['type'] === 'text_delta' ? 'text' : delta['type'] === 'thinking_delta' ? 'reasoning' : undefined;
    if (type === undefined) return undefined;
    this.#closeNatives();
    const place = this.#openText(type);
    this.#places.set(wire, place);
    return place;
  }

  #openText(type: TextKind): TextPlace {
    const index = this.#next++;
    this.#setting.emit({ type: 'block-start', index, block: { type } });
    return { kind: 'text', type, index, held: '', signature: '' };
  }

  #openCall(block: JsonObject): Place {
    const name = asString(block['name']) ?? '';
    const input = asObject(block['input']);
    const whole = input === undefined || Object.keys(input).length === 0 ? '' : JSON.stringify(input);
    if (name !== '' && name === this.#setting.answerTool) {
      this.answered = true;
      return { kind: 'answer', text: this.#openText('text'), whole, any: false };
    }
    this.calls++;
    if (name === '') {
      this.nameless = true;
      return { kind: 'call', index: -1, input: [], whole };
    }
    const wireId = asString(block['id']) ?? '';
    const id = isSafeId(wireId) && !this.#ids.has(wireId) ? wireId : this.#setting.mint('toolu');
    this.#ids.add(id);
    const index = this.#next++;
    this.#setting.emit({ type: 'block-start', index, block: { type: 'tool-call', id, name } });
    return { kind: 'call', index, input: [], whole };
  }

  #text(place: TextPlace, piece: string): boolean {
    const all = place.held === '' ? piece : place.held + piece;
    // CC-03: half a character cannot be told; it waits for its other half.
    const last = all.charCodeAt(all.length - 1);
    const cut = last >= 0xd800 && last <= 0xdbff;
    place.held = cut ? all.slice(-1) : '';
    const text = cut ? all.slice(0, -1) : all;
    if (text !== '') this.#setting.emit({ type: 'text-delta', index: place.index, text });
    return true;
  }

  #input(place: Place, json: string): boolean {
    if (place.kind === 'text') return false;
    if (json === '') return true;
    if (place.kind === 'native') place.json.push(json);
    else if (place.kind === 'answer') {
      place.any = true;
      this.#text(place.text, json);
    } else {
      place.input.push(json);
      if (place.index >= 0) this.#setting.emit({ type: 'input-delta', index: place.index, json });
    }
    return true;
  }

  #cite(place: TextPlace, citation: Json): void {
    this.#setting.emit({ type: 'annotation', index: place.index, annotation: readCitation(citation) });
  }

  /** A delta of a kind that only this format knows: a block of its own takes it in, any other passes it on. */
  #other(place: Place | undefined, wire: number, delta: JsonObject): boolean {
    if (place === undefined || typeof delta['type'] !== 'string') return false;
    if (place.kind !== 'native') this.#native({ type: 'content_block_delta', index: wire, delta });
    else
      for (const [key, value] of Object.entries(delta)) {
        if (key === 'type') continue;
        const before = place.block[key];
        place.block[key] = typeof before === 'string' && typeof value === 'string' ? before + value : value;
      }
    return true;
  }

  #endCall(place: CallPlace): void {
    if (place.index < 0) return;
    // FM-13: a call without arguments has the empty object, which every client can parse.
    if (place.input.length === 0)
      this.#setting.emit({ type: 'input-delta', index: place.index, json: place.whole === '' ? '{}' : place.whole });
    this.#end(place.index, undefined);
  }

  #end(index: number, seal: Seal | undefined): void {
    this.#setting.emit({ type: 'block-end', index, ...(seal !== undefined && { seal }) });
  }

  #native(value: JsonObject): void {
    this.#setting.emit({ type: 'native', native: { protocol: OWN, value } });
  }
}

function isOf(place: Place | undefined, type: TextKind): place is TextPlace {
  return place?.kind === 'text' && place.type === type;
}

/** The block with the input that was streamed to it. */
function finished({ block, json }: NativePlace): JsonObject {
  if (json.length === 0) return block;
  const text = json.join('');
  return { ...block, input: isJson(text) ? parseJson(text) : text };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
