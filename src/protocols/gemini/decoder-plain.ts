import { decodeInBandError } from './errors.ts';
import { readUsage } from './usage.ts';
import type { Frame } from '../../framing/frame.ts';
import type { GatewayError } from '../../model/errors.ts';
import type { Sink, Vector } from '../../model/event.ts';
import { asArray, asNumber, asObject, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { NO_USAGE } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';
import type { Decoder, DecoderContext, DecoderPhase } from '../codec.ts';
import { isVector, vectorFault } from '../vectors.ts';

/** Reads the answers that have no stream: a count of tokens, or embeddings. */
export class PlainDecoder implements Decoder {
  phase: DecoderPhase = 'open';
  readonly #emit: Sink;
  readonly #context: DecoderContext;

  constructor(emit: Sink, context: DecoderContext) {
    this.#emit = emit;
    this.#context = context;
  }

  // A server that sends its one body as an event is understood.
  push({ data }: Frame): void {
    if (data !== '' && !data.startsWith(':')) this.whole(data);
  }

  whole(body: string): void {
    if (this.phase === 'closed') return;
    const answer = objectIn(body);
    const error = answer?.['error'] ?? undefined;
    if (answer === undefined) this.#refuse('The upstream answered with something that is no JSON object.');
    else if (error !== undefined) this.fail(decodeInBandError(error));
    else if (this.#context.request.task === 'count') this.#count(answer);
    else this.#embed(answer);
  }

  end(): void {
    this.#refuse('The upstream ended its answer before it was complete.');
  }

  fail(error: GatewayError): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.#emit({ type: 'error', error });
  }

  #refuse(message: string): void {
    this.fail({ kind: 'bad_response', message });
  }

  #count(answer: JsonObject): void {
    const total = asNumber(answer['totalTokens']);
    if (total === undefined || !Number.isSafeInteger(total) || total < 0)
      return this.#refuse('The upstream counted the tokens without giving their number.');
    const cacheRead = Math.min(Math.max(asNumber(answer['cachedContentTokenCount']) ?? 0, 0), total);
    this.#say([], { ...NO_USAGE, input: total - cacheRead, cacheRead, raw: answer });
  }

  #embed(answer: JsonObject): void {
    const { request } = this.#context;
    const vectors: Vector[] = [];
    for (const [position, value] of embeddingsIn(answer).entries()) {
      if (!isVector(value)) return this.#refuse(`Embedding ${position} of the upstream ${vectorFault(value)}.`);
      vectors.push(value);
    }
    const wanted = request.task === 'embedding' ? request.inputs.length : vectors.length;
    if (vectors.length !== wanted || wanted === 0)
      return this.#refuse(`The upstream gave ${vectors.length} embeddings for ${wanted} inputs.`);
    this.#say(vectors, readUsage(answer['usageMetadata']) ?? predictedUsage(answer));
  }

  #say(vectors: readonly Vector[], usage: Usage | undefined): void {
    const emit = this.#emit;
    emit({ type: 'start', id: '', model: this.#context.target.model });
    for (const [index, vector] of vectors.entries()) {
      emit({ type: 'block-start', index, block: { type: 'vector' } });
      emit({ type: 'vector', index, vector });
      emit({ type: 'block-end', index });
    }
    if (usage !== undefined) emit({ type: 'usage', usage });
    this.phase = 'closed';
    emit({ type: 'finish', reason: 'stop' });
  }
}

/** The lists of numbers in an answer, one for each input; a cloud host writes them as predictions. */
function embeddingsIn(answer: JsonObject): readonly (Json | undefined)[] {
  const single = asObject(answer['embedding']);
  const predictions = (asArray(answer['predictions']) ?? []).map((item) => asObject(item)?.['embeddings'] ?? null);
  const list = single === undefined ? (asArray(answer['embeddings']) ?? predictions) : [single];
  return list.map((item) => asObject(item)?.['values']);
}

function predictedUsage(answer: JsonObject): Usage | undefined {
  let tokens = 0;
  for (const item of asArray(answer['predictions']) ?? []) {
    const statistics = asObject(asObject(asObject(item)?.['embeddings'])?.['statistics']);
    tokens += Math.max(asNumber(statistics?.['token_count']) ?? asNumber(statistics?.['tokenCount']) ?? 0, 0);
  }
  return Number.isSafeInteger(tokens) && tokens > 0 ? { ...NO_USAGE, input: tokens } : undefined;
}

function objectIn(text: string): JsonObject | undefined {
  try {
    return asObject(parseJson(text));
  } catch {
    return undefined;
  }
}
