import { readReasoning } from './decoder-parts.ts';
import { identityOf } from './encoder.ts';
import { usageObject } from './usage.ts';
import { finishWord } from './words.ts';
import { DONE_FRAME, dataFrame } from '../../framing/sse-writer.ts';
import type { Frame } from '../../framing/frame.ts';
import type { Event } from '../../model/event.ts';
import { asArray, asNumber, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Usage } from '../../model/usage.ts';
import type { Identity, Judgement, Passage, Reply } from '../codec.ts';

const OBJECT = 'chat.completion.chunk';

/**
 * Lets chunks pass to a chat client: unknown keys stay, and what breaks the rules of §1 is mended. From the first tool call on the answer is
 * encoded anew, for what upstreams do to the indices, ids and names of calls cannot be mended one chunk at a time (FM-11, FM-12).
 */
export class ChatPassage implements Passage {
  readonly textKey = '"content":"';
  open = true;
  readonly #identity: Identity;
  readonly #withUsage: boolean;
  readonly #reasoning: Reply['options']['chatReasoningField'];
  #judged: JsonObject | undefined;
  /** Keys of a chunk without choices, which may not reach the client by itself (CC-07). */
  #carried: JsonObject | undefined;
  /** Whether the chunk judged last was given something that no other is: such keys, or the role. */
  #singular = false;

  constructor(reply: Reply) {
    this.#identity = identityOf(reply);
    this.#withUsage = asObject(reply.body['stream_options'])?.['include_usage'] === true;
    this.#reasoning = reply.options.chatReasoningField;
  }

  get isPlainText(): boolean {
    const message = this.#judged ?? {};
    const choices = asArray(message['choices']) ?? [];
    const choice = asObject(choices[0]);
    const delta = asObject(choice?.['delta']);
    // Token counts that ride on a chunk are to be read.
    if (this.#singular || (message['usage'] ?? null) !== null) return false;
    if (choices.length !== 1 || delta === undefined || !this.#identity.begun.has(asNumber(choice?.['index']) ?? -1))
      return false;
    const keys = Object.keys(delta);
    return (
      keys.length === 1 &&
      keys[0] === 'content' &&
      typeof delta['content'] === 'string' &&
      (choice?.['finish_reason'] ?? null) === null
    );
  }

  judge(frame: Frame): Judgement {
    const chunk = chunkOf(frame.data);
    this.#judged = chunk;
    if (chunk === undefined) return 'drop';
    const list = asArray(chunk['choices']) ?? [];
    if (list.length === 0) {
      this.#carry(chunk);
      return 'drop';
    }
    // Asked of all before any is noted as shown: the chunk passes as one, or is encoded as one.
    if (list.some((value) => isBeyondMending(asObject(value)))) return 'encode';
    const choices: Json[] = [];
    this.#singular = this.#carried !== undefined;
    let changed = this.#singular;
    for (const value of list) {
      const judged = this.#choice(asObject(value) ?? {});
      if (judged !== value) changed = true;
      if (judged !== undefined) choices.push(judged);
    }
    if (choices.length === 0) return 'drop';
    const usage = chunk['usage'];
    const usageStands = this.#withUsage ? usage === null : usage === undefined;
    const { id, created, model } = this.#identity;
    const same =
      chunk['id'] === id && chunk['created'] === created && chunk['model'] === model && chunk['object'] === OBJECT;
    if (!changed && usageStands && same) return 'pass';
    const { usage: _usage, choices: _choices, ...rest } = chunk;
    const mended = {
      ...this.#carried,
      ...rest,
      id,
      object: OBJECT,
      created,
      model,
      choices,
      ...(this.#withUsage && { usage: null }),
    };
    this.#carried = undefined;
    return { json: JSON.stringify(mended) };
  }

  closing(finish: Extract<Event, { type: 'finish' }>, usage: Usage): string {
    const { id, created, model, begun, ended } = this.#identity;
    const same = { id, object: OBJECT, created, model };
    let text = '';
    for (const { choice: number, reason } of [{ ...finish, choice: 0 }, ...(finish.others ?? [])]) {
      if (ended.has(number)) continue;
      const word = finishWord(reason, false, false);
      const delta = begun.has(number) ? {} : { role: 'assistant', content: '' };
      text += chunkFrame({
        ...same,
        choices: [{ index: number, delta, finish_reason: word }],
        ...(this.#withUsage && { usage: null }),
      });
    }
    if (this.#withUsage) text += chunkFrame({ ...same, choices: [], usage: usageObject(usage) });
    return text + DONE_FRAME;
  }

  /** The choice as it may pass, `undefined` for one with nothing to say. */
  #choice(choice: JsonObject): JsonObject | undefined {
    const number = asNumber(choice['index']) ?? 0;
    const reason = choice['finish_reason'] === '' ? undefined : asString(choice['finish_reason']);
    if (this.#identity.ended.has(number)) return undefined;
    const delta = this.#delta(asObject(choice['delta']) ?? {}, number);
    const silent = Object.values(delta).every((value) => value === null);
    if (reason === undefined && silent && (choice['logprobs'] ?? null) === null) return undefined;
    // CC-13: the upstream's word stands.
    const word = reason ?? null;
    if (reason !== undefined) {
      this.#identity.ended.add(number);
      this.open = false;
    }
    if (delta === choice['delta'] && word === choice['finish_reason'] && !('message' in choice)) return choice;
    const { message: _message, ...rest } = choice;
    return { ...rest, delta, finish_reason: word };
  }

  #delta(delta: JsonObject, number: number): JsonObject {
    const { content } = delta;
    const { begun } = this.#identity;
    let mended = delta;
    if (!begun.has(number)) {
      if (delta['role'] !== 'assistant') {
        mended = { role: 'assistant', content: '', ...without(mended, 'role') };
        this.#singular = true;
      }
      begun.add(number);
    } else {
      if ('role' in mended) mended = without(mended, 'role');
      // An empty delta says nothing and is not sent (CC-03); beside a call `null` is how its chunk is written.
      if (content === '' || (content === null && Object.keys(mended).length === 1)) mended = without(mended, 'content');
    }
    return this.#reasoned(mended);
  }

  #reasoned(delta: JsonObject): JsonObject {
    for (const part of readReasoning(delta)?.sealed ?? []) this.#identity.sealed.add(JSON.stringify(part));
    const text = asString(delta['reasoning_content']) ?? asString(delta['reasoning']);
    if (text === undefined) return delta;
    const { reasoning_content: own, reasoning: other, ...rest } = delta;
    if (this.#reasoning === 'off' || text === '') return rest;
    const names = this.#reasoning === 'both' ? ['reasoning_content', 'reasoning'] : [this.#reasoning];
    const stands =
      names.every((name) => delta[name] === text) &&
      names.length === Number(own !== undefined) + Number(other !== undefined);
    return stands ? delta : { ...rest, ...Object.fromEntries(names.map((name) => [name, text])) };
  }

  #carry(chunk: JsonObject): void {
    const {
      id: _id,
      object: _object,
      created: _created,
      model: _model,
      choices: _choices,
      usage: _usage,
      ...rest
    } = chunk;
    if (Object.keys(rest).length > 0) this.#carried = { ...this.#carried, ...rest };
  }
}

/** Whether a choice can only be encoded anew: it calls a tool, or is not in the form of a chunk. */
function isBeyondMending(choice: JsonObject | undefined): boolean {
  if (choice === undefined || asNumber(choice['index']) === undefined || 'text' in choice) return true;
  const delta = asObject(choice['delta']) ?? {};
  const calls = (asArray(delta['tool_calls']) ?? []).length > 0 || (delta['function_call'] ?? null) !== null;
  return calls || Array.isArray(delta['content']) || Object.values(delta).some(isCut);
}

/** Whether a text begins or ends with half a character (CC-03). */
function isCut(value: Json): boolean {
  return typeof value === 'string' && !value.isWellFormed();
}

function without(object: JsonObject, key: string): JsonObject {
  const { [key]: _gone, ...rest } = object;
  return rest;
}

function chunkOf(data: string): JsonObject | undefined {
  if (data.startsWith('[DONE]')) return undefined;
  try {
    return asObject(parseJson(data));
  } catch {
    return undefined;
  }
}

function chunkFrame(chunk: JsonObject): string {
  return dataFrame(JSON.stringify(chunk));
}
