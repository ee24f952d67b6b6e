import { isAscii } from 'node:buffer';
import type { Frame } from '../framing/frame.ts';
import { dataFrame, namedFrame } from '../framing/sse-writer.ts';
import type { Gear } from '../model/record.ts';
import { around, closingQuote, plainLength, stands } from './plain-text.ts';
import type { Decoder, Passage } from '../protocols/codec.ts';
import type { PassingAnswer } from './answer.ts';

/** What cuts and carries a passing stream is told of. */
export interface PassingParts {
  readonly decoder: Decoder;
  readonly answer: PassingAnswer;
  /** Reads bytes into frames; calls {@link Passing.frame} for each, synchronously. */
  readonly read: (bytes: Uint8Array) => void;
  /** An event of the answer came. */
  readonly alive: () => void;
}

/** The look of a message that is nothing but text: all but the text is the same in each. */
interface Template {
  readonly head: string;
  readonly tail: string;
  /** Tail and next head: what stands between two texts. */
  readonly between: string;
  /** What goes to the client in their place. */
  readonly outHead: string;
  readonly outTail: string;
  readonly outBetween: string;
  readonly untouched: boolean;
}

const END = '\n\n';
// Learning costs a parse; a stream whose messages never look alike is not worth more of them.
const LESSONS = 4;
// Messages before the first that says something; one provider sends one.
const EARLY = 4;
const LF = 10;

/**
 * Lets a stream pass to a client of the same format. Messages that are nothing but text are recognised by their first and last bytes and
 * leave untouched, in one piece with their neighbours; every other message is decoded, judged, and passes, is mended, or is encoded anew.
 * Costs a comparison, a search and a look at each character per token.
 */
export class Passing {
  readonly #parts: PassingParts;
  /** The pieces of a message whose end has not come. */
  #rest: Buffer[] = [];
  #waiting = 0;
  /** Messages that came before the one that tells who the stream is. */
  readonly #early: Frame[] = [];
  #template: Template | undefined;
  #lessons = LESSONS;
  /** The message that is looked at, one character per byte. */
  #raw: string | undefined;
  #encoding = false;
  #reframing = false;

  constructor(parts: PassingParts) {
    this.#parts = parts;
  }

  /** The way the stream took so far. */
  get gear(): Gear {
    if (this.#encoding) return 'events';
    return this.#reframing ? 'frames' : 'bytes';
  }

  /** Bytes that wait for the rest of their message. */
  get waiting(): number {
    return this.#waiting;
  }

  /** From the start, messages come in a framing that is not the client's: their JSON alone goes on. */
  reframe(): void {
    this.#reframing = true;
  }

  /** Takes what one read brought, which is kept by nobody. */
  push(chunk: Buffer): void {
    if (this.#waiting === 0) {
      this.#take(chunk);
      return;
    }
    // A long message that drips in is put together once, when its end comes: anew with each read would cost its square.
    const end = endOfMessage(this.#rest.at(-1), chunk);
    if (end === 0) {
      this.#wait(chunk);
      return;
    }
    const bytes = Buffer.concat([...this.#rest, chunk.subarray(0, end)]);
    this.#rest = [];
    this.#waiting = 0;
    this.#take(bytes);
    if (end < chunk.length) this.#take(chunk.subarray(end));
  }

  #take(bytes: Buffer): void {
    if (this.#reframing || this.#encoding) {
      this.#parts.read(bytes);
      return;
    }
    const text = bytes.toString('latin1');
    // Other line ends are legal, but then a message's end is not where this gear looks for it.
    if (text.includes('\r')) {
      this.#reframing = true;
      this.#parts.read(bytes);
      return;
    }
    const stop = text.lastIndexOf(END) + END.length;
    if (stop >= END.length) this.#messages(bytes, text, stop, isAscii(bytes) || !hasLineEnd(text));
    if (stop < END.length) this.#wait(bytes);
    else if (stop < bytes.length) this.#wait(bytes.subarray(stop));
  }

  /** The body ended: what waits is for the reader to judge. */
  end(): void {
    if (this.#waiting > 0) this.#parts.read(Buffer.concat(this.#rest));
    this.#rest = [];
    this.#waiting = 0;
  }

  /** Takes a message that was looked at. */
  frame(frame: Frame): void {
    const { decoder, answer } = this.#parts;
    decoder.push(frame);
    if (answer.over) return;
    const passage = answer.passage;
    if (this.#encoding) return;
    if (passage === undefined) {
      if (this.#early.length < EARLY) this.#early.push(frame);
      return;
    }
    // What came before anyone spoke has nothing to show by itself; the passage keeps what is worth keeping for the first that does (CC-07).
    for (const early of this.#early.splice(0)) passage.judge(early);
    const judgement = passage.judge(frame);
    if (judgement === 'encode') {
      this.#encoding = true;
      answer.encodeFromHere();
      return;
    }
    answer.forgetEncoded();
    if (judgement === 'pass') this.#pass(frame, passage);
    else if (judgement !== 'drop') {
      const out = framed(judgement.json, passage);
      answer.write(out);
      this.#learn(frame, out, passage);
    }
    answer.closePassing();
  }

  #wait(chunk: Buffer): void {
    this.#rest.push(Buffer.from(chunk));
    this.#waiting += chunk.length;
  }

  #messages(bytes: Buffer, text: string, stop: number, safe: boolean): void {
    let at = 0;
    while (at < stop && !this.#parts.answer.over) {
      const template = this.#encoding ? undefined : this.#template;
      if (template !== undefined && safe && this.#parts.answer.passage?.open === true) {
        const end = this.#plain(text, at, template);
        if (end > at) {
          at = end;
          this.#parts.alive();
          continue;
        }
      }
      const found = text.indexOf(END, at);
      // Three line ends in a row: the last two, where the search stopped, are no message of their own.
      const next = found < 0 ? stop : found + END.length;
      this.#raw = safe ? text.slice(at, next) : undefined;
      this.#parts.read(bytes.subarray(at, next));
      this.#raw = undefined;
      at = next;
    }
  }

  /** Lets the plain messages that begin at an offset pass, if there are any; returns where they end. */
  #plain(text: string, from: number, template: Template): number {
    const { head, tail, between, untouched } = template;
    if (!stands(text, head, from)) return from;
    const texts: string[] = [];
    let end = from;
    let length = 0;
    for (let begin = from + head.length; begin > 0;) {
      const quote = closingQuote(text, begin);
      const size = quote > begin ? plainLength(text, begin, quote) : 0;
      if (size === 0) break;
      // Most messages have one of their kind behind them, and one look tells both.
      const more = stands(text, between, quote);
      if (!more && !stands(text, tail, quote)) break;
      if (!untouched) texts.push(text.slice(begin, quote));
      length += size;
      end = quote + tail.length;
      begin = more ? quote + between.length : 0;
    }
    if (end === from) return from;
    const { outHead, outTail, outBetween } = template;
    this.#parts.answer.passText(untouched ? text.slice(from, end) : outHead + texts.join(outBetween) + outTail, length);
    return end;
  }

  #pass(frame: Frame, passage: Passage): void {
    const raw = this.#raw;
    // JSON may stand on several lines; a line end in it is white space.
    const out = framed(frame.data.replaceAll('\n', ' '), passage);
    // Framing of another hand (comments, names, no space) is written anew around the same JSON: the frames gear.
    const ours = raw !== undefined && raw.length === Buffer.byteLength(out) && begins(raw, out);
    if (ours) this.#parts.answer.pass(raw);
    else this.#parts.answer.write(out);
    if (ours) this.#learn(frame, out, passage);
  }

  #learn(frame: Frame, out: string, passage: Passage): void {
    if (this.#template !== undefined || this.#lessons === 0 || this.#raw === undefined) return;
    if (!passage.isPlainText) return;
    this.#lessons--;
    const name = frame.event === undefined ? '' : `event: ${frame.event}\n`;
    const [head, tail] = around(`${name}data: ${frame.data}${END}`, passage.textKey);
    const [outHead, outTail] = around(out, passage.textKey);
    // Messages are compared as one character per byte, so only their texts may be other than ASCII.
    if (head === '' || outHead === '' || !isAscii(Buffer.from(head + tail + outHead + outTail))) return;
    this.#template = {
      head,
      tail,
      between: tail + head,
      outHead,
      outTail,
      outBetween: outTail + outHead,
      untouched: head === outHead && tail === outTail,
    };
  }
}

function framed(json: string, { event }: Passage): string {
  return event === undefined ? dataFrame(json) : namedFrame(event, json);
}

/** Whether bytes begin as an event does, up to its JSON. */
function begins(raw: string, event: string): boolean {
  return stands(raw, event.slice(0, Math.max(0, event.indexOf('{'))), 0);
}

// U+0085, U+2028 and U+2029 in UTF-8, one character per byte.
function hasLineEnd(text: string): boolean {
  return text.includes('\u00c2\u0085') || text.includes('\u00e2\u0080\u00a8') || text.includes('\u00e2\u0080\u00a9');
}

/** Where the message that waits may end in what a read brought; 0 = not in it. */
function endOfMessage(before: Buffer | undefined, chunk: Buffer): number {
  if (chunk[0] === LF && before?.at(-1) === LF) return 1;
  // Other line ends are for the reader to judge.
  if (chunk.includes('\r')) return chunk.length;
  const end = chunk.indexOf(END);
  return end < 0 ? 0 : end + END.length;
}
