import { Blocks } from './decoder-blocks.ts';
import { decodeInBandError } from './errors.ts';
import { answerToolOf } from './request-write-output.ts';
import { readUsage } from './usage.ts';
import { MALFORMED, STOP } from './words.ts';
import type { Frame } from '../../framing/frame.ts';
import type { GatewayError } from '../../model/errors.ts';
import type { Event, Sink } from '../../model/event.ts';
import { asArray, asNumber, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { inputTotal } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';
import type { Decoder, DecoderContext, DecoderPhase } from '../codec.ts';

const TRUNCATED: GatewayError = {
  kind: 'bad_response',
  message: 'The upstream ended its answer before it said why it stopped.',
};

/** Reads a streamed or whole answer of Converse. The name of an event says what it is; the usage follows the end of the message. */
export class ConverseDecoder implements Decoder {
  phase: DecoderPhase = 'open';
  readonly #emit: Sink;
  readonly #context: DecoderContext;
  readonly #blocks: Blocks;
  #started = false;
  #usage: Usage | undefined;
  /** The end of an answer that is whole, kept until its usage has come. */
  #last: Event = { type: 'error', error: TRUNCATED };

  constructor(emit: Sink, context: DecoderContext) {
    this.#emit = emit;
    this.#context = context;
    const answerTool = answerToolOf(context.request, context.target);
    this.#blocks = new Blocks({ emit, mint: context.mint, answerTool });
  }

  push({ event, data }: Frame): void {
    if (this.phase === 'closed') return;
    const value = parsed(data);
    if (event === 'error') this.fail(decodeInBandError(value));
    else if (value === undefined) this.fail(bad('sent an event that is not a JSON object'));
    else if (event === 'metadata') this.#metadata(value);
    else if (this.phase === 'open') this.#step(event, value);
  }

  whole(body: string): void {
    if (this.phase !== 'open') return;
    const answer = parsed(body);
    const message = asObject(asObject(answer?.['output'])?.['message']);
    if (answer === undefined || message === undefined) {
      const told = answer !== undefined && ('message' in answer || '__type' in answer || 'error' in answer);
      this.fail(told ? decodeInBandError(answer) : bad('answered with something that is not a message'));
      return;
    }
    this.#start();
    (asArray(message['content']) ?? []).forEach((value, wire) => {
      const block = asObject(value);
      if (block !== undefined) this.#blocks.whole(wire, block);
    });
    this.#take(answer['usage']);
    if (this.#faulted()) return;
    this.#stop(answer);
    this.end();
  }

  end(): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.#emit(this.#last);
  }

  /** A failure after the end of the message costs only late usage: the answer is whole and ends as such. */
  fail(error: GatewayError): void {
    if (this.phase === 'open') this.#last = { type: 'error', error };
    this.end();
  }

  #step(event: string | undefined, value: JsonObject): void {
    const wire = asNumber(value['contentBlockIndex']) ?? 0;
    switch (event) {
      case 'messageStart':
        return this.#start();
      case 'contentBlockStart':
        this.#start();
        this.#blocks.start(wire, asObject(value['start']) ?? {});
        break;
      case 'contentBlockDelta':
        this.#start();
        this.#blocks.delta(wire, asObject(value['delta']) ?? {});
        break;
      case 'contentBlockStop':
        return this.#blocks.stop(wire);
      case 'messageStop':
        this.#start();
        return this.#stop(value);
      default:
        // What comes to be added to the format later is no reason to stop.
        return;
    }
    this.#faulted();
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    const { mint, target } = this.#context;
    this.#emit({ type: 'start', id: mint('msg'), model: target.model });
  }

  #faulted(): boolean {
    const { fault } = this.#blocks;
    if (fault !== undefined) this.fail(bad(fault));
    return fault !== undefined;
  }

  #stop(message: JsonObject): void {
    this.#blocks.stopAll();
    const raw = asString(message['stopReason']) ?? '';
    this.phase = 'finished';
    if (MALFORMED.has(raw)) this.#last = { type: 'error', error: bad(`could not read what its model wrote (${raw})`) };
    else if (raw !== '') this.#last = this.#finish(raw, asObject(message['additionalModelResponseFields']));
  }

  #finish(raw: string, extra: JsonObject | undefined): Event {
    const reason = STOP.get(raw) ?? 'other';
    // The tool that the answer was forced through is none that the client knows of.
    const stands = reason !== 'tool-calls' || this.#blocks.calls > 0;
    const stopSequence = asString(asObject(extra?.['delta'])?.['stop_sequence']) ?? asString(extra?.['stop_sequence']);
    return {
      type: 'finish',
      reason: stands ? reason : 'stop',
      raw,
      ...(stopSequence !== undefined && { stopSequence }),
    };
  }

  #metadata(value: JsonObject): void {
    const told = this.#take(value['usage']);
    if (told && this.phase === 'finished') this.end();
  }

  #take(value: Json | undefined): boolean {
    const usage = readUsage(value);
    if (usage === undefined) return false;
    // An empty count after a real one is a provider clearing its throat, not a correction.
    if (this.#usage !== undefined && inputTotal(usage) + usage.output === 0) return true;
    this.#usage = usage;
    this.#start();
    this.#emit({ type: 'usage', usage });
    return true;
  }
}

function parsed(text: string): JsonObject | undefined {
  try {
    return asObject(parseJson(text));
  } catch {
    return undefined;
  }
}

function bad(what: string): GatewayError {
  return { kind: 'bad_response', message: `The upstream ${what}.` };
}
