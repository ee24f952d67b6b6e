import type { Frame } from '../../framing/frame.ts';
import type { Decoder, DecoderContext, DecoderPhase } from '../codec.ts';
import { decodeInBandError } from '../openai-error.ts';
import { readTokenUsage } from '../openai-tokens.ts';
import type { GatewayError } from '../../model/errors.ts';
import type { ChoiceFinish, Event, FinishReason, Sink } from '../../model/event.ts';
import { asArray, asNumber, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { readLogprobs } from './logprobs.ts';
import { EXTRA_KEYS, FINISH } from './words.ts';

type Spoken = 'text' | 'refusal' | 'reasoning';

/** One of the parallel answers, as far as it has come. */
interface Choice {
  readonly number: number;
  readonly open: Map<Spoken, number>;
  finish?: { readonly reason: FinishReason; readonly raw?: string; readonly stopSequence?: string };
}

/** Reads an answer of a completions server, streamed or whole, through the same methods. */
export class CompletionsDecoder implements Decoder {
  readonly #emit: Sink;
  readonly #context: DecoderContext;
  readonly #expected: number;
  readonly #choices = new Map<number, Choice>();
  readonly #told = new Set<string>();
  #extras: JsonObject | undefined;
  #started = false;
  #blocks = 0;
  #finished = 0;
  #phase: DecoderPhase = 'open';

  constructor(emit: Sink, context: DecoderContext) {
    this.#emit = emit;
    this.#context = context;
    this.#expected = context.request.task === 'generation' ? (context.request.choices ?? 1) : 1;
  }

  get phase(): DecoderPhase {
    return this.#phase;
  }

  push(frame: Frame): void {
    if (this.#phase === 'closed') return;
    const data = frame.data;
    if (data === '[DONE]') return this.#done();
    if (data === '' || data.startsWith(':')) return; // a comment wrapped as data (UP-03)
    const value = parsed(data);
    if (value === undefined) return this.#fail('The upstream sent an event that is not a JSON object.');
    if (frame.event === 'error') return this.fail(decodeInBandError(value['error'] ?? value));
    this.#body(value);
  }

  whole(body: string): void {
    if (this.#phase === 'closed') return;
    const value = parsed(body);
    if (value === undefined) return this.#fail('The upstream answered with something that is not a JSON object.');
    if (asArray(value['choices']) === undefined && value['error'] === undefined && !saysError(value))
      return this.#fail('The upstream answered with JSON that is no completion.');
    this.#body(value);
    this.#done();
  }

  end(): void {
    if (this.#phase === 'finished') return this.#close();
    this.#fail('The upstream ended its answer before it was complete.');
  }

  fail(error: GatewayError): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#emit({ type: 'error', error });
  }

  #fail(message: string): void {
    this.fail({ kind: 'bad_response', message });
  }

  #body(value: JsonObject): void {
    if (value['error'] !== undefined && value['error'] !== null) return this.fail(decodeInBandError(value['error']));
    const choices = asArray(value['choices']);
    const usage = readTokenUsage(value['usage']);
    if (choices === undefined && usage === undefined) {
      if (saysError(value)) this.fail(decodeInBandError(value));
      return;
    }
    this.#noteExtras(value);
    for (const item of choices ?? []) {
      const choice = asObject(item);
      if (choice !== undefined) this.#choice(choice, value);
      if (this.#phase === 'closed') return;
    }
    if (usage !== undefined) this.#say({ type: 'usage', usage }, value);
    const whole = this.#finished >= this.#expected && this.#finished === this.#choices.size;
    this.#phase = whole ? 'finished' : 'open';
  }

  #choice(wire: JsonObject, body: JsonObject): void {
    const told = asNumber(wire['index']) ?? 0;
    const number = Number.isInteger(told) && told >= 0 ? told : 0;
    const choice = this.#choiceOf(number);
    // Whatever follows a choice's finish repeats what was said (FM-47); usage is read all the same.
    if (choice.finish !== undefined) return;
    this.#spoken(choice, 'reasoning', wire['reasoning_content'] ?? wire['reasoning'], body);
    const text = asString(wire['text']) ?? '';
    const logprobs = wire['logprobs'] ? readLogprobs(wire['logprobs']) : [];
    if (text !== '' || logprobs.length > 0) {
      const index = this.#block(choice, 'text', body);
      this.#say({ type: 'text-delta', index, text, ...(logprobs.length > 0 && { logprobs }) }, body);
    }
    this.#spoken(choice, 'refusal', wire['refusal'], body);
    const raw = asString(wire['finish_reason']);
    if (raw === 'error') return this.#fail('The upstream broke off its answer with an error.');
    if (raw !== undefined && raw !== '') this.#finish(choice, raw, asString(wire['stop_reason']), body);
  }

  #spoken(choice: Choice, type: Spoken, value: Json | undefined, body: JsonObject): void {
    const text = asString(value) ?? '';
    if (text !== '') this.#say({ type: 'text-delta', index: this.#block(choice, type, body), text }, body);
  }

  #choiceOf(number: number): Choice {
    let choice = this.#choices.get(number);
    if (choice === undefined) this.#choices.set(number, (choice = { number, open: new Map() }));
    return choice;
  }

  #block(choice: Choice, type: Spoken, body: JsonObject): number {
    const open = choice.open.get(type);
    if (open !== undefined) return open;
    const index = this.#blocks++;
    choice.open.set(type, index);
    this.#tellExtras(body);
    this.#say(
      { type: 'block-start', index, block: { type, ...(choice.number !== 0 && { choice: choice.number }) } },
      body,
    );
    return index;
  }

  #finish(choice: Choice, raw: string, stopSequence: string | undefined, body: JsonObject): void {
    for (const index of choice.open.values()) this.#say({ type: 'block-end', index }, body);
    choice.open.clear();
    const reason = stopSequence === undefined ? (FINISH[raw] ?? 'other') : 'stop-sequence';
    choice.finish = { reason, raw, ...(stopSequence !== undefined && { stopSequence }) };
    this.#start(body);
    this.#finished++;
  }

  // They wait for content: nothing may reach a client while the answer could still be another's (FM-05).
  #noteExtras(body: JsonObject): void {
    for (const key of EXTRA_KEYS) {
      const value = body[key];
      if (value === undefined || value === null || this.#told.has(key)) continue;
      this.#told.add(key);
      this.#extras = { ...this.#extras, [key]: value };
    }
  }

  #tellExtras(body: JsonObject): void {
    if (this.#extras === undefined) return;
    this.#say({ type: 'native', native: { protocol: 'openai-completions', value: this.#extras } }, body);
    this.#extras = undefined;
  }

  #say(event: Event, body: JsonObject): void {
    this.#start(body);
    this.#emit(event);
  }

  #start(body: JsonObject): void {
    if (this.#started) return;
    this.#started = true;
    const created = asNumber(body['created']);
    this.#emit({
      type: 'start',
      id: asString(body['id']) || this.#context.mint('cmpl'),
      model: asString(body['model']) || this.#context.target.model,
      ...(created !== undefined && { created }),
    });
  }

  /** `[DONE]`, or the end of a whole body: a choice without a reason has then come to its natural end (UP-08). */
  #done(): void {
    if (this.#phase === 'closed') return;
    if (this.#choices.size === 0) return this.#fail('The upstream ended its answer without having written any choice.');
    for (const choice of this.#choices.values())
      if (choice.finish === undefined) this.#finish(choice, 'stop', undefined, {});
    this.#close();
  }

  #close(): void {
    this.#tellExtras({});
    this.#phase = 'closed';
    const inOrder = [...this.#choices.values()].toSorted((left, right) => left.number - right.number);
    const others: ChoiceFinish[] = [];
    for (const { number, finish } of inOrder) {
      if (number === 0 || finish === undefined) continue;
      others.push({ choice: number, reason: finish.reason, ...(finish.raw !== undefined && { raw: finish.raw }) });
    }
    const first = this.#choices.get(0)?.finish ?? { reason: 'other' };
    this.#emit({ type: 'finish', ...first, ...(others.length > 0 && { others }) });
  }
}

function parsed(text: string): JsonObject | undefined {
  try {
    return asObject(parseJson(text));
  } catch {
    return undefined;
  }
}

// `{"message":…}`, `{"detail":…}` and `{"object":"error",…}` tell of errors without an `error` key.
function saysError(value: JsonObject): boolean {
  return (
    value['message'] !== undefined ||
    value['detail'] !== undefined ||
    value['object'] === 'error' ||
    value['type'] === 'error'
  );
}
