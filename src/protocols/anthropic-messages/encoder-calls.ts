import { DELTA, Shown, TAIL, wholeBlock } from './encoder-frames.ts';
import type { BlockPlace, BlockWriter, InBlock } from './encoder-frames.ts';
import { callSealBlock } from './seals.ts';
import { lineSafe } from '../../framing/sse-writer.ts';
import type { Seal } from '../../model/block.ts';
import type { BlockHead } from '../../model/event.ts';

type ToolHead = Extract<BlockHead, { type: 'tool-call' }>;

/**
 * A call whose whole input comes as one piece is held until it ends, for its seal, if it has one, is shown before it. Any other is shown
 * piece by piece; a seal that comes behind it then is left to whoever keeps seals by the id of the call.
 */
export class CallWriter implements BlockWriter {
  readonly #shown: Shown;
  readonly #head: ToolHead;
  #held: string | undefined;
  #prefix = '';
  #opened = false;

  constructor(head: ToolHead, place: BlockPlace) {
    this.#head = head;
    this.#shown = new Shown(place);
  }

  push(event: InBlock): boolean {
    if (event.type === 'input-delta') this.#input(event.json);
    if (event.type !== 'block-end') return false;
    const { place } = this.#shown;
    const seal = event.seal === undefined ? '' : this.#seal(event.seal);
    place.write(seal + this.#begin() + this.#close() + this.#shown.end());
    return true;
  }

  #input(json: string): void {
    if (json === '') return;
    if (this.#held === undefined && !this.#shown.begun && isWhole(json) && this.#head.custom !== true) {
      this.#held = json;
      return;
    }
    this.#shown.place.write(this.#begin() + this.#piece(json));
  }

  #begin(): string {
    if (this.#prefix !== '') return '';
    const { id, name } = this.#head;
    this.#prefix = `${DELTA}${this.#shown.number},"delta":{"type":"input_json_delta","partial_json":`;
    const start = this.#shown.begin({ type: 'tool_use', id, name, input: {} });
    const held = this.#held;
    return held === undefined ? start : start + this.#piece(held);
  }

  /** Free text is the one key of an object here, for inputs are objects. */
  #piece(json: string): string {
    const lead = this.#head.custom === true && !this.#opened ? '{"input":"' : '';
    this.#opened = true;
    const piece = this.#head.custom === true ? lead + JSON.stringify(json).slice(1, -1) : json;
    return `${this.#prefix}${lineSafe(JSON.stringify(piece))}${TAIL}`;
  }

  #close(): string {
    if (this.#head.custom !== true) return '';
    const rest = this.#opened ? '"}' : '{"input":""}';
    return `${this.#prefix}${JSON.stringify(rest)}${TAIL}`;
  }

  #seal(seal: Seal): string {
    // Its number goes to the block before it, so that blocks are still numbered in order.
    if (!this.#shown.begun && !this.#shown.place.numbersAtOnce)
      return wholeBlock(this.#shown.place.number(), callSealBlock(seal));
    this.#shown.place.lose();
    return '';
  }
}

function isWhole(json: string): boolean {
  if (!json.startsWith('{') || !json.endsWith('}')) return false;
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}
