import type { Frame } from '../framing/frame.ts';
import type { NativeValue, ProtocolId } from '../model/block.ts';
import type { Completion } from '../model/completion.ts';
import { unsupported } from '../model/errors.ts';
import type { GatewayError } from '../model/errors.ts';
import type { Sink } from '../model/event.ts';
import { asObject, asString } from '../model/json.ts';
import type { JsonObject } from '../model/json.ts';
import type { PassingRequest, Request } from '../model/request.ts';
import { NO_USAGE } from '../model/usage.ts';
import type { Usage } from '../model/usage.ts';
import type { BodyPatch, Decoder, DecoderContext, DecoderPhase, PassingWhole, Target, WholeAnswer } from './codec.ts';
import { decodeInBandError } from './openai-error.ts';
import { plainObject } from './plain-json.ts';

/** What is known of a format whose answers pass: pictures, rankings, moderation. */
export interface PassedFormat {
  readonly protocol: ProtocolId;
  /** The tasks it is asked for. */
  readonly tasks: readonly PassingRequest['task'][];
  /** What an answer is, for errors: `a ranking`. */
  readonly what: string;
  /** Whether a body is an answer. */
  holds(answer: JsonObject): boolean;
  /** The tokens an answer tells of; undefined where it tells of none. */
  usage(answer: JsonObject): Usage | undefined;
}

/** The native value that carries a whole body as it came. */
export interface PassedBody {
  readonly body: string;
}

/** Tokens of an answer that tells of none: its size says nothing about them. */
export const UNCOUNTED: Usage = { ...NO_USAGE, estimated: true };

/** Reads a body that passes: who it is from, what it cost, and itself in one native value. */
export class PassedDecoder implements Decoder {
  readonly #emit: Sink;
  readonly #context: DecoderContext;
  readonly #format: PassedFormat;
  #phase: DecoderPhase = 'open';

  constructor(emit: Sink, context: DecoderContext, format: PassedFormat) {
    this.#emit = emit;
    this.#context = context;
    this.#format = format;
  }

  get phase(): DecoderPhase {
    return this.#phase;
  }

  // The format has no stream; a server that sends its one body as an event is understood.
  push({ data }: Frame): void {
    if (data === '' || data.startsWith(':')) return; // a comment wrapped as data (UP-03)
    this.whole(data);
  }

  whole(body: string): void {
    if (this.#phase === 'closed') return;
    const answer = plainObject(body);
    if (answer === undefined || !this.#format.holds(answer) || holdsError(answer)) return this.#refused(answer);
    const format = this.#format;
    const { mint, target } = this.#context;
    const value: JsonObject & PassedBody = { body };
    this.#emit({
      type: 'start',
      id: asString(answer['id']) ?? mint('ans'),
      model: asString(answer['model']) ?? target.model,
    });
    this.#emit({ type: 'native', native: { protocol: format.protocol, value } });
    this.#emit({ type: 'usage', usage: format.usage(answer) ?? UNCOUNTED });
    this.#phase = 'closed';
    this.#emit({ type: 'finish', reason: 'stop' });
  }

  end(): void {
    this.fail({ kind: 'bad_response', message: `The upstream ended its answer without ${this.#format.what}.` });
  }

  fail(error: GatewayError): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#emit({ type: 'error', error });
  }

  #refused(answer: JsonObject | undefined): void {
    const told = answer?.['error'] ?? undefined;
    if (answer !== undefined && (told ?? answer['message'] ?? answer['detail'] ?? undefined) !== undefined)
      return this.fail(decodeInBandError(told ?? answer));
    this.fail({
      kind: 'bad_response',
      message: `The upstream answered with something that is not ${this.#format.what}.`,
    });
  }
}

/** What a whole body of a format comes to, if it is an answer and may pass as it came. */
export function passedWhole(body: string, format: PassedFormat): PassingWhole | undefined {
  const answer = plainObject(body);
  if (answer === undefined || !format.holds(answer) || holdsError(answer)) return undefined;
  return { finish: 'stop', usage: format.usage(answer) ?? UNCOUNTED };
}

/** The whole answer: the body that was read, as it came. */
export function encodePassed({ natives }: Completion, { protocol }: PassedFormat): WholeAnswer {
  const body = natives.flatMap((native) => passedBody(native, protocol) ?? []).at(-1) ?? '{}';
  return { contentType: 'application/json', body };
}

/** The body in a native value of a format. */
export function passedBody(native: NativeValue, protocol: ProtocolId): string | undefined {
  return native.protocol === protocol ? asString(asObject(native.value)?.['body']) : undefined;
}

/** The client's own body for an upstream of the same format; refuses every other request. */
export function passedRequest(request: Request, target: Target, format: PassedFormat): string {
  const native = format.tasks.find((task) => task === request.task) && 'native' in request ? request.native : undefined;
  if (native?.protocol !== format.protocol)
    return unsupported('model', `The model '${request.model}' gives ${format.what} and nothing else.`);
  return JSON.stringify({ ...native.value, ...modelPatch(request, target) });
}

/** The top-level keys that differ in a body that is passed on: the model (UP-09). */
export function modelPatch(_request: Request, target: Target): BodyPatch {
  return { model: target.model };
}

function holdsError(answer: JsonObject): boolean {
  return (answer['error'] ?? null) !== null;
}
