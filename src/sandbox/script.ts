import type { NativeValue } from '../model/block.ts';
import type { BlockHead, FinishReason } from '../model/event.ts';

/** One block of an answer before it is played. */
export interface Part {
  readonly head: BlockHead;
  /** What each delta carries: tokens of text or of a call's input, base64 pieces of a sound, base64 of a vector. */
  readonly pieces: Iterable<string>;
  /** How many of the first pieces are not counted as output, such as a prompt given back. */
  readonly uncounted?: number;
}

/** One choice of an answer before it is played. */
export interface Script {
  readonly parts: readonly Part[];
  readonly reason: FinishReason;
  readonly stopSequence?: string;
  /** Most tokens of output, reasoning included. */
  readonly limit?: number;
  /** Told after the last block. */
  readonly native?: NativeValue;
}
