import { IncomingItems } from './decoder-items.ts';

import { ID, INCOMPLETE, LIFE_SIGNS, RESPONSE_KEYS, TEXT_DELTAS, TEXT_DONES } from './words.ts';
import type { Frame } from '../../framing/frame.ts';
import type { GatewayError } from '../../model/errors.ts';
import type { Event, Sink } from '../../model/event.ts';
import { asArray, asNumber, asObject, asString, parseJson } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Decoder, DecoderContext, DecoderPhase } from '../codec.ts';
import { decodeInBandError } from '../openai-error.ts';
import { readTokenUsage } from '../openai-tokens.ts';

/** Reads a streamed or whole response. The event's `type` alone decides; `event:` lines and sequence numbers are not trusted to exist. */
export class ResponsesDecoder implements Decoder {
  phase: DecoderPhase = 'open';
  readonly #emit: Sink;
  readonly #context: DecoderContext;
  readonly #items: IncomingItems;
  readonly #sameFormat: boolean;
  #started = false;

  constructor(emit: Sink, context: DecoderContext) {
    this.#emit = emit;
    this.#context = context;
    const { request } = context;
    this.#sameFormat = request.task === 'generation' && request.native.protocol === ID;
    this.#items = new IncomingItems(emit, context.mint, this.#sameFormat);
  }

  push(frame: Frame): void {
    const { data } = frame;
    if (this.phase !== 'open' || data === '' || data === '[DONE]' || data.startsWith(':')) return;
    const value = this.#parse(data);
    if (value === undefined) return;
    const type = asString(value['type']) ?? frame.event ?? '';
    if (type === 'error' || (type === '' && value['error'] !== undefined)) {
      this.fail(decodeInBandError(value['error'] ?? value));
      return;
    }
    if (type === '' || LIFE_SIGNS.has(type)) return;
    if (type === 'response.failed') return this.#terminal(type, asObject(value['response']) ?? value);
    this.#start(asObject(value['response']));
    const delta = TEXT_DELTAS.get(type);
    if (delta !== undefined) this.#items.text(value, delta, asString(value['delta']) ?? '');
    else this.#step(type, value);
  }

  whole(body: string): void {
    if (this.phase !== 'open') return;
    const response = this.#parse(body);
    if (response === undefined) return;
    const output = asArray(response['output']);
    const { error } = response;
    if (output === undefined && error !== undefined && error !== null) return this.fail(decodeInBandError(error));
    const status = asString(response['status']) ?? (output === undefined ? 'missing' : 'completed');
    this.#terminal(`response.${status}`, response);
  }

  end(): void {
    this.fail(bad('The upstream ended its answer before the terminal event.'));
  }

  fail(error: GatewayError): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.#emit({ type: 'error', error });
  }

  #parse(text: string): JsonObject | undefined {
    try {
      const value = asObject(parseJson(text));
      if (value !== undefined) return value;
    } catch {
      // Falls through: text that is no JSON and JSON that is no object are the same fault.
    }
    this.fail(bad('The upstream sent an event that is not a JSON object.'));
    return undefined;
  }

  #start(response: JsonObject | undefined): void {
    if (this.#started) return;
    this.#started = true;
    const id = asString(response?.['id']) ?? '';
    const created = asNumber(response?.['created_at']);
    this.#emit({
      type: 'start',
      id: id === '' ? this.#context.mint('resp') : id,
      model: asString(response?.['model']) ?? this.#context.target.model,
      ...(created !== undefined && { created: Math.trunc(created) }),
    });
  }

  #step(type: string, frame: JsonObject): void {
    const done = TEXT_DONES.get(type);
    if (done !== undefined) return this.#items.textDone(frame, done);
    switch (type) {
      case 'response.created':
        return;
      case 'response.output_item.added':
        return this.#items.added(frame);
      case 'response.output_item.done':
        return this.#items.done(frame);
      case 'response.content_part.added':
      case 'response.reasoning_part.added':
      case 'response.reasoning_summary_part.added':
        return this.#items.partAdded(frame);
      case 'response.content_part.done':
      case 'response.reasoning_part.done':
      case 'response.reasoning_summary_part.done':
        return this.#items.partDone(frame);
      case 'response.output_text.annotation.added':
        return this.#items.annotation(frame);
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        return this.#items.input(frame, asString(frame['delta']) ?? '');
      case 'response.function_call_arguments.done':
      case 'response.custom_tool_call_input.done':
        return this.#items.inputDone(frame);
      case 'response.completed':
      case 'response.incomplete':
        return this.#terminal(type, asObject(frame['response']) ?? {});
      default:
        return this.#items.native(frame);
    }
  }

  #terminal(type: string, response: JsonObject): void {
    this.#start(response);
    const usage = readTokenUsage(response['usage']);
    if (type === 'response.completed' || type === 'response.incomplete') {
      const named = this.#items.close(asArray(response['output']) ?? []);
      if (usage !== undefined) this.#emit({ type: 'usage', usage });
      if (!named) return this.fail(bad('The upstream sent a tool call without a name.'));
      const extra = this.#sameFormat ? extraOf(response) : undefined;
      if (extra !== undefined) this.#items.native({ type: 'response.completed', response: extra });
      this.phase = 'closed';
      this.#emit(this.#finish(type, response));
      return;
    }
    if (usage !== undefined) this.#emit({ type: 'usage', usage });
    this.fail(type === 'response.failed' ? decodeInBandError(response['error'] ?? null) : bad(unfinished(type)));
  }

  #finish(type: string, response: JsonObject): Event {
    if (type === 'response.completed')
      return { type: 'finish', reason: this.#items.calls > 0 ? 'tool-calls' : 'stop', raw: 'completed' };
    const reason = asString(asObject(response['incomplete_details'])?.['reason']) ?? 'unknown';
    return { type: 'finish', reason: INCOMPLETE.get(reason) ?? 'other', raw: `incomplete:${reason}` };
  }
}

// What a client of this format is told besides the keys every response has (OR-38).
function extraOf(response: JsonObject): JsonObject | undefined {
  const extra = Object.entries(response).filter(([key, value]) => value !== null && !RESPONSE_KEYS.has(key));
  return extra.length === 0 ? undefined : Object.fromEntries(extra);
}

function unfinished(type: string): string {
  return `The upstream's answer is not a finished response (${type.slice('response.'.length)}).`;
}

function bad(message: string): GatewayError {
  return { kind: 'bad_response', message };
}
