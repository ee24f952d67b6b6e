import type { Annotation, NativeValue, Seal, TextKind, TokenLogprob } from './block.ts';
import type { GatewayError } from './errors.ts';
import type { Json } from './json.ts';
import type { Usage } from './usage.ts';

/** Why the model stopped, in the neutral words of `wire-other-dialects` §9. */
export type FinishReason =
  | 'stop'
  | 'stop-sequence'
  | 'length'
  | 'context-full'
  | 'tool-calls'
  | 'filter'
  | 'pause'
  | 'other';

interface HeadPlace {
  /** Id of the upstream's item; blocks of one item share it. */
  readonly itemId?: string;
  /** Which of several parallel answers (`n > 1`) the block belongs to; absent means 0. */
  readonly choice?: number;
}

/** What is known of a block when it opens. */
export type BlockHead =
  | ({ readonly type: TextKind } & HeadPlace)
  | ({ readonly type: 'tool-call'; readonly id: string; readonly name: string; readonly custom?: true } & HeadPlace)
  | ({ readonly type: 'media'; readonly media: 'audio' | 'image' | 'video'; readonly format?: string } & HeadPlace)
  | ({ readonly type: 'vector' } & HeadPlace);

/** How one further parallel answer ended. */
export interface ChoiceFinish {
  readonly choice: number;
  readonly reason: FinishReason;
  readonly raw?: string;
}

/**
 * One step of an answer. The grammar, proven by `checked()`:
 * `start (block-start delta* block-end | native | usage)* (finish | error)`.
 */
export type Event =
  | { readonly type: 'start'; readonly id: string; readonly model: string; readonly created?: number }
  | { readonly type: 'block-start'; readonly index: number; readonly block: BlockHead }
  | {
      readonly type: 'text-delta';
      readonly index: number;
      readonly text: string;
      readonly logprobs?: readonly TokenLogprob[];
      /** Random characters that hide the length of the piece from eavesdroppers, where the client's format is the upstream's. */
      readonly padding?: string;
    }
  | { readonly type: 'input-delta'; readonly index: number; readonly json: string; readonly padding?: string }
  | { readonly type: 'audio-delta'; readonly index: number; readonly base64: string }
  | { readonly type: 'vector'; readonly index: number; readonly vector: Vector }
  | { readonly type: 'annotation'; readonly index: number; readonly annotation: Annotation }
  | { readonly type: 'block-end'; readonly index: number; readonly seal?: Seal }
  | { readonly type: 'native'; readonly native: NativeValue }
  | { readonly type: 'usage'; readonly usage: Usage }
  | {
      readonly type: 'finish';
      readonly reason: FinishReason;
      readonly raw?: string;
      readonly stopSequence?: string;
      /** The other choices of an answer with `n > 1`, in order of their number. */
      readonly others?: readonly ChoiceFinish[];
    }
  | { readonly type: 'error'; readonly error: GatewayError };

/** An embedding as its provider wrote it: a list of numbers, or base64 of little-endian float32. */
export type Vector = readonly Json[] | string;

/** Where events go, synchronously: a promise per token would cost more than the token. */
export type Sink = (event: Event) => void;
