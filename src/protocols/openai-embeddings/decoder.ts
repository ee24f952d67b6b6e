import type { Frame } from '../../framing/frame.ts';
import type { GatewayError } from '../../model/errors.ts';
import type { Sink, Vector } from '../../model/event.ts';
import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Decoder, DecoderContext, DecoderPhase } from '../codec.ts';
import { decodeInBandError } from '../openai-error.ts';
import { readTokenUsage } from '../openai-tokens.ts';
import { isVector, vectorFault } from '../vectors.ts';
import { readList } from './decoder-lists.ts';

/** Reads a list of embeddings: one for each input, in the order of the inputs (EM-03). */
export class EmbeddingDecoder implements Decoder {
  readonly #emit: Sink;
  readonly #context: DecoderContext;
  #phase: DecoderPhase = 'open';

  constructor(emit: Sink, context: DecoderContext) {
    this.#emit = emit;
    this.#context = context;
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
    const answer = readList(body, this.#keepsTexts);
    if (answer === undefined) return this.#fail('The upstream answered with something that is no list of embeddings.');
    const data = asArray(answer['data']);
    const error = answer['error'] ?? undefined;
    if (error !== undefined || (data === undefined && (answer['message'] ?? answer['detail']) !== undefined))
      return this.fail(decodeInBandError(error ?? answer));
    if (data === undefined) return this.#fail('The upstream answered with JSON that is no list of embeddings.');
    const vectors = this.#inOrder(data);
    if (vectors !== undefined) this.#say(answer, vectors);
  }

  // Numbers that become float32 have no text that could be kept.
  get #keepsTexts(): boolean {
    const { request } = this.#context;
    return request.task !== 'embedding' || request.encoding === 'float';
  }

  end(): void {
    this.#fail('The upstream ended its answer without any embedding.');
  }

  fail(error: GatewayError): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#emit({ type: 'error', error });
  }

  #fail(message: string): void {
    this.fail({ kind: 'bad_response', message });
  }

  /** The embeddings by the number of their input; fails unless there is exactly one for each. */
  #inOrder(data: readonly Json[]): readonly Vector[] | undefined {
    const { request } = this.#context;
    const wanted = request.task === 'embedding' ? request.inputs.length : data.length;
    if (data.length !== wanted) {
      this.#fail(`The upstream gave ${data.length} embeddings for ${wanted} inputs.`);
      return undefined;
    }
    const found: Vector[] = [];
    for (const [position, item] of data.entries()) {
      const entry = asObject(item) ?? {};
      const index = asNumber(entry['index'] ?? position) ?? -1;
      const vector = entry['embedding'];
      if (!isVector(vector)) {
        this.#fail(`Embedding ${position} of the upstream ${vectorFault(vector)}.`);
        return undefined;
      }
      if (!Number.isInteger(index) || index < 0 || index >= wanted || found[index] !== undefined) {
        this.#fail(`Embedding ${position} of the upstream does not say which input it belongs to.`);
        return undefined;
      }
      found[index] = vector;
    }
    return found;
  }

  #say(answer: JsonObject, vectors: readonly Vector[]): void {
    const { mint, target } = this.#context;
    const emit = this.#emit;
    const usage = readTokenUsage(answer['usage']);
    emit({
      type: 'start',
      id: asString(answer['id']) ?? mint('emb'),
      model: asString(answer['model']) ?? target.model,
    });
    for (const [index, vector] of vectors.entries()) {
      emit({ type: 'block-start', index, block: { type: 'vector' } });
      emit({ type: 'vector', index, vector });
      emit({ type: 'block-end', index });
    }
    if (usage !== undefined) emit({ type: 'usage', usage });
    this.#phase = 'closed';
    emit({ type: 'finish', reason: 'stop' });
  }
}
