import type { Annotation, Seal, TokenLogprob } from '../../model/block.ts';
import type { BlockHead, Sink } from '../../model/event.ts';

/** A block of the answer that is being written; `held` is half a surrogate pair waiting for its other half. */
export interface OpenBlock {
  readonly index: number;
  held: string;
}

/** Numbers blocks densely in the order they open and writes their deltas. */
export class BlockWriter {
  readonly #emit: Sink;
  #next = 0;

  constructor(emit: Sink) {
    this.#emit = emit;
  }

  open(block: BlockHead): OpenBlock {
    const index = this.#next++;
    this.#emit({ type: 'block-start', index, block });
    return { index, held: '' };
  }

  text(block: OpenBlock, piece: string, logprobs?: readonly TokenLogprob[]): void {
    const text = whole(block, piece);
    if (logprobs !== undefined) this.#emit({ type: 'text-delta', index: block.index, text, logprobs });
    else if (text !== '') this.#emit({ type: 'text-delta', index: block.index, text });
  }

  input(block: OpenBlock, piece: string): void {
    const json = whole(block, piece);
    if (json !== '') this.#emit({ type: 'input-delta', index: block.index, json });
  }

  audio(block: OpenBlock, base64: string): void {
    this.#emit({ type: 'audio-delta', index: block.index, base64 });
  }

  annotation(block: OpenBlock, annotation: Annotation): void {
    this.#emit({ type: 'annotation', index: block.index, annotation });
  }

  /** Ends a block; half a pair that never met its other half is dropped, for no text can hold it. */
  end(block: OpenBlock, seal?: Seal): void {
    this.#emit(
      seal === undefined ? { type: 'block-end', index: block.index } : { type: 'block-end', index: block.index, seal },
    );
  }
}

// CC-03: providers cut inside a surrogate pair, and a lone half would be lost as U+FFFD in UTF-8.
function whole(block: OpenBlock, piece: string): string {
  const text = block.held === '' ? piece : block.held + piece;
  const last = text.charCodeAt(text.length - 1);
  const cut = last >= 0xd800 && last <= 0xdbff;
  block.held = cut ? text.slice(-1) : '';
  return cut ? text.slice(0, -1) : text;
}
