import { responsesError } from './errors.ts';
import { ItemWriter } from './encoder-items.ts';
import { responseObject } from './encoder-response.ts';
import type { Progress } from './encoder-response.ts';
import { ID, INCOMPLETE_REASON } from './words.ts';
import { DONE_FRAME, namedFrame } from '../../framing/sse-writer.ts';
import type { GatewayError } from '../../model/errors.ts';
import type { Event } from '../../model/event.ts';
import { asArray, asObject } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Usage } from '../../model/usage.ts';
import type { Encoder, Reply, Write } from '../codec.ts';

/**
 * Writes an answer as Responses events: the lifecycle here, the items in {@link ItemWriter}. Every event is serialised when it happens,
 * so a lifecycle event is a snapshot by construction (OR-26). `created` and `in_progress` are written with the first thing that
 * follows them, never alone. Without a `write` nothing is serialised and only the final {@link response} is built.
 */
export class ResponsesEncoder implements Encoder {
  /** The response object of the terminal event; undefined before it. */
  response: JsonObject | undefined;
  /** Why the answer failed; undefined when it did not. */
  failure: GatewayError | undefined;
  readonly #write: Write | undefined;
  readonly #reply: Reply;
  readonly #items: ItemWriter;
  readonly #errorEvent: boolean;
  #sequence = 0;
  #begun = false;
  #usage: Usage | undefined;

  /** @param errorEvent whether an `error` event follows `response.failed` */
  constructor(write: Write | undefined, reply: Reply, errorEvent = true) {
    this.#write = write;
    this.#errorEvent = errorEvent;
    this.#reply = reply;
    this.#items = new ItemWriter(reply, {
      event: (type, fields) => this.#event(type, fields),
      raw: (head, tail, ascii) => this.#raw(head, tail, ascii),
    });
  }

  get lost(): number {
    return this.#items.lost;
  }

  /** The response to keep: one that nobody waited for is cancelled, and what its maker sealed is in it (OR-59, OR-60). */
  get kept(): JsonObject | undefined {
    if (!this.#begun) return undefined;
    const response = this.response ?? this.#object({ status: 'cancelled', output: [] });
    return { ...response, output: this.#items.sealed(asArray(response['output']) ?? []) };
  }

  /** How many output items were opened. */
  get itemCount(): number {
    return this.#items.count;
  }

  push(event: Event): void {
    if (this.response !== undefined) return;
    switch (event.type) {
      case 'start':
        return;
      case 'text-delta':
        return this.#items.text(event);
      case 'input-delta':
        return this.#items.input(event.index, event.json, event.padding);
      case 'block-start':
        return this.#items.open(event.index, event.block);
      case 'block-end':
        return this.#items.close(event.index, event.seal);
      case 'annotation':
        return this.#items.annotation(event.index, event.annotation);
      case 'audio-delta':
      case 'vector':
        return this.#items.lose();
      case 'native': {
        const value = event.native.protocol === ID ? asObject(event.native.value) : undefined;
        return value === undefined ? this.#items.lose() : this.#items.native(value);
      }
      case 'usage':
        this.#usage = event.usage;
        return;
      case 'finish':
        return this.#finish(event);
      case 'error':
        return this.#fail(event.error);
      default:
        return event satisfies never;
    }
  }

  #finish(event: Extract<Event, { type: 'finish' }>): void {
    const incomplete = incompleteReason(event);
    this.#begin();
    const output = this.#items.finish(incomplete !== undefined);
    const status = incomplete === undefined ? 'completed' : 'incomplete';
    this.#terminal(`response.${status}`, { status, output, ...(incomplete !== undefined && { incomplete }) });
    this.#mark();
  }

  // `failed` first shows every client the partial output and the usage; `error` behind it makes the SDKs raise (OR-48).
  #fail(error: GatewayError): void {
    const told = responsesError(error);
    this.#begin();
    this.failure = error;
    this.#terminal('response.failed', { status: 'failed', output: this.#items.abandon(), error: told });
    const { type, code, message, param } = told;
    if (this.#errorEvent) this.#event('error', { code, message, param, error: { type, code, message, param } });
    this.#mark();
  }

  #terminal(type: string, progress: Progress): void {
    this.response = this.#object(progress);
    this.#event(type, { response: this.response });
  }

  #object(progress: Progress): JsonObject {
    const response = responseObject(this.#reply, {
      ...progress,
      ...(this.#usage !== undefined && { usage: this.#usage }),
    });
    return { ...response, ...this.#items.responseExtra };
  }

  #mark(): void {
    if (this.#reply.options.responsesDoneMarker) this.#write?.(DONE_FRAME);
  }

  /** Shows that the response is being made. */
  opening(): void {
    this.#begin();
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const write = this.#write;
    if (write === undefined) return;
    // Both show the same.
    const response = JSON.stringify(responseObject(this.#reply, { status: 'in_progress', output: [] }));
    for (const type of ['response.created', 'response.in_progress']) {
      const sequence = this.#sequence++;
      write(namedFrame(type, `{"type":"${type}","sequence_number":${sequence},"response":${response}}`));
    }
  }

  #event(type: string, fields: JsonObject): void {
    this.#begin();
    const sequence = this.#sequence++;
    this.#write?.(namedFrame(type, JSON.stringify({ type, sequence_number: sequence, ...fields })));
  }

  #raw(head: string, tail: string, ascii: boolean): void {
    const sequence = this.#sequence++;
    this.#write?.(head + String(sequence) + tail, ascii);
  }
}

function incompleteReason(event: Extract<Event, { type: 'finish' }>): string | undefined {
  const known = INCOMPLETE_REASON[event.reason];
  if (known !== undefined) return known;
  // A reason that only another server of this format knows is kept (FM-48).
  return event.raw?.startsWith('incomplete:') ? event.raw.slice('incomplete:'.length) : undefined;
}
