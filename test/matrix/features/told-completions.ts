import { Peek } from '../../support/peek.ts';
import { is } from './heard.ts';
import { CALLS, SAID, TEXT } from './tell.ts';
import { counts, joined, nowhere, outputOf } from './told.ts';
import type { Reading } from './told.ts';

const choice = (answer: Peek, index = 0): Peek =>
  answer.at('choices').list.find((each) => each.at('index').value === index) ?? new Peek(undefined);

function foldChoice(chunks: readonly Peek[], index: number): unknown {
  const pieces = chunks.flatMap((chunk) => chunk.at('choices').list.filter((each) => each.at('index').value === index));
  const listed = (key: string): unknown[] =>
    pieces.flatMap((piece) => piece.at('logprobs', key).list.map(({ value }) => value));
  const end = pieces.find((piece) => piece.at('finish_reason').given);
  return {
    index,
    text: joined(pieces, 'text'),
    refusal: joined(pieces, 'refusal'),
    logprobs: { tokens: listed('tokens'), token_logprobs: listed('token_logprobs') },
    finish_reason: end?.at('finish_reason').value,
    stop_reason: end?.at('stop_reason').value,
  };
}

const called = nowhere(CALLS[0]?.name ?? '');

/** What a client of the older completions reads. */
export const COMPLETIONS_READING: Reading = {
  fold: (chunks) => ({
    choices: [0, 1].map((index) => foldChoice(chunks, index)),
    usage: chunks.map((chunk) => chunk.at('usage')).findLast(({ given }) => given)?.value,
    x_gateway: chunks.find((chunk) => chunk.at('x_gateway').given)?.at('x_gateway').value,
  }),
  finds: {
    text: (answer) => is(choice(answer).at('text'), TEXT),
    refusal: (answer) => is(choice(answer).at('refusal'), SAID.refusal.join('')),
    'tool-calls': called,
    'parallel-tool-calls': called,
    'empty-arguments': called,
    'reasoning-text': nowhere(SAID.thoughts[1]),
    seals: nowhere('c2lnbmF0dXJl'),
    citations: nowhere(SAID.url),
    usage: (answer) => counts(answer.at('usage', 'prompt_tokens').number, outputOf(answer.at('usage'))),
    'cache-tokens': (answer) => is(answer.at('usage', 'prompt_tokens_details', 'cached_tokens'), SAID.usage.cacheRead),
    'reasoning-tokens': (answer) =>
      is(answer.at('usage', 'completion_tokens_details', 'reasoning_tokens'), SAID.usage.reasoning),
    'stop-echo': (answer) => is(choice(answer).at('stop_reason'), SAID.stop),
    'token-logprobs': (answer) =>
      is(
        choice(answer).at('logprobs', 'tokens'),
        SAID.logprobs.map(({ token }) => token),
      ) &&
      is(
        choice(answer).at('logprobs', 'token_logprobs'),
        SAID.logprobs.map(({ logprob }) => logprob),
      ),
    'several-choices': (answer) => SAID.others.every((text, index) => is(choice(answer, index).at('text'), text)),
    'finish-unknown': (answer) =>
      is(choice(answer).at('text'), TEXT) &&
      (is(choice(answer).at('finish_reason'), SAID.unknown) ||
        answer.at('x_gateway', 'stop').text.endsWith(SAID.unknown)),
    'server-tool-items': nowhere('srvtoolu', 'ws_1', 'executableCode', 'nova_code'),
    'audio-output': nowhere(SAID.sound),
    'image-output': nowhere(SAID.picture),
  },
};
