import { readUsage } from './usage.ts';
import { STOP } from './words.ts';
import { isSafeId } from '../../model/ids.ts';
import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { NO_USAGE } from '../../model/usage.ts';
import type { PassingWhole, Reply } from '../codec.ts';
import { plainObject } from '../plain-json.ts';

/**
 * What a whole message, or a count, comes to, if it has all that clients of this format demand; anything else is for the decoder. Costs one
 * plain parse: nothing of it is written anew, so no number can change and no signature is touched (MS-05).
 */
export function passWhole(body: string, reply: Reply): PassingWhole | undefined {
  const answer = plainObject(body);
  if (answer === undefined) return undefined;
  if (reply.request.task === 'count') return countOf(answer);
  const content = asArray(answer['content']);
  const usage = readUsage(asObject(answer['usage']) ?? {});
  const raw = asString(answer['stop_reason']) ?? '';
  const named = ['id', 'model'].every((key) => (asString(answer[key]) ?? '') !== '');
  if (answer['type'] !== 'message' || answer['role'] !== 'assistant' || !named) return undefined;
  if (content === undefined || raw === '' || !content.every(isWhole)) return undefined;
  if (usage === undefined || usage.suspect === true) return undefined;
  const finish = STOP.get(raw) ?? 'other';
  // FM-19: the word passes, and the account says what it means.
  const calls = asObject(content.at(-1))?.['type'] === 'tool_use';
  return { finish: finish === 'stop' && calls ? 'tool-calls' : finish, usage };
}

function countOf(answer: JsonObject): PassingWhole | undefined {
  const input = asNumber(answer['input_tokens']);
  if (input === undefined || !Number.isSafeInteger(input) || input < 0) return undefined;
  return { finish: 'stop', usage: { ...NO_USAGE, input } };
}

/** Whether a block has what every client needs. */
function isWhole(value: Json): boolean {
  const block = asObject(value);
  switch (block?.['type']) {
    case 'text':
      return typeof block['text'] === 'string';
    case 'thinking':
      return typeof block['thinking'] === 'string' && typeof block['signature'] === 'string';
    case 'tool_use':
      return (
        isSafeId(asString(block['id']) ?? '') &&
        asString(block['name']) !== '' &&
        asObject(block['input']) !== undefined
      );
    default:
      return typeof block?.['type'] === 'string';
  }
}
