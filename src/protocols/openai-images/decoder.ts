import type { Frame } from '../../framing/frame.ts';
import type { GatewayError } from '../../model/errors.ts';
import type { Sink } from '../../model/event.ts';
import { asNumber, asString } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Request } from '../../model/request.ts';
import type { Usage } from '../../model/usage.ts';
import type { Decoder, DecoderContext, DecoderPhase } from '../codec.ts';
import { decodeInBandError } from '../openai-error.ts';
import { PassedDecoder, UNCOUNTED } from '../passed-body.ts';
import { plainObject } from '../plain-json.ts';
import { isDone, PICTURES } from './words.ts';

/** Reads pictures as they are made: every event passes; one that brings a finished picture is counted. Or a whole body. */
export class PictureDecoder implements Decoder {
  readonly #emit: Sink;
  readonly #context: DecoderContext;
  readonly #wanted: number;
  #started = false;
  #done = 0;
  #usage: Usage | undefined;
  #phase: DecoderPhase = 'open';

  constructor(emit: Sink, context: DecoderContext) {
    this.#emit = emit;
    this.#context = context;
    this.#wanted = wantedOf(context.request);
  }

  get phase(): DecoderPhase {
    return this.#phase;
  }

  push({ event, data }: Frame): void {
    if (this.#phase === 'closed') return;
    if (data === '[DONE]') return this.#marker();
    if (data === '' || data.startsWith(':')) return; // a comment wrapped as data (UP-03)
    const value = plainObject(data);
    if (value === undefined) return this.#fail('The upstream sent an event that is not a JSON object.');
    const type = asString(value['type']) ?? event;
    if (type === 'error' || (value['error'] ?? null) !== null)
      return this.fail(decodeInBandError(value['error'] ?? value));
    this.#pass(event, data);
    if (isDone(type)) this.#finished(value);
  }

  whole(body: string): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    new PassedDecoder(this.#emit, this.#context, PICTURES).whole(body);
  }

  end(): void {
    if (this.#phase === 'closed') return;
    if (this.#done < this.#wanted) return this.#fail('The upstream ended its answer before the last picture was done.');
    this.#close();
  }

  fail(error: GatewayError): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#emit({ type: 'error', error });
  }

  #fail(message: string): void {
    this.fail({ kind: 'bad_response', message });
  }

  // A server that ends its streams with the marker says by it that there is no more, however many were asked for.
  #marker(): void {
    if (this.#done === 0) return this.#fail('The upstream ended its answer without a finished picture.');
    this.#pass(undefined, '[DONE]');
    this.#close();
  }

  #pass(event: string | undefined, data: string): void {
    if (!this.#started) {
      this.#started = true;
      const { mint, target } = this.#context;
      this.#emit({ type: 'start', id: mint('img'), model: target.model });
    }
    // JSON may stand on several lines; a line end in it is white space.
    const value: JsonObject = { ...(event !== undefined && { event }), data: data.replaceAll('\n', ' ') };
    this.#emit({ type: 'native', native: { protocol: 'openai-images', value } });
  }

  // Each picture tells of its own tokens.
  #finished(value: JsonObject): void {
    this.#done++;
    const usage = PICTURES.usage(value);
    if (usage !== undefined) {
      this.#usage = this.#usage === undefined ? usage : sum(this.#usage, usage);
      this.#emit({ type: 'usage', usage: this.#usage });
    }
    if (this.#done >= this.#wanted) this.#phase = 'finished';
  }

  #close(): void {
    this.#phase = 'closed';
    if (this.#usage === undefined) this.#emit({ type: 'usage', usage: UNCOUNTED });
    this.#emit({ type: 'finish', reason: 'stop' });
  }
}

/** How many pictures are asked for; the fields of a form are texts. */
function wantedOf(request: Request): number {
  const value = 'native' in request ? request.native.value['n'] : undefined;
  const count = asNumber(value) ?? Number(asString(value) ?? 1);
  return count >= 1 ? count : 1;
}

function sum(one: Usage, other: Usage): Usage {
  const { raw: _raw, total: _total, ...counters } = other;
  return {
    ...counters,
    input: one.input + other.input,
    cacheRead: one.cacheRead + other.cacheRead,
    cacheWrite: one.cacheWrite + other.cacheWrite,
    audioInput: one.audioInput + other.audioInput,
    output: one.output + other.output,
    reasoning: one.reasoning + other.reasoning,
    audioOutput: one.audioOutput + other.audioOutput,
    ...((one.suspect ?? other.suspect) && { suspect: true }),
  };
}
