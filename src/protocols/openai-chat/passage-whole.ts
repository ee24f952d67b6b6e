import { isLegacy } from './encoder.ts';
import { finishWord, FINISH } from './words.ts';
import type { FinishReason } from '../../model/event.ts';
import { isSafeId } from '../../model/ids.ts';
import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { PassingWhole, Reply } from '../codec.ts';
import { readTokenUsage } from '../openai-tokens.ts';
import { plainObject } from '../plain-json.ts';

/**
 * What a whole chat body comes to, if it says just what this gateway would say: its words for the ends, its ids, usage, and reasoning where
 * clients look for it. Anything else is for the decoder. Costs one plain parse: nothing of it is written anew, so no number can change.
 */
export function passWhole(body: string, reply: Reply): PassingWhole | undefined {
  const answer = plainObject(body);
  if (answer === undefined || answer['object'] !== 'chat.completion' || isLegacy(reply.body)) return undefined;
  const usage = readTokenUsage(answer['usage']);
  if (usage === undefined || usage.suspect === true || (answer['error'] ?? null) !== null) return undefined;
  const choices = asArray(answer['choices']) ?? [];
  let first: FinishReason | undefined;
  for (const value of choices) {
    const finish = finishOf(asObject(value), reply);
    if (finish === undefined) return undefined;
    first ??= finish;
  }
  return first === undefined ? undefined : { finish: first, usage };
}

function finishOf(choice: JsonObject | undefined, reply: Reply): FinishReason | undefined {
  const message = asObject(choice?.['message']);
  const raw = asString(choice?.['finish_reason']) ?? '';
  const finish = FINISH.get(raw);
  if (message === undefined || finish === undefined || asNumber(choice?.['index']) === undefined) return undefined;
  const calls = asArray(message['tool_calls']) ?? [];
  if (finishWord(finish, calls.length > 0, false) !== raw || (finish === 'stop' && calls.length > 0)) return undefined;
  const content = message['content'];
  const says = message['role'] === 'assistant' && (content === null || typeof content === 'string');
  return says && calls.every(isOurs) && thinksOpenly(message, reply) && !('function_call' in message)
    ? finish
    : undefined;
}

/** Whether a call has what every client needs: an id it accepts, a name, and arguments. */
function isOurs(value: Json): boolean {
  const call = asObject(value);
  const fn = asObject(call?.['function']);
  const named = (asString(fn?.['name']) ?? '') !== '' && (asString(fn?.['arguments']) ?? '') !== '';
  return call?.['type'] === 'function' && named && isSafeId(asString(call['id']) ?? '');
}

/** Whether reasoning, if there is any, stands where the client is to find it (CC-20). */
function thinksOpenly(message: JsonObject, reply: Reply): boolean {
  const { reasoning_content: own, reasoning: other } = message;
  if ((own ?? null) === null && (other ?? null) === null) return true;
  return reply.options.chatReasoningField === 'reasoning_content' && typeof own === 'string';
}
