import { writerFor } from './encoder-blocks.ts';
import { deltaFrame, wholeBlock } from './encoder-frames.ts';
import type { BlockPlace, BlockWriter, InBlock } from './encoder-frames.ts';
import { errorObject } from './errors.ts';
import { estimateInput } from './encoder-estimate.ts';
import { OWN } from './seals.ts';
import { finalUsage, usageObject } from './usage.ts';
import { stopWord } from './words.ts';
import { namedFrame } from '../../framing/sse-writer.ts';
import type { NativeValue } from '../../model/block.ts';
import type { BlockHead, Event } from '../../model/event.ts';
import { asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Usage } from '../../model/usage.ts';
import type { Encoder, Identity, Reply, Write } from '../codec.ts';

/** Stands in {@link Identity.begun} for the message itself; blocks stand there by their numbers. */
export const MESSAGE = -1;

/** A block of events; one that opened while another was being written waits for its turn with all it says. */
interface Out {
  readonly head: BlockHead;
  readonly waiting: InBlock[];
  writer?: BlockWriter;
}

type Waiting = Out | { readonly native: JsonObject };

const EVENT_NAME = /^[\w.:-]+$/;

/**
 * Writes an answer as events of a message. Blocks do not overlap on this wire: what opens beside another is held back until that one ends
 * (MS-04).
 */
export class MessagesEncoder implements Encoder {
  lost = 0;
  readonly #write: Write;
  readonly #reply: Reply;
  readonly #identity: Identity | undefined;
  readonly #place: BlockPlace;
  readonly #blocks: (Out | undefined)[] = [];
  readonly #queue: Waiting[] = [];
  #live: Out | undefined;
  #next = 0;
  /** The number before the block that is written now. */
  #before = 0;
  #begun: JsonObject | undefined;
  #usage: Usage | undefined;
  /** What an upstream of this format told beside the end. */
  #inside: JsonObject = {};
  #beside: JsonObject = {};

  constructor(write: Write, reply: Reply) {
    this.#write = write;
    this.#reply = reply;
    this.#identity = reply.identity;
    this.#place = {
      write: (frames) => {
        if (frames !== '') this.#send(frames);
      },
      number: () => this.#next++,
      giveBack: () => this.#next--,
      isShown: (number) => this.#identity?.begun.has(number) === true && !this.#identity.ended.has(number),
      isSigned: (number) => this.#identity?.sealed.has(String(number)) === true,
      numbersAtOnce: reply.identity !== undefined,
      lose: () => this.lost++,
    };
  }

  push(event: Event): void {
    switch (event.type) {
      case 'start':
        return;
      case 'usage':
        this.#usage = event.usage;
        return;
      case 'native':
        this.#native(event.native);
        return;
      case 'finish':
        this.#finish(event);
        return;
      case 'error':
        // MS-12: no stop follows, for the answer is not complete.
        this.#write(namedFrame('error', JSON.stringify(errorObject(event.error, this.#reply.requestId))));
        return;
      case 'block-start':
        this.#open(event.index, event.block);
        return;
      default:
        this.#inBlock(event);
    }
  }

  opening(): void {
    this.#send('');
  }

  #open(index: number, head: BlockHead): void {
    if ((head.choice ?? 0) !== 0) {
      this.lost++;
      return;
    }
    const out: Out = { head, waiting: [] };
    this.#blocks[index] = out;
    if (this.#live === undefined) this.#goLive(out);
    else this.#queue.push(out);
  }

  #goLive(out: Out): void {
    this.#live = out;
    this.#before = this.#next;
    out.writer = writerFor(out.head, this.#place);
  }

  #inBlock(event: InBlock): void {
    const out = this.#blocks[event.index];
    if (out === undefined) return;
    if (out !== this.#live) out.waiting.push(event);
    else if (out.writer?.push(event) === true) this.#advance();
  }

  /** The block that was being written is over: those that waited follow, up to the first that is not. */
  #advance(): void {
    this.#live = undefined;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if ('native' in next) this.#nativeBlock(next.native);
      else if (!this.#isOver(next)) return;
    }
  }

  #isOver(out: Out): boolean {
    this.#goLive(out);
    const over = out.waiting.some((event) => out.writer?.push(event) === true);
    if (over) this.#live = undefined;
    return over;
  }

  #native({ protocol, value }: NativeValue): void {
    const native = protocol === OWN ? asObject(value) : undefined;
    const type = asString(native?.['type']) ?? '';
    if (native === undefined || !EVENT_NAME.test(type)) {
      this.lost++;
      return;
    }
    switch (type) {
      case 'content_block':
        if (this.#live === undefined) this.#nativeBlock(native);
        else this.#queue.push({ native });
        return;
      case 'content_block_delta':
        // It belongs to a block that clients have seen open, and not yet end.
        if (this.#live === undefined || this.#next === this.#before) this.lost++;
        else this.#send(deltaFrame(this.#next - 1, asObject(native['delta']) ?? {}));
        return;
      case 'message_delta': {
        const { type: _type, delta, ...beside } = native;
        this.#inside = { ...this.#inside, ...asObject(delta) };
        this.#beside = { ...this.#beside, ...beside };
        return;
      }
      default:
        this.#send(namedFrame(type, JSON.stringify(native)));
    }
  }

  #nativeBlock(native: JsonObject): void {
    const frames = wholeBlock(this.#next, native['content_block'] ?? {});
    const shown = this.#place.isShown(this.#next);
    this.#next++;
    this.#send(shown ? frames.slice(frames.indexOf('\n\n') + 2) : frames);
  }

  /** Writes frames, the message's own beginning before the first of them. */
  #send(frames: string): void {
    if (this.#begun !== undefined) {
      this.#write(frames);
      return;
    }
    this.#begun = this.#usage === undefined ? this.#guess() : usageObject(this.#usage);
    const { id, model } = this.#identity ?? { id: '', model: this.#reply.model };
    const message = {
      id: id === '' ? `msg_${this.#reply.id}` : id,
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: this.#begun,
    };
    const shown = this.#identity?.begun.has(MESSAGE) === true;
    this.#write(
      (shown ? '' : namedFrame('message_start', JSON.stringify({ type: 'message_start', message }))) + frames,
    );
  }

  /** MS-09: clients show the size of their prompt before the upstream has counted it. */
  #guess(): JsonObject {
    return {
      input_tokens: estimateInput(this.#reply.request),
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 1,
    };
  }

  #finish(event: Extract<Event, { type: 'finish' }>): void {
    this.#send(endFrames(event, this.#inside, this.#beside, this.#final()));
  }

  #final(): Json {
    // What stands at the end counts from the beginning on, also where nothing came before it.
    return this.#usage === undefined ? {} : finalUsage(this.#usage, this.#begun ?? {});
  }
}

/** The frames that end a message. */
export function endFrames(
  { reason, raw, stopSequence }: Extract<Event, { type: 'finish' }>,
  inside: JsonObject,
  beside: JsonObject,
  usage: Json,
): string {
  const known = reason !== 'stop-sequence' || stopSequence !== undefined;
  const delta = {
    stop_reason: known ? stopWord(reason, raw) : 'end_turn',
    stop_sequence: (reason === 'stop-sequence' ? stopSequence : undefined) ?? null,
    ...inside,
  };
  const last = namedFrame('message_delta', JSON.stringify({ type: 'message_delta', delta, usage, ...beside }));
  return last + STOP_FRAME;
}

/** The last frame of a message. */
export const STOP_FRAME: string = namedFrame('message_stop', JSON.stringify({ type: 'message_stop' }));
