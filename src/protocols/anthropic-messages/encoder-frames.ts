import { lineSafe, namedFrame } from '../../framing/sse-writer.ts';
import type { Event } from '../../model/event.ts';
import type { Json, JsonObject } from '../../model/json.ts';

/** An event inside a block. */
export type InBlock = Exclude<Extract<Event, { index: number }>, { type: 'block-start' }>;

/** Where the frames of blocks go, and what the client has seen of them. */
export interface BlockPlace {
  readonly write: (frames: string) => void;
  /** The number of the next block on the wire. */
  readonly number: () => number;
  /** Takes the number given out last back, for a block that was never shown. */
  readonly giveBack: () => void;
  /** Whether the beginning of a block has been shown already, by a stream that passed. */
  readonly isShown: (number: number) => boolean;
  /** Whether its signature has. */
  readonly isSigned: (number: number) => boolean;
  /** Numbers are given out as blocks open, be there anything to show or not, as the stream that passes does. */
  readonly numbersAtOnce: boolean;
  readonly lose: () => void;
}

/** What a frame with a delta begins with, up to the number of its block. */
export const DELTA = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":';
/** What it ends with, behind the text. */
export const TAIL = '}}\n\n';

/** Writes one content block; nothing is shown of a block that has nothing to say. */
export interface BlockWriter {
  /** Takes an event of the block; true when the block is over. */
  push(event: InBlock): boolean;
}

/** Both frames of a block that is shown in one piece. */
export function wholeBlock(number: number, block: Json): string {
  return startFrame(number, block) + stopFrame(number);
}

function startFrame(number: number, block: Json): string {
  return namedFrame(
    'content_block_start',
    JSON.stringify({ type: 'content_block_start', index: number, content_block: block }),
  );
}

function stopFrame(number: number): string {
  return namedFrame('content_block_stop', JSON.stringify({ type: 'content_block_stop', index: number }));
}

/** A frame with a delta of any kind. */
export function deltaFrame(number: number, delta: JsonObject): string {
  return `${DELTA}${number},"delta":${lineSafe(JSON.stringify(delta))}}\n\n`;
}

/** What all kinds of blocks have in common: a number, a beginning that waits for something to say, and an end. */
export class Shown {
  readonly place: BlockPlace;
  #number: number;
  #begun = false;

  constructor(place: BlockPlace) {
    this.place = place;
    this.#number = place.numbersAtOnce ? place.number() : -1;
  }

  get begun(): boolean {
    return this.#begun || (this.#number >= 0 && this.place.isShown(this.#number));
  }

  get number(): number {
    if (this.#number < 0) this.#number = this.place.number();
    return this.#number;
  }

  /** The frame of the beginning, unless it has been shown. */
  begin(block: JsonObject): string {
    const shown = this.begun;
    this.#begun = true;
    return shown ? '' : startFrame(this.number, block);
  }

  end(): string {
    if (this.begun) return stopFrame(this.number);
    if (this.#number >= 0) this.place.giveBack();
    return '';
  }
}
