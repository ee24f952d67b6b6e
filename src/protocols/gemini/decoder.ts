import { Candidate } from './decoder-candidate.ts';
import type { CandidateEnd, CandidateSetting } from './decoder-candidate.ts';
import { decodeInBandError } from './errors.ts';
import { hasCounts, readUsage } from './usage.ts';
import { blockReasonOf, FAULTS } from './words.ts';
import type { Frame } from '../../framing/frame.ts';
import type { GatewayError } from '../../model/errors.ts';
import type { Sink } from '../../model/event.ts';
import { asArray, asNumber, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Decoder, DecoderContext, DecoderPhase } from '../codec.ts';

const TRUNCATED: GatewayError = {
  kind: 'bad_response',
  message: 'The upstream ended its answer before it was complete.',
};
const TEXT_KEYS = ['"text":"', '"text": "'];

/** Reads `GenerateContentResponse` messages: events, a list of them, or one alone. The end is told when the body ends. */
export class GeminiDecoder implements Decoder {
  phase: DecoderPhase = 'open';
  textKey: string | undefined;
  readonly #emit: Sink;
  readonly #context: DecoderContext;
  /** Whether the client speaks this format too, and so is told what only it can say. */
  readonly #own: boolean;
  readonly #setting: CandidateSetting;
  readonly #candidates = new Map<number, Candidate>();
  #started = false;
  #blocked: string | undefined;
  /** Whether a message brought content without an end: then the first end is the end. */
  #flowing = false;
  #plain: Candidate | undefined;

  constructor(emit: Sink, context: DecoderContext) {
    this.#emit = emit;
    this.#context = context;
    this.#own = context.request.task === 'generation' && context.request.native.protocol === 'gemini';
    this.#setting = { emit, mint: context.mint, ids: new Set(), next: 0 };
  }

  push({ data }: Frame): void {
    if (this.phase === 'closed') return;
    this.textKey = undefined;
    // The format has no marker of its end, but servers that imitate it may write another's; and comments wrapped as data (UP-03).
    if (data !== '' && !data.startsWith(':') && !data.startsWith('[DONE]')) this.#take(data, false);
  }

  text(text: string): void {
    if (this.phase !== 'closed') this.#plain?.text(text);
  }

  whole(body: string): void {
    if (this.phase === 'closed') return;
    this.#take(body, true);
    this.#complete(!body.trimStart().startsWith('['));
  }

  end(): void {
    this.#complete(false);
  }

  /** A failure after the last finish reason costs only late usage: the answer is whole and ends as such. */
  fail(error: GatewayError): void {
    if (this.phase === 'closed') return;
    if (this.#isFinished()) this.#complete(false);
    else this.#close(error);
  }

  #take(text: string, whole: boolean): void {
    let value: Json;
    try {
      value = parseJson(text);
    } catch {
      this.#close({ kind: 'bad_response', message: 'The upstream sent something that is not JSON.' });
      return;
    }
    // Without `alt=sse` the stream is a list; a list may be one message of a stream, too.
    const messages = asArray(value) ?? [value];
    for (const message of messages) if (this.phase !== 'closed') this.#message(message, text, whole);
  }

  #message(value: Json, text: string, whole: boolean): void {
    const message = asObject(value);
    const error = message === undefined ? value : message['error'];
    if (error !== undefined && error !== null) this.#close(decodeInBandError(error));
    else if (message !== undefined) this.#response(message, text, whole);
  }

  #response(message: JsonObject, text: string, whole: boolean): void {
    const list = (asArray(message['candidates']) ?? []).map(asObject).filter((each) => each !== undefined);
    const feedback = asObject(message['promptFeedback']);
    if (list.length > 0 || feedback !== undefined) this.#start(message);
    if (feedback !== undefined && list.length === 0)
      this.#blocked = blockReasonOf(feedback['blockReason']) ?? this.#blocked;
    if (this.#own && this.#started) this.#natives(message, list);
    list.forEach((each, position) => this.#candidate(each, position));
    this.#count(message['usageMetadata']);
    this.phase = this.#isFinished() && (this.#flowing || this.#blocked !== undefined) ? 'finished' : 'open';
    if (list.some((each) => !('finishReason' in each))) this.#flowing = true;
    if (!whole) this.#note(message, list, text);
  }

  #candidate(value: JsonObject, position: number): void {
    const index = asNumber(value['index']) ?? position;
    const number = Number.isSafeInteger(index) && index >= 0 ? index : position;
    let candidate = this.#candidates.get(number);
    if (candidate === undefined) {
      candidate = new Candidate(number, this.#setting);
      this.#candidates.set(number, candidate);
    }
    candidate.push(value);
  }

  /** What of a message no other format has words for, as a message of the same shape. */
  #natives(message: JsonObject, list: readonly JsonObject[]): void {
    const { candidates: _candidates, usageMetadata: _usage, modelVersion: _model, responseId: _id, ...more } = message;
    const extras = list.flatMap((each, position) => {
      const { content: _content, finishReason: _reason, index, logprobsResult: _logprobs, ...extra } = each;
      return Object.keys(extra).length === 0 ? [] : [{ index: index ?? position, ...extra }];
    });
    if (Object.keys(more).length === 0 && extras.length === 0) return;
    const value = { ...more, ...(extras.length > 0 && { candidates: extras }) };
    this.#emit({ type: 'native', native: { protocol: 'gemini', value } });
  }

  /** Notes the candidate of a message that is nothing but text: the next ones like it need no parse. */
  #note(message: JsonObject, [candidate, ...others]: readonly JsonObject[], text: string): void {
    const usage = asObject(message['usageMetadata']);
    // Counts differ from message to message.
    if (
      others.length > 0 ||
      candidate === undefined ||
      !isPlain(candidate) ||
      (usage !== undefined && hasCounts(usage))
    )
      return;
    this.textKey = TEXT_KEYS.find((key) => text.includes(key));
    this.#plain = this.#candidates.get(asNumber(candidate['index']) ?? 0);
  }

  #start(message: JsonObject): void {
    if (this.#started) return;
    this.#started = true;
    const model = asString(message['modelVersion']) ?? '';
    this.#emit({
      type: 'start',
      id: asString(message['responseId']) ?? '',
      model: model === '' ? this.#context.target.model : model,
    });
  }

  #count(value: Json | undefined): void {
    const usage = readUsage(value);
    if (usage === undefined || !this.#started) return;
    this.#emit({ type: 'usage', usage });
  }

  #isFinished(): boolean {
    if (this.#candidates.size === 0) return this.#blocked !== undefined;
    const { request } = this.#context;
    const asked = request.task === 'generation' ? (request.choices ?? 1) : 1;
    if (this.#candidates.size < asked) return false;
    for (const candidate of this.#candidates.values()) if (candidate.raw === undefined) return false;
    return true;
  }

  /** The end that the format allows: every candidate has its reason; a body that came as one object is whole without (UP-08). */
  #complete(whole: boolean): void {
    if (this.phase === 'closed') return;
    const candidates = [...this.#candidates].toSorted(([a], [b]) => a - b);
    const settled = candidates.every(([, each]) => !each.cut && (each.raw !== undefined || (whole && each.wrote)));
    if (!settled || (candidates.length === 0 && this.#blocked === undefined)) {
      this.#close(TRUNCATED);
      return;
    }
    const ends = candidates.map(([number, each]) => [number, each.end()] as const);
    const fault = this.#faultOf(
      candidates.map(([, each]) => each),
      ends.map(([, end]) => end),
    );
    if (fault !== undefined) {
      this.#close({ kind: 'bad_response', message: fault });
      return;
    }
    const [first] = ends;
    const others = ends.filter(([number]) => number !== 0);
    const end = first?.[1] ?? { reason: 'filter' as const, ...(this.#blocked !== undefined && { raw: this.#blocked }) };
    this.phase = 'closed';
    this.#emit({
      type: 'finish',
      ...end,
      ...(others.length > 0 && { others: others.map(([choice, other]) => ({ choice, ...other })) }),
    });
  }

  #faultOf(candidates: readonly Candidate[], ends: readonly CandidateEnd[]): string | undefined {
    if (candidates.some((each) => each.nameless)) return 'The upstream called a tool without naming it.';
    // Clients of this format know these words, and are told them (§9).
    return this.#own ? undefined : ends.map(({ raw }) => FAULTS.get(raw ?? '')).find((fault) => fault !== undefined);
  }

  #close(error: GatewayError): void {
    this.phase = 'closed';
    this.#emit({ type: 'error', error });
  }
}

/** Whether a candidate is one part of plain text that is not the last. */
export function isPlain(candidate: JsonObject): boolean {
  const { content, index: _index, ...more } = candidate;
  const parts = asArray(asObject(content)?.['parts']) ?? [];
  const part = asObject(parts[0]);
  if (part === undefined || parts.length !== 1 || Object.keys(more).length > 0) return false;
  return Object.keys(part).length === 1 && (asString(part['text']) ?? '') !== '';
}
