import { isAscii } from 'node:buffer';
import type { Frame } from '../framing/frame.ts';
import { dataFrame } from '../framing/sse-writer.ts';
import { asObject, parseJson } from '../model/json.ts';
import type { JsonObject } from '../model/json.ts';
import type { Gear } from '../model/record.ts';
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
  /** What goes to the client in their place. */
  readonly outHead: string;
  readonly outTail: string;
}

const END = '\n\n';
// Learning costs a parse; a stream whose messages never look alike is not worth more of them.
const LESSONS = 4;
const BACKSLASH = 92;

/**
 * Lets a stream pass to a client of the same format. Messages that are nothing but text are recognised by their first and last bytes and
 * leave untouched, in one piece with their neighbours; every other message is decoded, judged, and passes, is mended, or is encoded anew.
 * Costs two comparisons and a search per token.
 */
export class Passing {
  readonly #parts: PassingParts;
  #rest: Buffer | undefined;
  #template: Template | undefined;
  #lessons = LESSONS;
  #raw: Uint8Array | undefined;
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
    return this.#rest?.length ?? 0;
  }

  /** Takes what one read brought. */
  push(chunk: Buffer): void {
    if (this.#reframing) {
      this.#parts.read(chunk);
      return;
    }
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    const text = bytes.toString('latin1');
    // Other line ends are legal, but then a message's end is not where this gear looks for it.
    if (text.includes('\r')) {
      this.#reframing = true;
      this.#parts.read(bytes);
      return;
    }
    const stop = text.lastIndexOf(END) + END.length;
    if (stop < END.length) {
      this.#rest = bytes;
      return;
    }
    this.#messages(bytes, text, stop, isAscii(bytes) || !hasLineEnd(text));
    if (stop < bytes.length) this.#rest = bytes.subarray(stop);
  }

  /** The body ended: what waits is for the reader to judge. */
  end(): void {
    if (this.#rest !== undefined) this.#parts.read(this.#rest);
    this.#rest = undefined;
  }

  /** Takes a message that was looked at. */
  frame(frame: Frame): void {
    const { decoder, answer } = this.#parts;
    decoder.push(frame);
    if (answer.over) return;
    const passage = answer.passage;
    if (this.#encoding || passage === undefined) return;
    const judgement = passage.judge(frame);
    if (judgement === 'encode') {
      this.#encoding = true;
      answer.encodeFromHere();
      return;
    }
    answer.forgetEncoded();
    if (judgement === 'pass') this.#pass(frame, passage);
    else if (judgement !== 'drop') {
      answer.write(dataFrame(judgement.json));
      this.#learn(frame, judgement.json, passage);
    }
    answer.closePassing();
  }

  #messages(bytes: Buffer, text: string, stop: number, safe: boolean): void {
    let at = 0;
    while (at < stop) {
      const template = this.#template;
      if (template !== undefined && safe && this.#parts.answer.passage?.open === true) {
        const next = this.#plain(bytes, text, at, stop, template);
        if (next > at) {
          this.#parts.alive();
          at = next;
          continue;
        }
      }
      const next = text.indexOf(END, at) + END.length;
      const raw = bytes.subarray(at, next);
      this.#raw = safe ? raw : undefined;
      this.#parts.read(raw);
      this.#raw = undefined;
      at = next;
    }
  }

  /** Lets the run of plain messages at an offset pass; returns where it ends. */
  #plain(bytes: Buffer, text: string, from: number, stop: number, template: Template): number {
    const { head, tail, outHead, outTail } = template;
    const untouched = head === outHead && tail === outTail;
    let at = from;
    let out = '';
    let length = 0;
    while (at < stop && text.startsWith(head, at)) {
      const begin = at + head.length;
      const quote = closingQuote(text, begin);
      if (quote <= begin || !text.startsWith(tail, quote)) break;
      if (!untouched) {
        const piece = text.slice(begin, quote);
        if (piece.includes('\\u')) break;
        out += outHead + piece + outTail;
      }
      length += quote - begin;
      at = quote + tail.length;
    }
    if (at === from) return from;
    this.#parts.answer.passText(untouched ? bytes.subarray(from, at) : Buffer.from(out, 'latin1'), length);
    return at;
  }

  #pass(frame: Frame, passage: Passage): void {
    const raw = this.#raw;
    // Framing of another hand (comments, names, no space) is written anew around the same JSON: the frames gear.
    const ours = raw !== undefined && raw.length === Buffer.byteLength(frame.data) + 'data: \n\n'.length && raw[5] === 32;
    this.#parts.answer.write(ours ? raw : dataFrame(frame.data));
    this.#learn(frame, frame.data, passage);
  }

  #learn(frame: Frame, out: string, passage: Passage): void {
    if (this.#template !== undefined || this.#lessons === 0 || this.#raw === undefined || !isAscii(Buffer.from(frame.data))) return;
    const message = objectOf(frame.data);
    if (message === undefined || !passage.isPlainText(message)) return;
    this.#lessons--;
    const [head, tail] = around(frame.data, passage.textKey);
    const [outHead, outTail] = around(out, passage.textKey);
    if (head === '' || outHead === '') return;
    this.#template = { head: `data: ${head}`, tail: tail + END, outHead: `data: ${outHead}`, outTail: outTail + END };
  }
}

function around(json: string, key: string): readonly [head: string, tail: string] {
  const at = json.indexOf(key);
  if (at < 0) return ['', ''];
  const begin = at + key.length;
  return [json.slice(0, begin), json.slice(closingQuote(json, begin))];
}

/** Where the JSON string that begins at an offset ends: at its first quote that is not escaped. */
function closingQuote(text: string, begin: number): number {
  let quote = text.indexOf('"', begin);
  while (quote > begin && text.charCodeAt(quote - 1) === BACKSLASH) {
    let slashes = 1;
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote;
    quote = text.indexOf('"', quote + 1);
  }
  return quote;
}

// U+0085, U+2028 and U+2029 in UTF-8, one character per byte.
function hasLineEnd(text: string): boolean {
  return text.includes('\u00c2\u0085') || text.includes('\u00e2\u0080\u00a8') || text.includes('\u00e2\u0080\u00a9');
}

function objectOf(json: string): JsonObject | undefined {
  try {
    return asObject(parseJson(json));
  } catch {
    return undefined;
  }
}
