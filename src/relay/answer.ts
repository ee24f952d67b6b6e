import { lostOfWhole } from './lost-whole.ts';
import type { OutgoingHttpHeaders } from 'node:http';
import { Collector } from '../model/completion.ts';
import { GatewayFailure } from '../model/errors.ts';
import type { GatewayError } from '../model/errors.ts';
import type { Event } from '../model/event.ts';
import type { JsonObject } from '../model/json.ts';
import type { Dialect, Encoder, Identity, Passage, Reply, StreamForm, WholeAnswer } from '../protocols/codec.ts';
import type { ClientSide } from './client-side.ts';
import { isContent } from './tally.ts';
import type { Tally } from './tally.ts';

/** What an answer is made of. */
export interface AnswerParts {
  readonly downstream: ClientSide;
  readonly dialect: Dialect;
  readonly reply: Reply;
  readonly tally: Tally;
  /** Response headers at the moment of commit. */
  readonly headers: () => OutgoingHttpHeaders;
  /** An error while nothing was sent: the owner may try again or answer with an HTTP status. */
  readonly failedEarly: (error: GatewayError) => void;
  /** The answer is over as far as the client sees. */
  readonly done: () => void;
  /** The upstream speaks the client's own format. */
  readonly sameFormat?: boolean;
  /** Hears every event too. */
  readonly listener?: { note(event: Event): void } | undefined;
}

/** The side of an answer that a passing stream sees. */
export interface PassingAnswer {
  readonly over: boolean;
  /** How the stream passes, once its first message told who it is. */
  readonly passage: Passage | undefined;
  /** Takes messages that need no look, one character per byte; `length` is that of their text in bytes. */
  passText(bytes: string, length: number): void;
  /** Takes bytes as they came, one character for each. */
  pass(bytes: string): void;
  write(text: string): void;
  /** Drops what the encoder made of the last message: the message itself passes. */
  forgetEncoded(): void;
  /** Sends what the encoder made of the last message, and of every one after it. */
  encodeFromHere(): void;
  /** Ends the stream if the decoder told `finish`. */
  closePassing(): void;
}

/**
 * Turns events into what the client reads. Holds everything back until the first content (the commit), so that an error before it is an
 * HTTP status; an error after it is told in the stream and never looks like an end.
 */
export class Answer implements PassingAnswer {
  readonly #parts: AnswerParts;
  readonly #form: StreamForm;
  #contentType: string;
  readonly #collector: Collector | undefined;
  #encoder: Encoder | undefined;
  #whole: WholeAnswer | undefined;
  #committed = false;
  #over = false;
  #passes: boolean;
  #encoded = '';
  #finish: Extract<Event, { type: 'finish' }> | undefined;
  #lostOfWhole = 0;
  passage: Passage | undefined;

  constructor(parts: AnswerParts) {
    this.#parts = parts;
    const { dialect, reply, sameFormat } = parts;
    this.#form = dialect.streamForm(reply.request);
    this.#contentType = this.#form.contentType;
    this.#passes = sameFormat === true && reply.request.stream && dialect.passage !== undefined;
    if (!reply.request.stream) this.#collector = new Collector();
    else if (!this.#passes) this.#encoder = this.#makeEncoder(reply);
  }

  /** Whether the stream may pass message by message. */
  get passes(): boolean {
    return this.#passes;
  }

  /** Whether raw bytes of the upstream are what the client asked for. */
  get passesRaw(): boolean {
    return this.#parts.sameFormat === true && this.#parts.reply.request.stream && !this.#form.tellsErrors;
  }

  /** Whether the terminal event was taken. */
  get over(): boolean {
    return this.#over;
  }

  /** The answer as the client's format keeps it; undefined where it keeps none, or nothing was shown. */
  get kept(): JsonObject | undefined {
    return this.#whole?.kept ?? this.#encoder?.kept;
  }

  /** Events the client's format could not express. */
  get lost(): number {
    return this.#passes ? 0 : (this.#encoder?.lost ?? this.#lostOfWhole);
  }

  /** Takes the next event. */
  push(event: Event): void {
    if (this.#over) return;
    const { tally, listener } = this.#parts;
    tally.note(event);
    listener?.note(event);
    if (event.type === 'error') {
      this.#fail(event);
      return;
    }
    if (event.type === 'finish' && tally.usage === undefined) this.push({ type: 'usage', usage: tally.estimate() });
    if (this.#collector !== undefined) {
      this.#collector.push(event);
      if (event.type === 'finish') this.#sendWhole(this.#collector);
      return;
    }
    if (event.type === 'start' && this.#encoder === undefined) this.#begin(event);
    if (!this.#committed && isContent(event)) this.#commit();
    if (event.type === 'finish' && this.#passes) {
      this.#finish = event;
      return;
    }
    this.#encoder?.push(event);
    if (event.type === 'finish') this.#end();
  }

  /** Sends what the events so far amount to; false while the client is slow. */
  flush(): boolean {
    return this.#over || this.#parts.downstream.flush();
  }

  /** Sends the head although there is no content yet: `commit_wait` passed. */
  openEarly(): void {
    const { downstream } = this.#parts;
    if (this.#collector !== undefined || this.#over || downstream.opened || this.#form.keepAlive === undefined) return;
    this.#open();
    if (this.#encoder?.opening === undefined) downstream.signOfLife();
    else this.#encoder.opening();
    downstream.flush();
  }

  /** Lets a whole body pass as it came, if it may; `text` is what its bytes say. */
  passWhole(bytes: Uint8Array, text: string): boolean {
    const { dialect, reply, downstream, headers, tally, done, sameFormat } = this.#parts;
    if (this.#collector === undefined || sameFormat !== true || this.#over) return false;
    const passing = dialect.passWhole?.(text, reply);
    if (passing === undefined) return false;
    this.#over = true;
    tally.content(bytes.length, false);
    tally.usage = passing.usage;
    tally.finish = passing.finish;
    const head = headers();
    head['content-type'] = 'application/json';
    downstream.whole(200, head, bytes);
    done();
    return true;
  }

  /** The content type under which raw bytes pass: the upstream's own (SP-02). */
  rawType(contentType: string): void {
    if (contentType !== '') this.#contentType = contentType;
  }

  passText(bytes: string, length: number): void {
    this.#parts.tally.content(length, false);
    this.#parts.downstream.pass(bytes);
  }

  pass(bytes: string): void {
    this.#parts.downstream.pass(bytes);
  }

  write(text: string): void {
    this.#parts.downstream.write(text);
  }

  forgetEncoded(): void {
    this.#encoded = '';
  }

  encodeFromHere(): void {
    this.#passes = false;
    this.#parts.downstream.write(this.#encoded);
    this.#encoded = '';
    const finish = this.#finish;
    if (finish === undefined) return;
    this.#encoder?.push(finish);
    this.#end();
  }

  closePassing(): void {
    const { tally, downstream } = this.#parts;
    if (this.#finish === undefined || this.#over) return;
    downstream.write(this.passage?.closing(this.#finish, tally.usage ?? tally.estimate()) ?? '');
    this.#end();
  }

  // What the gateway writes into a passing stream must show the same id as what passes, so its encoder waits for the first message.
  #begin(start: Extract<Event, { type: 'start' }>): void {
    const { reply, dialect } = this.#parts;
    const identity: Identity = {
      id: start.id,
      created: start.created ?? reply.created,
      model: start.model,
      begun: new Set(),
      ended: new Set(),
      sealed: new Set(),
    };
    const passing = { ...reply, identity };
    this.#encoder = this.#makeEncoder(passing);
    this.passage = dialect.passage?.(passing);
  }

  #makeEncoder(reply: Reply): Encoder {
    const { dialect, downstream } = this.#parts;
    return dialect.encoder((chunk, ascii) => {
      if (this.#passes && typeof chunk === 'string') this.#encoded += chunk;
      else downstream.write(chunk, ascii);
    }, reply);
  }

  #commit(): void {
    this.#committed = true;
    this.#open();
  }

  #open(): void {
    const { downstream, headers } = this.#parts;
    const head = headers();
    head['content-type'] = this.#contentType;
    // Headers of every stream (WD-01, OR-06).
    head['cache-control'] = 'no-cache, no-store, no-transform';
    head['x-accel-buffering'] = 'no';
    downstream.open(200, head, this.#form.keepAlive);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#parts.downstream.end();
    this.#parts.done();
  }

  #fail(event: Extract<Event, { type: 'error' }>): void {
    const { downstream, reply } = this.#parts;
    this.#over = true;
    if (!downstream.opened) {
      downstream.discard();
      this.#parts.failedEarly(event.error);
      return;
    }
    if (this.#form.tellsErrors) {
      this.#passes = false;
      this.#encoder ??= this.#makeEncoder(reply);
      this.#encoder.push(event);
      downstream.end();
    } else {
      // A raw sound has no place for an error: what arrived is sent, then the transfer breaks (SP-03).
      downstream.flush();
      downstream.abort();
    }
    this.#parts.done();
  }

  #sendWhole(collector: Collector): void {
    this.#over = true;
    const { downstream, headers } = this.#parts;
    const whole = this.#encodedWhole(collector);
    if (whole === undefined) return;
    this.#whole = whole;
    const head = headers();
    head['content-type'] = whole.contentType;
    downstream.whole(200, head, whole.body);
    this.#parts.done();
  }

  // What a client must not be shown may be all there is of an answer (OR-52).
  #encodedWhole(collector: Collector): WholeAnswer | undefined {
    const { dialect, reply, failedEarly } = this.#parts;
    try {
      const completion = collector.completion();
      this.#lostOfWhole = lostOfWhole(completion, dialect, reply);
      return dialect.encodeWhole(completion, reply);
    } catch (fault) {
      if (!(fault instanceof GatewayFailure)) throw fault;
      failedEarly(fault.error);
      return undefined;
    }
  }
}
