import { Peek } from '../../support/peek.ts';
import { is } from './heard.ts';
import { CALLS, SAID, TEXT } from './tell.ts';
import { counts, joined, nowhere, ownId } from './told.ts';
import type { Reading } from './told.ts';

const items = (answer: Peek, type: string): readonly Peek[] =>
  answer.at('output').list.filter((item) => item.at('type').value === type);
const contents = (answer: Peek): readonly Peek[] => items(answer, 'message').flatMap((item) => item.at('content').list);
const textOf = (answer: Peek): string => joined(contents(answer), 'text');
const calls = (answer: Peek): Peek =>
  new Peek(
    items(answer, 'function_call').map((item) => ({
      id: ownId(item.at('call_id').text),
      name: item.at('name').text,
      args: item.at('arguments').text,
    })),
  );

/** What a client of the Responses format reads. */
export const RESPONSES_READING: Reading = {
  fold: (events) => events.at(-1)?.at('response').value,
  finds: {
    text: (answer) => textOf(answer) === TEXT,
    refusal: (answer) => joined(contents(answer), 'refusal') === SAID.refusal.join(''),
    'tool-calls': (answer) => is(calls(answer), CALLS.slice(0, 1)),
    'parallel-tool-calls': (answer) => is(calls(answer), CALLS),
    'empty-arguments': (answer) => is(calls(answer).at(0, 'args'), '{}'),
    'reasoning-text': (answer) => {
      const thoughts = items(answer, 'reasoning').flatMap((item) => [
        ...item.at('summary').list,
        ...item.at('content').list,
      ]);
      return joined(thoughts, 'text') === SAID.thoughts.join('') && textOf(answer) === TEXT;
    },
    seals: nowhere('encrypted_content'),
    citations: (answer) => {
      const cited = contents(answer)[0]?.at('annotations', 0);
      return cited !== undefined && is(cited.at('url'), SAID.url) && is(cited.at('title'), SAID.title);
    },
    usage: (answer) => counts(answer.at('usage', 'input_tokens').number, answer.at('usage', 'output_tokens').number),
    'cache-tokens': (answer) => is(answer.at('usage', 'input_tokens_details', 'cached_tokens'), SAID.usage.cacheRead),
    'reasoning-tokens': (answer) =>
      is(answer.at('usage', 'output_tokens_details', 'reasoning_tokens'), SAID.usage.reasoning),
    'stop-echo': nowhere(SAID.stop),
    'token-logprobs': (answer) => {
      const tokens = contents(answer)[0]?.at('logprobs').list ?? [];
      return (
        tokens.length === SAID.logprobs.length &&
        SAID.logprobs.every(
          ({ token, logprob }, at) =>
            is(tokens[at]?.at('token') ?? answer, token) && is(tokens[at]?.at('logprob') ?? answer, logprob),
        )
      );
    },
    'several-choices': (answer) => SAID.others.every((text) => nowhere(text)(answer)),
    'finish-unknown': (answer) =>
      textOf(answer) === TEXT && ['completed', 'incomplete'].includes(answer.at('status').text),
    'server-tool-items': (answer) => items(answer, 'web_search_call').length > 0,
    'audio-output': nowhere(SAID.sound),
    'image-output': nowhere(SAID.picture),
  },
};
