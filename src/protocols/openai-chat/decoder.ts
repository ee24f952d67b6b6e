import { BlockWriter } from './decoder-blocks.ts';
import { Choice } from './decoder-choice.ts';
import type { ChoiceEnd, ChoiceSetting } from './decoder-choice.ts';
import { readCitations } from './decoder-parts.ts';
import type { Frame } from '../../framing/frame.ts';
import type { Annotation } from '../../model/block.ts';
import type { GatewayError } from '../../model/errors.ts';
import type { ChoiceFinish, Sink } from '../../model/event.ts';
import { asArray, asNumber, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Generation } from '../../model/request.ts';
import { outputTotal } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';
import type { Decoder, DecoderContext, DecoderPhase } from '../codec.ts';
import { decodeInBandError } from '../openai-error.ts';
import { readTokenUsage } from '../openai-tokens.ts';

const TRUNCATED: GatewayError = {
  kind: 'bad_response',
  message: 'The upstream ended its answer before it was complete.',
};

const TEXT_KEY = '"content":"';

/** Reads chat completions, streamed or whole. `finish` is held back until the end, for usage may follow the finish reason. */
export class ChatDecoder implements Decoder {
  phase: DecoderPhase = 'open';
  textKey: string | undefined;
  readonly #emit: Sink;
  readonly #context: DecoderContext;
  readonly #blocks: BlockWriter;
  readonly #setting: ChoiceSetting;
  readonly #choices = new Map<number, Choice>();
  #started = false;
  #id = '';
  #model = '';
  #created: number | undefined;
  #usage: Usage | undefined;
  #citations: readonly Annotation[] = [];
  #plain: Choice | undefined;

  constructor(emit: Sink, context: DecoderContext) {
    this.#emit = emit;
    this.#context = context;
    this.#blocks = new BlockWriter(emit);
    this.#setting = settingOf(context);
  }

  push(frame: Frame): void {
    if (this.phase === 'closed') return;
    this.textKey = undefined;
    const data = frame.data;
    if (data.startsWith('[DONE]')) this.#complete(false);
    // UP-03: some proxies wrap comments as data.
    else if (data !== '' && !data.startsWith(':')) this.#message(data, frame.event === 'error', false);
  }

  text(text: string): void {
    if (this.phase !== 'closed') this.#plain?.text('text', text, undefined);
  }

  whole(body: string): void {
    if (this.phase === 'closed') return;
    this.#message(body, false, true);
    this.#complete(true);
  }

  end(): void {
    if (this.phase === 'finished') this.#complete(false);
    else this.fail(TRUNCATED);
  }

  /** A failure after the last finish reason costs only late usage: the answer is whole and ends as such. */
  fail(error: GatewayError): void {
    if (this.phase === 'closed') return;
    if (this.phase === 'finished') this.#complete(false);
    else this.#close(error);
  }

  #message(text: string, named: boolean, whole: boolean): void {
    let value: Json;
    try {
      value = parseJson(text);
    } catch {
      if (named) this.#close(decodeInBandError(text));
      else this.#close({ kind: 'bad_response', message: 'The upstream sent an event that is not JSON.' });
      return;
    }
    const chunk = asObject(value);
    const error = errorIn(value, chunk, named);
    if (error !== undefined) this.#close(decodeInBandError(error));
    else if (chunk !== undefined) this.#chunk(chunk, whole);
    if (whole && this.phase !== 'closed' && this.#choices.size === 0)
      this.#close({ kind: 'bad_response', message: 'The upstream answered without choices.' });
  }

  #chunk(chunk: JsonObject, whole: boolean): void {
    const choices = asArray(chunk['choices']) ?? [];
    this.#head(chunk, choices.length > 0);
    if (chunk['citations'] !== undefined) this.#citations = readCitations(chunk);
    choices.forEach((value, position) => {
      const choice = asObject(value);
      if (choice !== undefined && this.phase !== 'closed') this.#choice(choice, position, whole);
    });
    if (this.phase === 'closed') return;
    this.#take(chunk['usage'] ?? asObject(chunk['x_groq'])?.['usage']);
    // A choice that opens late reopens the answer.
    this.phase = this.#isFinished() ? 'finished' : 'open';
    this.#note(chunk, choices);
  }

  /** Notes the choice of a chunk that is nothing but text: the next ones like it need no parse. */
  #note(chunk: JsonObject, choices: readonly Json[]): void {
    const choice = asObject(choices[0]);
    const delta = asObject(choice?.['delta']);
    if (choice === undefined || delta === undefined || choices.length !== 1 || (chunk['usage'] ?? null) !== null)
      return;
    const { content, ...more } = delta;
    const others = [
      choice['logprobs'],
      choice['finish_reason'],
      choice['message'],
      chunk['citations'],
      ...Object.values(more),
    ];
    if (typeof content !== 'string' || content === '' || others.some((value) => (value ?? null) !== null)) return;
    this.#plain = this.#choices.get(asNumber(choice['index']) ?? 0);
    this.textKey = TEXT_KEY;
  }

  #choice(value: JsonObject, position: number, whole: boolean): void {
    const error = value['error'];
    if (value['finish_reason'] === 'error' || isError(error)) {
      this.#close(decodeInBandError(error ?? {}));
      return;
    }
    const index = asNumber(value['index']) ?? position;
    const number = Number.isSafeInteger(index) && index >= 0 ? index : position;
    let choice = this.#choices.get(number);
    if (choice === undefined) {
      choice = new Choice(number, this.#blocks, this.#setting);
      this.#choices.set(number, choice);
    }
    // In a stream a message beside deltas repeats them; alone, or in a whole body, it is the answer.
    const delta = (whole ? undefined : asObject(value['delta'])) ?? (choice.blank ? messageOf(value) : undefined);
    if (delta !== undefined) choice.delta(delta, asObject(value['logprobs']));
    this.#take(value['usage']);
    const reason = asString(value['finish_reason']);
    if (reason === undefined || reason === '') return;
    if (!choice.finished) choice.cite(this.#citations);
    choice.finish(reason, asString(value['stop_reason']));
  }

  #head(chunk: JsonObject, begin: boolean): void {
    if (this.#started) return;
    if (this.#id === '') this.#id = asString(chunk['id']) ?? '';
    if (this.#model === '') this.#model = asString(chunk['model']) ?? '';
    const created = asNumber(chunk['created']);
    if (created !== undefined && created > 0) this.#created ??= created;
    if (begin) this.#start();
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#emit({
      type: 'start',
      id: this.#id,
      model: this.#model === '' ? this.#context.target.model : this.#model,
      ...(this.#created !== undefined && { created: this.#created }),
    });
  }

  #take(value: Json | undefined): void {
    const usage = readTokenUsage(value);
    if (usage === undefined) return;
    // An empty count after a real one is a provider clearing its throat, not a correction.
    if (this.#usage !== undefined && usage.input + outputTotal(usage) === 0) return;
    this.#usage = usage;
    this.#start();
    this.#emit({ type: 'usage', usage });
  }

  #isFinished(): boolean {
    if (this.#choices.size < (generationOf(this.#context)?.choices ?? 1)) return false;
    for (const choice of this.#choices.values()) if (!choice.finished) return false;
    return true;
  }

  /** The end that the format allows: `[DONE]`, a clean end after the finish reasons, or the end of a whole body (UP-08). */
  #complete(whole: boolean): void {
    if (this.phase === 'closed') return;
    const choices = [...this.#choices].toSorted(([a], [b]) => a - b);
    if (choices.length === 0 || !choices.every(([, choice]) => choice.complete(whole))) {
      this.#close(TRUNCATED);
      return;
    }
    for (const [, choice] of choices) choice.close();
    if (choices.some(([, choice]) => choice.nameless)) {
      this.#close({ kind: 'bad_response', message: 'The upstream called a tool without naming it.' });
      return;
    }
    const limit = generationOf(this.#context)?.maxTokens;
    const full = limit !== undefined && this.#usage !== undefined && outputTotal(this.#usage) >= limit;
    const ends = choices.map(([number, choice]) => [number, choice.end(full)] as const);
    const first = ends.find(([number]) => number === 0)?.[1] ?? ends[0]?.[1];
    // Of an answer without a choice 0 the first that came is its end, and each of the others keeps its own.
    this.#finish(first ?? { reason: 'stop' }, ends.filter(([number]) => number !== 0).map(toOther));
  }

  #finish(first: ChoiceEnd, others: readonly ChoiceFinish[]): void {
    this.phase = 'closed';
    this.#emit({ type: 'finish', ...first, ...(others.length > 0 && { others }) });
  }

  #close(error: GatewayError): void {
    this.phase = 'closed';
    this.#emit({ type: 'error', error });
  }
}

function toOther([choice, end]: readonly [number, ChoiceEnd]): ChoiceFinish {
  return { choice, reason: end.reason, ...(end.raw !== undefined && { raw: end.raw }) };
}

function generationOf(context: DecoderContext): Generation | undefined {
  return context.request.task === 'generation' ? context.request : undefined;
}

function settingOf(context: DecoderContext): ChoiceSetting {
  const request = generationOf(context);
  return {
    mint: context.mint,
    ids: new Set(),
    audioFormat: asString(asObject(request?.native.value['audio'])?.['format']),
    stopStands: request?.toolChoice?.type === 'tool' && context.target.capabilities.namedChoiceStops,
    stops: request?.stop ?? [],
  };
}

function messageOf(choice: JsonObject): JsonObject | undefined {
  const text = asString(choice['text']);
  return (
    asObject(choice['message']) ?? asObject(choice['delta']) ?? (text === undefined ? undefined : { content: text })
  );
}

// FM-04: providers tell of errors inside a 200 in four shapes.
function errorIn(value: Json, chunk: JsonObject | undefined, named: boolean): Json | undefined {
  if (chunk === undefined) return value === null ? {} : value;
  const alone = !('choices' in chunk);
  // A plain text may have its code beside it.
  if (isError(chunk['error'])) return alone && typeof chunk['error'] === 'string' ? chunk : chunk['error'];
  if (named) return chunk;
  const bare = alone && (chunk['object'] ?? 'error') === 'error';
  return bare && (isError(chunk['message']) || isError(chunk['detail'])) ? chunk : undefined;
}

function isError(value: Json | undefined): value is string | JsonObject {
  if (typeof value === 'string') return value !== '';
  const object = asObject(value) ?? asArray(value);
  return object !== undefined && Object.keys(object).length > 0;
}
