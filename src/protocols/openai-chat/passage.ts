import { identityOf, isLegacy } from './encoder.ts';
import { usageObject } from './usage.ts';
import { finishWord } from './words.ts';
import { DONE_FRAME, dataFrame } from '../../framing/sse-writer.ts';
import type { Frame } from '../../framing/frame.ts';
import type { Completion } from '../../model/completion.ts';
import type { Event } from '../../model/event.ts';
import { isSafeId } from '../../model/ids.ts';
import { asArray, asNumber, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Usage } from '../../model/usage.ts';
import type { Identity, Judgement, Passage, Reply, Target } from '../codec.ts';

interface PassingChoice {
  begun: boolean;
  finished: boolean;
  calls: number;
  /** Calls that have no arguments yet. */
  readonly bare: Set<number>;
}

const OBJECT = 'chat.completion.chunk';

/** Lets chunks pass to a chat client: unknown keys stay, what breaks the rules of §1 is mended, and calls that cannot be mended are encoded anew. */
export class ChatPassage implements Passage {
  readonly textKey = '"content":"';
  open = true;
  readonly #identity: Identity;
  readonly #withUsage: boolean;
  readonly #reasoning: Reply['options']['chatReasoningField'];
  readonly #stopStands: boolean;
  readonly #choices = new Map<number, PassingChoice>();
  /** Keys of a chunk without choices, which may not reach the client by itself (CC-07). */
  #carried: JsonObject | undefined;

  constructor(reply: Reply, target: Target) {
    this.#identity = identityOf(reply);
    this.#withUsage = asObject(reply.body['stream_options'])?.['include_usage'] === true;
    this.#reasoning = reply.options.chatReasoningField;
    const choice = reply.request.task === 'generation' ? reply.request.toolChoice : undefined;
    this.#stopStands = choice?.type === 'tool' && target.capabilities.namedChoiceStops;
  }

  isPlainText(message: JsonObject): boolean {
    const choices = asArray(message['choices']) ?? [];
    const choice = asObject(choices[0]);
    const delta = asObject(choice?.['delta']);
    if (choices.length !== 1 || delta === undefined || !this.#choices.get(asNumber(choice?.['index']) ?? -1)?.begun)
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
    if (chunk === undefined) return 'drop';
    const list = asArray(chunk['choices']) ?? [];
    if (list.length === 0) {
      this.#carry(chunk);
      return 'drop';
    }
    const choices: Json[] = [];
    let changed = this.#carried !== undefined;
    for (const value of list) {
      const judged = this.#choice(asObject(value));
      if (judged === 'encode') return 'encode';
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
    const same = { ...this.#identity, object: OBJECT };
    let text = '';
    for (const { choice: number, reason } of [{ ...finish, choice: 0 }, ...(finish.others ?? [])]) {
      const choice = this.#choices.get(number);
      if (choice?.finished === true) continue;
      const word = finishWord(reason, (choice?.calls ?? 0) > 0, false);
      const delta = choice?.begun === true ? {} : { role: 'assistant', content: '' };
      text += chunkFrame({
        ...same,
        choices: [{ index: number, delta, finish_reason: word }],
        ...(this.#withUsage && { usage: null }),
      });
    }
    if (this.#withUsage) text += chunkFrame({ ...same, choices: [], usage: usageObject(usage) });
    return text + DONE_FRAME;
  }

  /** The choice as it may pass, `undefined` for one with nothing to say, `encode` for one that cannot be mended in place. */
  #choice(choice: JsonObject | undefined): JsonObject | 'encode' | undefined {
    const number = asNumber(choice?.['index']);
    if (choice === undefined || number === undefined || 'text' in choice) return 'encode';
    const state = this.#stateOf(number);
    const reason = choice['finish_reason'] === '' ? undefined : asString(choice['finish_reason']);
    if (state.finished) return undefined;
    const delta = this.#delta(asObject(choice['delta']) ?? {}, state);
    if (delta === 'encode') return 'encode';
    if (reason === undefined && Object.keys(delta).length === 0 && (choice['logprobs'] ?? null) === null)
      return undefined;
    // A call without arguments ends with `{}` (CC-16), which only the encoder can still add.
    if (reason !== undefined && state.bare.size > 0) return 'encode';
    const word = reason === undefined ? null : this.#word(reason, state);
    if (reason !== undefined) {
      state.finished = true;
      this.open = false;
    }
    if (delta === choice['delta'] && word === choice['finish_reason'] && !('message' in choice)) return choice;
    const { message: _message, ...rest } = choice;
    return { ...rest, delta, finish_reason: word };
  }

  #delta(delta: JsonObject, state: PassingChoice): JsonObject | 'encode' {
    const { content } = delta;
    if ('function_call' in delta || Array.isArray(content) || (typeof content === 'string' && !content.isWellFormed()))
      return 'encode';
    const calls = asArray(delta['tool_calls']);
    if (calls !== undefined && (Boolean(content) || !passingCalls(calls, state))) return 'encode';
    let mended = delta;
    if (!state.begun) {
      if (delta['role'] !== 'assistant') mended = { role: 'assistant', content: '', ...mended };
      state.begun = true;
    } else {
      if ('role' in mended) mended = without(mended, 'role');
      // An empty delta says nothing and is not sent (CC-03); beside a call `null` is how its chunk is written.
      if (content === '' || (content === null && Object.keys(mended).length === 1)) mended = without(mended, 'content');
    }
    return this.#reasoned(mended);
  }

  #reasoned(delta: JsonObject): JsonObject {
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

  // CC-13: the upstream's word stands, but a `stop` after calls would keep clients from running them.
  #word(reason: string, state: PassingChoice): string {
    return reason === 'stop' && state.calls > 0 && !this.#stopStands ? 'tool_calls' : reason;
  }

  #stateOf(number: number): PassingChoice {
    let state = this.#choices.get(number);
    if (state === undefined) {
      state = { begun: false, finished: false, calls: 0, bare: new Set() };
      this.#choices.set(number, state);
    }
    return state;
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

/** Whether calls keep the rules (CC-15): dense indices, and id, type and name on the opener only. Counts the openers. */
function passingCalls(calls: readonly Json[], state: PassingChoice): boolean {
  return calls.every((value) => {
    const call = asObject(value);
    const fn = asObject(call?.['function']);
    const index = asNumber(call?.['index']);
    if (call === undefined || fn === undefined || index === undefined || typeof fn['arguments'] !== 'string')
      return false;
    const id = asString(call['id']);
    if (index === state.calls) {
      if (id === undefined || !isSafeId(id) || call['type'] !== 'function' || (asString(fn['name']) ?? '') === '')
        return false;
      if (fn['arguments'] === '') state.bare.add(index);
      state.calls++;
      return true;
    }
    if (fn['arguments'] !== '') state.bare.delete(index);
    return index < state.calls && id === undefined && fn['name'] === undefined && fn['arguments'] !== '';
  });
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

/** Whether a whole chat body says what this gateway would say: its words for the ends, its ids, usage, and reasoning where clients look for it. */
export function passesWhole(completion: Completion, body: string, reply: Reply): boolean {
  const { finish, blocks, usage } = completion;
  if (finish === undefined || usage?.raw === undefined || usage.suspect === true || isLegacy(reply.body)) return false;
  const ends = [{ ...finish, choice: 0 }, ...(finish.others ?? [])];
  const calledIn = new Set(blocks.filter(({ head }) => head.type === 'tool-call').map(({ head }) => head.choice ?? 0));
  if (!ends.every(({ choice, reason, raw }) => raw === undefined || raw === finishWord(reason, calledIn.has(choice), false))) return false;
  return blocks.every(({ head, text }) => {
    if (head.type === 'tool-call') return text !== '{}' && body.includes(`"${head.id}"`);
    return head.type !== 'reasoning' || (reply.options.chatReasoningField === 'reasoning_content' && body.includes('"reasoning_content"'));
  });
}
