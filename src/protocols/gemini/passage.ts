import { isPlain } from './decoder.ts';
import { wantsList } from './encoder.ts';
import { hasCounts, usageMetadata } from './usage.ts';
import type { Frame } from '../../framing/frame.ts';
import { dataFrame } from '../../framing/sse-writer.ts';
import type { Event } from '../../model/event.ts';
import { asArray, asNumber, asObject, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Usage } from '../../model/usage.ts';
import type { Judgement, Passage, Reply } from '../codec.ts';

/**
 * Lets messages pass to a client of this format as they came: its own words for ends, blocked prompts and parts are what it reads best. Mended are
 * an identity that is missing or changes (GM-03), and an end before any count, which waits for the last message and the count (GM-05); a marker
 * that the format has not is dropped (GM-07). From a call in pieces on that nobody asked for, the answer is encoded anew (GM-04).
 */
export class GeminiPassage implements Passage {
  open = true;
  textKey = '"text":"';
  readonly #id: string;
  readonly #model: string;
  readonly #list: boolean;
  readonly #takesPieces: boolean;
  /** Ends that wait, by the number of their candidate. */
  readonly #held = new Map<number, JsonObject>();
  #counted = false;
  #judged: JsonObject | undefined;

  constructor(reply: Reply) {
    const { identity } = reply;
    this.#id = identity === undefined || identity.id === '' ? reply.id : identity.id;
    this.#model = identity?.model ?? reply.model;
    this.#list = wantsList(reply);
    this.#takesPieces = asksForPieces(reply.body);
  }

  get isPlainText(): boolean {
    const [candidate, ...others] = asArray(this.#judged?.['candidates']) ?? [];
    const only = asObject(candidate);
    const usage = asObject(this.#judged?.['usageMetadata']);
    return only !== undefined && others.length === 0 && isPlain(only) && !(usage !== undefined && hasCounts(usage));
  }

  judge(frame: Frame): Judgement {
    if (this.#list) return 'encode';
    const message = messageIn(frame.data);
    this.#judged = message;
    if (message === undefined) return 'drop';
    const candidates = (asArray(message['candidates']) ?? []).map((each) => asObject(each) ?? {});
    if (!this.#takesPieces && candidates.some(callsInPieces)) return 'encode';
    this.textKey = frame.data.includes('"text": "') ? '"text": "' : '"text":"';
    const usage = asObject(message['usageMetadata']);
    if (usage !== undefined && hasCounts(usage)) this.#counted = true;
    const ends = candidates.some((each) => 'finishReason' in each);
    if (ends) this.open = false;
    const kept = ends && !this.#counted ? this.#withoutEnds(candidates) : candidates;
    if (kept.length < candidates.length && kept.length === 0) return 'drop';
    const same = message['responseId'] === this.#id && message['modelVersion'] === this.#model;
    if (same && kept === candidates) return 'pass';
    const mended = { ...message, ...(kept !== candidates && { candidates: kept }) };
    return { json: JSON.stringify({ ...mended, ...this.#identity() }) };
  }

  closing(_finish: Extract<Event, { type: 'finish' }>, usage: Usage): string {
    if (this.#held.size === 0) return '';
    const candidates = [...this.#held].map(([index, end]): Json => {
      return { content: { parts: [{ text: '' }], role: 'model' }, ...end, index };
    });
    return dataFrame(JSON.stringify({ candidates, usageMetadata: usageMetadata(usage), ...this.#identity() }));
  }

  #identity(): JsonObject {
    return { modelVersion: this.#model, responseId: this.#id };
  }

  /** The candidates without their ends, and without those that were nothing else. */
  #withoutEnds(candidates: readonly JsonObject[]): readonly JsonObject[] {
    return candidates.flatMap((candidate, position) => {
      const { finishReason, ...rest } = candidate;
      if (finishReason === undefined) return [candidate];
      const { content, ...beside } = rest;
      const says = (asArray(asObject(content)?.['parts']) ?? []).length > 0;
      const index = asNumber(candidate['index']) ?? position;
      this.#held.set(index, { ...this.#held.get(index), ...(!says && beside), finishReason });
      return says ? [rest] : [];
    });
  }
}

/** Whether the client asked for the arguments of calls in pieces. */
function asksForPieces(body: JsonObject): boolean {
  const tools = asObject(body['toolConfig'] ?? body['tool_config']);
  const calling = asObject(tools?.['functionCallingConfig'] ?? tools?.['function_calling_config']);
  return (calling?.['streamFunctionCallArguments'] ?? calling?.['stream_function_call_arguments']) === true;
}

function callsInPieces(candidate: JsonObject): boolean {
  return (asArray(asObject(candidate['content'])?.['parts']) ?? []).some((part) => {
    const call = asObject(asObject(part)?.['functionCall']);
    return call !== undefined && ('willContinue' in call || 'partialArgs' in call);
  });
}

function messageIn(data: string): JsonObject | undefined {
  try {
    return asObject(parseJson(data));
  } catch {
    return undefined;
  }
}
