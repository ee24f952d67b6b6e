import type { Reply, WholeAnswer } from '../codec.ts';
import type { Completion } from '../../model/completion.ts';
import type { FinishReason } from '../../model/event.ts';
import { asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { TokenLogprob } from '../../model/block.ts';
import { writeLogprobs } from './logprobs.ts';
import { FINISH_WORD, hiddenStop, usageWords } from './words.ts';

interface Ending {
  readonly reason: FinishReason;
  readonly raw?: string;
  readonly stopSequence?: string;
}

/** The whole answer as one `text_completion` object: the fold of the stream (LC-01). */
export function encodeWhole(completion: Completion, reply: Reply): WholeAnswer {
  const first: Ending = completion.finish ?? { reason: 'other' };
  const endings = new Map<number, Ending>([[0, first]]);
  for (const other of completion.finish?.others ?? []) endings.set(other.choice, other);
  const numbers = [...endings.keys()].toSorted((left, right) => left - right);
  const stop = hiddenStop(first.reason, first.raw);
  const answer: JsonObject = {
    id: `cmpl-${reply.id}`,
    object: 'text_completion',
    created: reply.created,
    model: reply.model,
    choices: numbers.map((number) => choiceOf(completion, number, endings.get(number) ?? first)),
    ...(completion.usage !== undefined && { usage: usageWords(completion.usage) }),
    ...extras(completion),
    ...(stop !== undefined && { x_gateway: { stop } }),
  };
  return { contentType: 'application/json', body: JSON.stringify(answer) };
}

function choiceOf(completion: Completion, number: number, ending: Ending): Json {
  let text = '';
  const logprobs: TokenLogprob[] = [];
  let refusal = '';
  for (const block of completion.blocks) {
    if ((block.head.choice ?? 0) !== number) continue;
    if (block.head.type === 'refusal') refusal += block.text;
    if (block.head.type !== 'text') continue;
    text += block.text;
    logprobs.push(...block.logprobs);
  }
  return {
    text,
    index: number,
    ...(refusal !== '' && { refusal }),
    logprobs: logprobs.length > 0 ? writeLogprobs(logprobs, 0) : null,
    finish_reason: FINISH_WORD[ending.reason],
    ...(ending.stopSequence !== undefined && { stop_reason: ending.stopSequence }),
  };
}

function extras(completion: Completion): JsonObject {
  let keys: JsonObject = {};
  for (const native of completion.natives)
    if (native.protocol === 'openai-completions') keys = { ...keys, ...asObject(native.value) };
  return keys;
}
