import { callSealBlock, thinkingBlock, writeCitation } from './seals.ts';
import { lineSafe, namedFrame } from '../../framing/sse-writer.ts';
import type { Seal } from '../../model/block.ts';
import type { BlockHead, Event } from '../../model/event.ts';
import { asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

/** An event inside a block. */
export type InBlock = Exclude<Extract<Event, { index: number }>, { type: 'block-start' }>;

type ToolHead = Extract<BlockHead, { type: 'tool-call' }>;

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

const DELTA = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":';
const TAIL = '}}\n\n';

/** Writes one content block; nothing is shown of a block that has nothing to say. */
export interface BlockWriter {
  /** Takes an event of the block; true when the block is over. */
  push(event: InBlock): boolean;
}

/** The writer for a block, by what opens. */
export function writerFor(head: BlockHead, place: BlockPlace): BlockWriter {
  switch (head.type) {
    case 'text':
    case 'refusal':
      return new TextWriter(place);
    case 'reasoning':
    case 'reasoning-summary':
      return new ThinkingWriter(place);
    case 'tool-call':
      return new CallWriter(head, place);
    case 'media':
      // The sound or picture is lost; its words are not.
      place.lose();
      return new TextWriter(place);
    case 'vector':
      return { push: (event) => event.type === 'block-end' };
    default:
      return head satisfies never;
  }
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
class Shown {
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

class TextWriter implements BlockWriter {
  readonly #shown: Shown;
  #prefix = '';

  constructor(place: BlockPlace) {
    this.#shown = new Shown(place);
  }

  push(event: InBlock): boolean {
    const { place } = this.#shown;
    switch (event.type) {
      case 'text-delta':
        if (event.text !== '') this.#text(event.text);
        if (event.logprobs !== undefined) place.lose();
        return false;
      case 'annotation': {
        const citation = writeCitation(event.annotation);
        if (citation === undefined) place.lose();
        else place.write(this.#begin() + deltaFrame(this.#shown.number, { type: 'citations_delta', citation }));
        return false;
      }
      case 'block-end':
        if (event.seal !== undefined) place.lose();
        place.write(this.#shown.end());
        return true;
      case 'input-delta':
      case 'audio-delta':
      case 'vector':
        return false;
      default:
        return event satisfies never;
    }
  }

  #text(text: string): void {
    const start = this.#begin();
    this.#shown.place.write(`${start}${this.#prefix}${lineSafe(JSON.stringify(text))}${TAIL}`);
  }

  #begin(): string {
    if (this.#prefix !== '') return '';
    this.#prefix = `${DELTA}${this.#shown.number},"delta":{"type":"text_delta","text":`;
    return this.#shown.begin({ type: 'text', text: '' });
  }
}

class ThinkingWriter implements BlockWriter {
  readonly #shown: Shown;
  #prefix = '';

  constructor(place: BlockPlace) {
    this.#shown = new Shown(place);
  }

  push(event: InBlock): boolean {
    if (event.type === 'text-delta' && event.text !== '') {
      const start = this.#begin();
      this.#shown.place.write(`${start}${this.#prefix}${lineSafe(JSON.stringify(event.text))}${TAIL}`);
    }
    if (event.type !== 'block-end') return false;
    this.#shown.place.write(this.#end(event.seal));
    return true;
  }

  #begin(): string {
    if (this.#prefix !== '') return '';
    this.#prefix = `${DELTA}${this.#shown.number},"delta":{"type":"thinking_delta","thinking":`;
    return this.#shown.begin({ type: 'thinking', thinking: '', signature: '' });
  }

  #end(seal: Seal | undefined): string {
    if (seal === undefined) return this.#shown.end();
    // Which block it is depends on whether there is text, not on what it says.
    const block = thinkingBlock(this.#shown.begun ? '…' : '', seal);
    if (block['type'] === 'redacted_thinking') return this.#shown.begin(block) + this.#shown.end();
    if (this.#shown.begun && this.#shown.place.isSigned(this.#shown.number)) return this.#shown.end();
    const signature = asString(block['signature']) ?? '';
    const start = this.#begin();
    return start + deltaFrame(this.#shown.number, { type: 'signature_delta', signature }) + this.#shown.end();
  }
}

/**
 * A call whose whole input comes as one piece is held until it ends, for its seal, if it has one, is shown before it. Any other is shown
 * piece by piece; a seal that comes behind it then is left to whoever keeps seals by the id of the call.
 */
class CallWriter implements BlockWriter {
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
