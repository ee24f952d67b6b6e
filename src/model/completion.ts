import type { Annotation, NativeValue, Seal, TokenLogprob } from './block.ts';
import type { GatewayError } from './errors.ts';
import type { BlockHead, ChoiceFinish, Event, FinishReason, Vector } from './event.ts';
import type { Usage } from './usage.ts';

/** A block as the model left it: `text` is the text, the call's input, or the words of a sound. */
export interface WrittenBlock {
  readonly head: BlockHead;
  readonly text: string;
  /** Base64 pieces of a sound, each whole by itself. */
  readonly audio: readonly string[];
  readonly annotations: readonly Annotation[];
  readonly logprobs: readonly TokenLogprob[];
  /** Of an embedding. */
  readonly vector?: Vector;
  readonly seal?: Seal;
  /** False when the answer ended while the block was open. */
  readonly closed: boolean;
}

/** A whole answer: the fold of its events. */
export interface Completion {
  readonly id: string;
  readonly model: string;
  readonly created?: number;
  readonly blocks: readonly WrittenBlock[];
  readonly natives: readonly NativeValue[];
  readonly usage?: Usage;
  readonly finish?: {
    readonly reason: FinishReason;
    readonly raw?: string;
    readonly stopSequence?: string;
    readonly others?: readonly ChoiceFinish[];
  };
  readonly error?: GatewayError;
}

interface OpenBlock {
  head: BlockHead;
  text: string[];
  audio: string[];
  annotations: Annotation[];
  logprobs: TokenLogprob[];
  vector?: Vector;
  seal?: Seal;
  closed: boolean;
}

/** Folds events into a {@link Completion}; a whole answer is a collected stream. */
export class Collector {
  #id = '';
  #model = '';
  #created: number | undefined;
  #blocks: OpenBlock[] = [];
  readonly #natives: NativeValue[] = [];
  #usage: Usage | undefined;
  #finish: Completion['finish'];
  #error: GatewayError | undefined;

  /** Takes the next event. */
  push(event: Event): void {
    switch (event.type) {
      case 'start':
        this.#id = event.id;
        this.#model = event.model;
        this.#created = event.created;
        return;
      case 'block-start':
        this.#blocks[event.index] = {
          head: event.block,
          text: [],
          audio: [],
          annotations: [],
          logprobs: [],
          closed: false,
        };
        return;
      case 'native':
        this.#natives.push(event.native);
        return;
      case 'usage':
        this.#usage = event.usage;
        return;
      case 'finish': {
        const { type: _type, ...finish } = event;
        this.#finish = finish;
        return;
      }
      case 'error':
        this.#error = event.error;
        return;
      default:
        this.#pushToBlock(event);
    }
  }

  #pushToBlock(event: Extract<Event, { index: number }>): void {
    const block = this.#blocks[event.index];
    if (block === undefined) throw new Error(`event ${event.type} names block ${event.index}, which is not open`);
    switch (event.type) {
      case 'text-delta':
        block.text.push(event.text);
        if (event.logprobs !== undefined) block.logprobs.push(...event.logprobs);
        return;
      case 'input-delta':
        block.text.push(event.json);
        return;
      case 'audio-delta':
        block.audio.push(event.base64);
        return;
      case 'vector':
        block.vector = event.vector;
        return;
      case 'annotation':
        block.annotations.push(event.annotation);
        return;
      case 'block-end':
        block.closed = true;
        if (event.seal !== undefined) block.seal = event.seal;
        return;
      default:
        return;
    }
  }

  /** What was written so far; complete once `finish` or `error` came. */
  completion(): Completion {
    return {
      id: this.#id,
      model: this.#model,
      ...(this.#created !== undefined && { created: this.#created }),
      blocks: this.#blocks.map((block) => ({ ...block, text: block.text.join('') })),
      natives: this.#natives,
      ...(this.#usage !== undefined && { usage: this.#usage }),
      ...(this.#finish !== undefined && { finish: this.#finish }),
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }
}

/** The whole answer that a list of events amounts to. */
export function collect(events: Iterable<Event>): Completion {
  const collector = new Collector();
  for (const event of events) collector.push(event);
  return collector.completion();
}
