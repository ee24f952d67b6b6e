import type { Sink } from '../../model/event.ts';
import type { Mint } from '../../model/ids.ts';
import { asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

const CUT: ReadonlySet<Json | undefined> = new Set(['incomplete', 'in_progress']);

interface CallPlace {
  readonly custom: boolean;
  readonly itemId: string | undefined;
  /** Index of the next block. */
  readonly next: () => number;
}

/** A tool call on its way in. Its input waits while the name is not known, and is said once however often it is told (CC-17). */
export class IncomingCall {
  readonly #emit: Sink;
  readonly #mint: Mint;
  readonly #place: CallPlace;
  #block: number | undefined;
  #held = '';
  #written = false;
  #closed = false;

  constructor(emit: Sink, mint: Mint, place: CallPlace) {
    this.#emit = emit;
    this.#mint = mint;
    this.#place = place;
  }

  /** Whether the name is known, and the block therefore open or closed. */
  get named(): boolean {
    return this.#block !== undefined;
  }

  /** Opens the block as soon as the item has a name. */
  open(item: JsonObject): void {
    const name = asString(item['name']) ?? '';
    if (this.#block !== undefined || name === '') return;
    const { custom, itemId, next } = this.#place;
    const id = asString(item['call_id']) ?? '';
    this.#block = next();
    this.#emit({
      type: 'block-start',
      index: this.#block,
      block: {
        type: 'tool-call',
        id: id === '' ? this.#mint('call') : id,
        name,
        ...(custom && { custom: true as const }),
        ...(itemId !== undefined && { itemId }),
      },
    });
    const held = this.#held;
    this.#held = '';
    this.write(held);
  }

  /** A piece of the input; nothing may follow the end. */
  write(json: string, padding?: string): void {
    if (json === '' || this.#closed) return;
    this.#written = true;
    if (this.#block === undefined) this.#held += json;
    else this.#emit({ type: 'input-delta', index: this.#block, json, ...(padding !== undefined && { padding }) });
  }

  /** The whole input; only said when no piece of it was. */
  writeOnce(json: string): void {
    if (!this.#written) this.write(json);
  }

  /** The finished item. */
  finish(item: JsonObject): void {
    this.open(item);
    this.writeOnce(asString(item['arguments'] ?? item['input']) ?? '');
    if (this.#block === undefined || this.#closed) return;
    // FM-13: a call without arguments has the empty object, which every client can parse; one that was cut off is not repaired.
    if (!this.#place.custom && !CUT.has(item['status'])) this.writeOnce('{}');
    this.#closed = true;
    this.#emit({ type: 'block-end', index: this.#block });
  }
}
