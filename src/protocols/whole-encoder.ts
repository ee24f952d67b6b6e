import { Collector } from '../model/completion.ts';
import type { Event } from '../model/event.ts';
import type { Dialect, Encoder, Reply, StreamForm, Write } from './codec.ts';

/** The framing of formats whose answers always come whole. */
export const WHOLE_ONLY: StreamForm = { contentType: 'application/json', tellsErrors: false };

/** Writes the answer of a format that has no stream: nothing until its end, then the whole body. */
export class WholeEncoder implements Encoder {
  readonly #write: Write;
  readonly #reply: Reply;
  readonly #encodeWhole: Dialect['encodeWhole'];
  readonly #collector = new Collector();
  readonly lost = 0;

  constructor(write: Write, reply: Reply, encodeWhole: Dialect['encodeWhole']) {
    this.#write = write;
    this.#reply = reply;
    this.#encodeWhole = encodeWhole;
  }

  push(event: Event): void {
    this.#collector.push(event);
    if (event.type === 'finish') this.#write(this.#encodeWhole(this.#collector.completion(), this.#reply).body);
  }
}
