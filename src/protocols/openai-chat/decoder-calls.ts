import type { BlockWriter, OpenBlock } from './decoder-blocks.ts';
import { isSafeId } from '../../model/ids.ts';
import type { Mint } from '../../model/ids.ts';
import { asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

interface Call {
  readonly key: number | undefined;
  readonly custom: boolean;
  wireId: string;
  name: string;
  input: string[];
  block?: OpenBlock;
  extra?: JsonObject;
  done: boolean;
}

interface Piece {
  readonly key: number | undefined;
  readonly position: number;
  readonly id: string;
  readonly name: string;
  readonly input: string;
  readonly custom: boolean;
}

/** Where the calls of a choice are written. */
interface CallPlace {
  readonly blocks: BlockWriter;
  readonly mint: Mint;
  /** Ids in use anywhere in the answer. */
  readonly ids: Set<string>;
  readonly choice: number;
  /** Called before a call opens: ends the text before it. */
  readonly makeRoom: () => void;
}

/** Puts the tool calls of one choice together from deltas whose indices, ids and names cannot be relied on (FM-11, FM-12). */
export class Calls {
  readonly #place: CallPlace;
  readonly #calls: Call[] = [];

  constructor(place: CallPlace) {
    this.#place = place;
  }

  get count(): number {
    return this.#calls.length;
  }

  /** Whether a call has arguments but no name, which no client can answer. */
  get nameless(): boolean {
    return this.#calls.some((call) => call.name === '');
  }

  /** Whether every call's input is whole; a call without any input counts as whole only when `bare` says so. */
  complete(bare: boolean): boolean {
    return this.#calls.every((call) => isWhole(call) || (bare && call.input.length === 0));
  }

  /** Takes one entry of `tool_calls`, or a legacy `function_call` as `{index: -1, function}`. */
  push(entry: JsonObject, position: number): void {
    const fn = asObject(entry['function']) ?? asObject(entry['custom']) ?? {};
    const custom = asObject(entry['custom']) !== undefined;
    const key = asNumber(entry['index']);
    const piece: Piece = {
      key,
      position,
      id: asString(entry['id']) ?? '',
      name: asString(fn['name']) ?? '',
      input: inputText(custom ? fn['input'] : fn['arguments']),
      custom,
    };
    const call = this.#find(piece);
    if (call === undefined || call.done) return;
    const extra = asObject(entry['extra_content']);
    if (extra !== undefined) call.extra = extra;
    this.#add(call, piece);
  }

  /** Opens every call whose name is known: what follows is not a piece of its name. */
  settle(): void {
    for (const call of this.#calls) if (call.name !== '') this.#open(call);
  }

  /** Ends every open call; unless the answer was cut off, a call without input gets `{}` (FM-13). */
  close(cutOff: boolean): void {
    this.settle();
    for (const call of this.#calls) {
      if (call.done || call.block === undefined) continue;
      if (call.input.length === 0 && !call.custom && !cutOff) {
        call.input.push('{}');
        this.#place.blocks.input(call.block, '{}');
      }
      call.done = true;
      const seal =
        call.extra === undefined ? undefined : { protocol: 'openai-chat' as const, data: JSON.stringify(call.extra) };
      this.#place.blocks.end(call.block, seal);
    }
  }

  #add(call: Call, piece: Piece): void {
    if (piece.id !== '' && call.wireId === '') call.wireId = piece.id;
    if (piece.name !== '' && call.block === undefined)
      call.name = piece.name.startsWith(call.name) ? piece.name : call.name + piece.name;
    if (piece.input === '') return;
    call.input.push(piece.input);
    if (call.name === '') return;
    const block = call.block;
    this.settle();
    if (block !== undefined) this.#place.blocks.input(block, piece.input);
  }

  #open(call: Call): void {
    if (call.block !== undefined) return;
    const { ids, mint, choice, makeRoom } = this.#place;
    makeRoom();
    const id = isSafeId(call.wireId) && !ids.has(call.wireId) ? call.wireId : mint('call');
    ids.add(id);
    call.block = this.#place.blocks.open({
      type: 'tool-call',
      id,
      name: call.name,
      ...(call.custom && { custom: true as const }),
      ...(choice > 0 && { choice }),
    });
    for (const input of call.input) this.#place.blocks.input(call.block, input);
  }

  #create(piece: Piece): Call | undefined {
    if (piece.id === '' && piece.name === '' && piece.input === '') return undefined;
    this.settle();
    const call: Call = { key: piece.key, custom: piece.custom, wireId: piece.id, name: '', input: [], done: false };
    this.#calls.push(call);
    return call;
  }

  /** The call a piece belongs to: by id, then by index, then the latest; undefined for a piece that says nothing. */
  #find(piece: Piece): Call | undefined {
    const { key, id, name } = piece;
    if (key === undefined && piece.position > 0 && name !== '') return this.#create(piece);
    const latest = key === undefined ? this.#calls.at(-1) : this.#calls.findLast((call) => call.key === key);
    if (id !== '') {
      const same = this.#calls.findLast(
        (call) => call.wireId === id && (key === undefined || call.key === undefined || call.key === key),
      );
      if (same !== undefined) return same;
      const late =
        latest !== undefined && key !== undefined && latest.wireId === '' && latest.block === undefined && name === '';
      // Servers exist that mint a fresh id for every delta; without a name it cannot be a new call while the last one is unfinished.
      const fresh = latest !== undefined && !latest.done && name === '' && latest.name !== '' && !isWhole(latest);
      return late || fresh ? latest : this.#create(piece);
    }
    if (latest === undefined) return this.#create(piece);
    if (name === '') return latest;
    if (latest.done) return this.#create(piece);
    if (latest.input.length === 0)
      return key !== undefined || name.startsWith(latest.name) ? latest : this.#create(piece);
    return name === latest.name && !isWhole(latest) ? latest : this.#create(piece);
  }
}

function inputText(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isWhole(call: Call): boolean {
  if (call.custom) return true;
  try {
    JSON.parse(call.input.join(''));
    return true;
  } catch {
    return false;
  }
}
