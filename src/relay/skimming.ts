import { isAscii } from 'node:buffer';
import type { SseReader } from '../framing/sse-reader.ts';
import { isPlain } from '../framing/sse-writer.ts';
import type { Decoder } from '../protocols/codec.ts';
import { around, closingQuote, plainLength, stands } from './plain-text.ts';

const END = '\n\n';
// Nothing else may stand before the JSON: what the reader would have kept of it, a name at most, the decoder knows from the JSON itself.
const PREFIX = /^(?:event: [\w.:-]+\n)?data: /;
// As many streams never look alike twice; a lesson costs two searches.
const LESSONS = 4;

/**
 * Feeds a stream that is translated to its decoder. A message that is nothing but text is recognised by what stands before and after its
 * text, as the first of them showed it, and only its text is taken; every other message takes reader and parser. Halves the cost of a token.
 */
export class Skimming {
  readonly #reader: SseReader;
  readonly #decoder: Decoder;
  #head = '';
  #tail = '';
  #lessons = LESSONS;
  /** Whether the reader stands between two messages, so that the next one may go past it. */
  #between = true;

  constructor(reader: SseReader, decoder: Decoder) {
    this.#reader = reader;
    this.#decoder = decoder;
  }

  /**
   * Takes what one read brought.
   * @throws FrameTooLarge as the reader does
   */
  push(chunk: Buffer): void {
    if (!this.#between) {
      this.#read(chunk);
      return;
    }
    const text = chunk.toString('latin1');
    let at = 0;
    while (at < chunk.length) {
      const next = this.#skim(text, at);
      if (next > at) {
        at = next;
        continue;
      }
      const found = text.indexOf(END, at);
      const stop = found < 0 ? chunk.length : found + END.length;
      this.#read(at === 0 && stop === chunk.length ? chunk : chunk.subarray(at, stop));
      if (!this.#between) {
        if (stop < chunk.length) this.#read(chunk.subarray(stop));
        return;
      }
      this.#learn(text.slice(at, stop));
      at = stop;
    }
  }

  #read(bytes: Buffer): void {
    this.#reader.push(bytes);
    this.#between = this.#reader.boundary === bytes.length;
  }

  /** Takes the text of the message at an offset, if it is nothing but text; returns where it ends. */
  #skim(text: string, from: number): number {
    if (this.#head === '' || !stands(text, this.#head, from)) return from;
    const begin = from + this.#head.length;
    const quote = closingQuote(text, begin);
    if (quote <= begin || !stands(text, this.#tail, quote)) return from;
    if (plainLength(text, begin, quote) === 0) return from;
    this.#decoder.text?.(said(text.slice(begin, quote)));
    return quote + this.#tail.length;
  }

  #learn(message: string): void {
    const key = this.#decoder.textKey;
    if (this.#head !== '' || this.#lessons === 0 || key === undefined || !PREFIX.test(message)) return;
    this.#lessons--;
    const [head, tail] = around(message, key);
    // Heads are compared as one character per byte, so only texts may be other than ASCII.
    if (head === '' || tail.indexOf(END) !== tail.length - END.length || !isAscii(Buffer.from(head + tail, 'latin1')))
      return;
    this.#head = head;
    this.#tail = tail;
  }
}

/** What the inside of a JSON string says, itself given as one character per byte of UTF-8. */
function said(inside: string): string {
  if (isPlain(inside)) return inside;
  const bytes = Buffer.from(inside, 'latin1');
  const text = isAscii(bytes) ? inside : bytes.toString('utf8');
  return inside.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}
