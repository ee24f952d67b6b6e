import type { OutgoingHttpHeaders } from 'node:http';
import { Collector } from '../model/completion.ts';
import type { GatewayError } from '../model/errors.ts';
import type { Event } from '../model/event.ts';
import { EVENT_STREAM } from '../protocols/codec.ts';
import type { Dialect, Encoder, Reply } from '../protocols/codec.ts';
import type { Downstream } from './downstream.ts';
import { isContent } from './tally.ts';
import type { Tally } from './tally.ts';

/** What an answer is made of. */
export interface AnswerParts {
  readonly downstream: Downstream;
  readonly dialect: Dialect;
  readonly reply: Reply;
  readonly tally: Tally;
  /** Response headers at the moment of commit. */
  readonly headers: () => OutgoingHttpHeaders;
  /** An error while nothing was sent: the owner may try again or answer with an HTTP status. */
  readonly failedEarly: (error: GatewayError) => void;
  /** The answer is over as far as the client sees. */
  readonly done: () => void;
}

/** Headers of every event stream (WD-01, OR-06). */
export const STREAM_HEADERS: OutgoingHttpHeaders = {
  'cache-control': 'no-cache, no-store, no-transform',
  'x-accel-buffering': 'no',
};

/**
 * Turns events into what the client reads. Holds everything back until the first content (the commit), so that an error before it is an
 * HTTP status; an error after it is told in the stream and never looks like an end.
 */
export class Answer {
  readonly #parts: AnswerParts;
  readonly #encoder: Encoder | undefined;
  readonly #collector: Collector | undefined;
  readonly #streamType: string;
  #committed = false;
  #over = false;

  constructor(parts: AnswerParts) {
    this.#parts = parts;
    const { dialect, reply, downstream } = parts;
    this.#streamType = dialect.streamType(reply.request);
    if (reply.request.stream) this.#encoder = dialect.encoder((chunk) => downstream.write(chunk), reply);
    else this.#collector = new Collector();
  }

  /** Whether content was sent, so that no other attempt may start. */
  get committed(): boolean {
    return this.#committed;
  }

  /** Whether the terminal event was taken. */
  get over(): boolean {
    return this.#over;
  }

  /** Events the client's format could not express. */
  get lost(): number {
    return this.#encoder?.lost ?? 0;
  }

  /** Takes the next event. */
  push(event: Event): void {
    if (this.#over) return;
    const { tally } = this.#parts;
    tally.note(event);
    if (event.type === 'error') {
      this.#fail(event);
      return;
    }
    if (event.type === 'finish' && tally.usage === undefined) this.push({ type: 'usage', usage: tally.estimate() });
    if (this.#encoder === undefined) {
      this.#collector?.push(event);
      if (event.type === 'finish') this.#sendWhole();
      return;
    }
    if (!this.#committed && isContent(event)) this.#commit();
    this.#encoder.push(event);
    if (event.type === 'finish') this.#finish();
  }

  /** Sends what the events so far amount to; false while the client is slow. */
  flush(): boolean {
    return this.#over || this.#parts.downstream.flush();
  }

  /** Sends the head although there is no content yet: `commit_wait` passed. */
  openEarly(): void {
    if (this.#encoder === undefined || this.#over || this.#streamType !== EVENT_STREAM) return;
    this.#open();
    this.#parts.downstream.flush();
  }

  /** Opens the stream for bytes that pass untouched. */
  commitPassing(contentType?: string): void {
    if (this.#committed) return;
    this.#committed = true;
    this.#open(contentType);
  }

  /** Sends a whole body that passes untouched. */
  passWhole(contentType: string, body: Uint8Array): void {
    if (this.#over) return;
    this.#over = true;
    this.#committed = true;
    this.#parts.downstream.whole(200, { ...this.#parts.headers(), 'content-type': contentType }, body);
    this.#parts.done();
  }

  /** Ends a stream whose terminal passed untouched. */
  endPassing(): void {
    this.#finish();
  }

  #commit(): void {
    this.#committed = true;
    this.#open();
  }

  #open(contentType = this.#streamType): void {
    const events = this.#streamType === EVENT_STREAM;
    const { downstream, headers } = this.#parts;
    downstream.open(200, { ...headers(), 'content-type': contentType, ...STREAM_HEADERS }, events);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#parts.downstream.end();
    this.#parts.done();
  }

  #fail(event: Extract<Event, { type: 'error' }>): void {
    const { downstream } = this.#parts;
    this.#over = true;
    if (!downstream.opened) {
      downstream.discard();
      this.#parts.failedEarly(event.error);
      return;
    }
    if (this.#streamType === EVENT_STREAM) {
      this.#encoder?.push(event);
      downstream.end();
    } else {
      // A raw sound has no place for an error: what arrived is sent, then the transfer breaks (SP-03).
      downstream.flush();
      downstream.abort();
    }
    this.#parts.done();
  }

  #sendWhole(): void {
    this.#over = true;
    const { dialect, reply, downstream, headers } = this.#parts;
    const completion = this.#collector?.completion();
    if (completion === undefined) return;
    const whole = dialect.encodeWhole(completion, reply);
    this.#committed = true;
    downstream.whole(200, { ...headers(), 'content-type': whole.contentType }, whole.body);
    this.#parts.done();
  }
}
