import { Peek } from '../../support/peek.ts';
import { is } from './heard.ts';
import { CALLS, SAID, TEXT } from './tell.ts';
import { counts, joined, nowhere, outputOf, ownId } from './told.ts';
import type { Reading } from './told.ts';

const choice = (answer: Peek, index = 0): Peek =>
  answer.at('choices').list.find((each) => each.at('index').value === index) ?? new Peek(undefined);
const message = (answer: Peek): Peek => choice(answer).at('message');

function calls(answer: Peek): unknown {
  return message(answer)
    .at('tool_calls')
    .list.map((call) => ({
      id: ownId(call.at('id').text),
      name: call.at('function', 'name').text,
      args: call.at('function', 'arguments').text,
    }));
}

function foldChoice(chunks: readonly Peek[], index: number): unknown {
  const pieces = chunks.flatMap((chunk) => chunk.at('choices').list.filter((each) => each.at('index').value === index));
  const deltas = pieces.map((piece) => piece.at('delta'));
  const entries = deltas.flatMap((delta) => delta.at('tool_calls').list);
  const numbers = [...new Set(entries.map((entry) => entry.at('index').number ?? 0))];
  const folded = numbers.map((number) => {
    const mine = entries.filter((entry) => entry.at('index').number === number);
    const fns = mine.map((entry) => entry.at('function'));
    return {
      id: joined(mine, 'id'),
      function: { name: joined(fns, 'name'), arguments: joined(fns, 'arguments') },
      extra_content: mine.find((entry) => entry.has('extra_content'))?.at('extra_content').value,
    };
  });
  const audio = deltas.map((delta) => delta.at('audio'));
  const end = pieces.find((piece) => piece.at('finish_reason').given);
  return {
    index,
    message: {
      content: joined(deltas, 'content'),
      refusal: joined(deltas, 'refusal'),
      reasoning_content: joined(deltas, 'reasoning_content'),
      reasoning_details: deltas.flatMap((delta) => delta.at('reasoning_details').list.map(({ value }) => value)),
      annotations: deltas.flatMap((delta) => delta.at('annotations').list.map(({ value }) => value)),
      audio: { data: joined(audio, 'data'), transcript: joined(audio, 'transcript') },
      tool_calls: folded,
    },
    logprobs: {
      content: pieces.flatMap((piece) => piece.at('logprobs', 'content').list.map(({ value }) => value)),
    },
    finish_reason: end?.at('finish_reason').value,
    stop_reason: end?.at('stop_reason').value,
  };
}

/** What a chat client reads. */
export const CHAT_READING: Reading = {
  fold: (chunks) => ({
    choices: [0, 1].map((index) => foldChoice(chunks, index)),
    usage: chunks.map((chunk) => chunk.at('usage')).findLast(({ given }) => given)?.value,
    x_gateway: chunks.find((chunk) => chunk.at('x_gateway').given)?.at('x_gateway').value,
  }),
  finds: {
    text: (answer) => is(message(answer).at('content'), TEXT),
    refusal: (answer) => is(message(answer).at('refusal'), SAID.refusal.join('')),
    'tool-calls': (answer) => is(new Peek(calls(answer)), CALLS.slice(0, 1)),
    'parallel-tool-calls': (answer) => is(new Peek(calls(answer)), CALLS),
    'empty-arguments': (answer) => is(message(answer).at('tool_calls', 0, 'function', 'arguments'), '{}'),
    'reasoning-text': (answer) =>
      is(message(answer).at('reasoning_content'), SAID.thoughts.join('')) && is(message(answer).at('content'), TEXT),
    seals: nowhere('reasoning_details'),
    citations: (answer) => {
      const cited = message(answer).at('annotations', 0, 'url_citation');
      return is(cited.at('url'), SAID.url) && is(cited.at('title'), SAID.title);
    },
    usage: (answer) => counts(answer.at('usage', 'prompt_tokens').number, outputOf(answer.at('usage'))),
    'cache-tokens': (answer) => is(answer.at('usage', 'prompt_tokens_details', 'cached_tokens'), SAID.usage.cacheRead),
    'reasoning-tokens': (answer) =>
      is(answer.at('usage', 'completion_tokens_details', 'reasoning_tokens'), SAID.usage.reasoning),
    'stop-echo': (answer) =>
      is(choice(answer).at('finish_reason'), 'stop') && is(choice(answer).at('stop_reason'), SAID.stop),
    'token-logprobs': (answer) =>
      choice(answer)
        .at('logprobs', 'content')
        .list.every((each, index) => {
          const said = SAID.logprobs[index];
          return is(each.at('token'), said?.token) && is(each.at('logprob'), said?.logprob);
        }) && choice(answer).at('logprobs', 'content').list.length === SAID.logprobs.length,
    'several-choices': (answer) =>
      SAID.others.every((text, index) => is(choice(answer, index).at('message', 'content'), text)),
    'finish-unknown': (answer) =>
      is(message(answer).at('content'), TEXT) &&
      (is(choice(answer).at('finish_reason'), SAID.unknown) ||
        answer.at('x_gateway', 'stop').text.endsWith(SAID.unknown)),
    'server-tool-items': nowhere('srvtoolu', 'ws_1', 'executableCode', 'nova_code'),
    'audio-output': (answer) => is(message(answer).at('audio', 'data'), SAID.sound),
    'image-output': nowhere(SAID.picture),
  },
};
