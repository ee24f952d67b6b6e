import { readUsage } from './usage.ts';
import { FINISH } from './words.ts';
import type { FinishReason } from '../../model/event.ts';
import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import { NO_USAGE } from '../../model/usage.ts';
import type { PassingWhole } from '../codec.ts';
import { plainObject } from '../plain-json.ts';

/**
 * What a whole body comes to, if it is a whole answer in this format: every candidate has its end, and the tokens are counted. Costs one plain
 * parse: nothing of it is written anew, so no number can change.
 */
export function passWhole(body: string): PassingWhole | undefined {
  const answer = plainObject(body);
  if (answer === undefined || (answer['error'] ?? null) !== null) return undefined;
  const usage = readUsage(answer['usageMetadata']);
  if (usage === undefined || usage.suspect === true) return undefined;
  const candidates = (asArray(answer['candidates']) ?? []).map(asObject);
  const ends = candidates.map((each) => asString(each?.['finishReason']) ?? '');
  if (ends.length === 0 || ends.some((word) => word === '' || /^\d/.test(word) || word === 'FINISH_REASON_UNSPECIFIED'))
    return undefined;
  return { finish: finishOf(ends[0] ?? '', candidates[0]), usage };
}

function finishOf(word: string, candidate: JsonObject | undefined): FinishReason {
  const said = FINISH.get(word) ?? 'other';
  const parts = asArray(asObject(candidate?.['content'])?.['parts']) ?? [];
  return said === 'stop' && parts.some((part) => 'functionCall' in (asObject(part) ?? {})) ? 'tool-calls' : said;
}

/** The same question for a count of tokens. */
export function passCount(body: string): PassingWhole | undefined {
  const answer = plainObject(body);
  const total = asNumber(answer?.['totalTokens']);
  if (total === undefined || !Number.isSafeInteger(total) || total < 0) return undefined;
  return { finish: 'stop', usage: { ...NO_USAGE, input: total } };
}
