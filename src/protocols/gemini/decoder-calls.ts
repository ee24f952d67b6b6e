import { clientCallId } from './seals.ts';
import type { BlockHead } from '../../model/event.ts';
import type { Mint } from '../../model/ids.ts';
import { asArray, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

/** Where the calls of a candidate are written. */
export interface CallPlace {
  /** Opens a block, after ending what is open; gives its number. */
  readonly open: (head: BlockHead) => number;
  readonly input: (index: number, json: string) => void;
  readonly end: (index: number, signature: string | undefined) => void;
  readonly mint: Mint;
  /** Ids in use anywhere in the answer. */
  readonly ids: Set<string>;
  readonly choice: number;
}

interface Pending {
  readonly index: number;
  readonly args: Args;
  signature: string | undefined;
}

/** Reads function calls: most come whole in one part, some in pieces that name places inside the arguments. */
export class Calls {
  readonly #place: CallPlace;
  #pending: Pending | undefined;
  count = 0;
  /** A call came whose tool has no name. */
  nameless = false;

  constructor(place: CallPlace) {
    this.#place = place;
  }

  /** Whether a call waits for its other pieces. */
  get open(): boolean {
    return this.#pending !== undefined;
  }

  /** Takes a `functionCall` and the signature of its part. */
  push(call: JsonObject, signature: string | undefined): void {
    const name = asString(call['name']) ?? '';
    const pieces = asArray(call['partialArgs'] ?? call['partial_args']) ?? [];
    const args = asObject(call['args']);
    const continues = (call['willContinue'] ?? call['will_continue']) === true;
    if (name === '') {
      this.#continue(pieces, args, continues, signature);
      return;
    }
    this.close(false);
    this.count++;
    const index = this.#place.open({
      type: 'tool-call',
      id: this.#idOf(call),
      name,
      ...(this.#place.choice > 0 && { choice: this.#place.choice }),
    });
    this.#pending = { index, args: new Args(args), signature };
    for (const piece of pieces) this.#pending.args.take(piece);
    if (!continues) this.close(false);
  }

  /** Ends the call that is open; one that was cut off keeps what came of it, which is then no whole JSON. */
  close(cutOff: boolean): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    const json = pending.args.json();
    const told = cutOff ? json.slice(0, -1) : json;
    if (told !== '') this.#place.input(pending.index, told);
    this.#place.end(pending.index, pending.signature);
  }

  #continue(
    pieces: readonly Json[],
    args: JsonObject | undefined,
    continues: boolean,
    signature: string | undefined,
  ): void {
    const pending = this.#pending;
    if (pending === undefined) {
      // An empty part ends a call that ended already; arguments without a name are nobody's.
      if (pieces.length > 0 || args !== undefined) this.nameless = true;
      return;
    }
    pending.signature ??= signature;
    for (const piece of pieces) pending.args.take(piece);
    if (args !== undefined) pending.args.replace(args);
    if (!continues) this.close(false);
  }

  #idOf(call: JsonObject): string {
    const { ids, mint } = this.#place;
    const given = clientCallId(asString(call['id']) ?? '');
    const id = given === undefined || ids.has(given) ? mint('call') : given;
    ids.add(id);
    return id;
  }
}

type Tree = { [key: string]: Tree | Json } | (Tree | Json)[];

// One step of a path: `.name`, `[3]`, `['name']` or `["name"]`.
const STEP = /\.([^.[\]]+)|\[(\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]/g;
// A list with more holes than this is a fault of the upstream, and would be filled with them.
const LONGEST_LIST = 100_000;

/** The arguments of one call, put together from pieces. */
class Args {
  #whole: JsonObject | undefined;
  #tree: Tree | undefined;
  /** The path of the text that goes on with the next piece. */
  #going: string | undefined;

  constructor(whole: JsonObject | undefined) {
    this.#whole = whole;
  }

  replace(whole: JsonObject): void {
    this.#whole = whole;
  }

  /** The arguments as JSON text; numbers stand as the upstream wrote them. */
  json(): string {
    return JSON.stringify(this.#tree ?? this.#whole ?? {});
  }

  take(value: Json): void {
    const piece = asObject(value);
    const path = asString(piece?.['jsonPath']) ?? asString(piece?.['json_path']);
    if (piece === undefined || path === undefined) return;
    const steps = [...path.matchAll(STEP)].map(([, name, number, quoted, other]) =>
      number === undefined ? (name ?? quoted ?? other ?? '') : Number(number),
    );
    const last = steps.pop();
    if (last === undefined) return;
    let holder: Tree = (this.#tree ??= Object.create(null) as Tree);
    for (const [at, step] of steps.entries()) {
      const next: Tree | undefined = child(holder, step, typeof (steps[at + 1] ?? last) === 'number');
      if (next === undefined) return;
      holder = next;
    }
    this.#put(holder, last, piece, path);
  }

  #put(holder: Tree, step: string | number, piece: JsonObject, path: string): void {
    const text = asString(piece['stringValue'] ?? piece['string_value']);
    const old = this.#going === path ? get(holder, step) : undefined;
    const value =
      text === undefined
        ? (piece['numberValue'] ?? piece['number_value'] ?? piece['boolValue'] ?? piece['bool_value'] ?? null)
        : typeof old === 'string'
          ? old + text
          : text;
    set(holder, step, value);
    this.#going = (piece['willContinue'] ?? piece['will_continue']) === true ? path : undefined;
  }
}

function child(holder: Tree, step: string | number, list: boolean): Tree | undefined {
  const found = get(holder, step);
  if (typeof found === 'object' && found !== null && Array.isArray(found) === list) return found as Tree;
  const made: Tree = list ? [] : (Object.create(null) as Tree);
  return set(holder, step, made) ? made : undefined;
}

function get(holder: Tree, step: string | number): Tree | Json | undefined {
  return Array.isArray(holder) ? holder[Number(step)] : holder[String(step)];
}

function set(holder: Tree, step: string | number, value: Tree | Json): boolean {
  if (!Array.isArray(holder)) {
    holder[String(step)] = value;
    return true;
  }
  const at = Number(step);
  if (!Number.isInteger(at) || at > LONGEST_LIST) return false;
  while (holder.length < at) holder.push(null);
  holder[at] = value;
  return true;
}
