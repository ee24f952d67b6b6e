import { Peek } from '../../support/peek.ts';
import { is } from './heard.ts';
import { CALLS, SAID, TEXT } from './tell.ts';
import { counts, joined, nowhere, ownId } from './told.ts';
import type { Reading } from './told.ts';

const candidate = (answer: Peek, index = 0): Peek =>
  answer.at('candidates').list.find((each) => (each.at('index').number ?? 0) === index) ?? new Peek(undefined);
const parts = (answer: Peek, index = 0): readonly Peek[] => candidate(answer, index).at('content', 'parts').list;
const isThought = (part: Peek): boolean => part.at('thought').value === true;
const textOf = (answer: Peek, index = 0): string =>
  joined(
    parts(answer, index).filter((part) => !isThought(part)),
    'text',
  );
const calls = (answer: Peek): readonly Peek[] =>
  parts(answer).flatMap((part) => (part.at('functionCall').given ? [part.at('functionCall')] : []));
// Ids are optional here, and an upstream's own may come with a mark.
const called = (answer: Peek): Peek =>
  new Peek(
    calls(answer).map((call) => ({
      id: ownId(call.at('id').text),
      name: call.at('name').text,
      args: JSON.stringify(call.at('args').value),
    })),
  );

function foldCandidate(messages: readonly Peek[], index: number): unknown {
  const mine = messages.flatMap((message) =>
    message.at('candidates').list.filter((each) => (each.at('index').number ?? 0) === index),
  );
  const last = (key: string): unknown => mine.map((each) => each.at(key)).findLast(({ given }) => given)?.value;
  return {
    index,
    content: { parts: mine.flatMap((each) => each.at('content', 'parts').list.map(({ value }) => value)) },
    finishReason: last('finishReason'),
    groundingMetadata: last('groundingMetadata'),
    logprobsResult: {
      chosenCandidates: mine.flatMap((each) =>
        each.at('logprobsResult', 'chosenCandidates').list.map(({ value }) => value),
      ),
    },
  };
}

/** What a client of Gemini reads. */
export const GEMINI_READING: Reading = {
  fold: (messages) => ({
    candidates: [0, 1].map((index) => foldCandidate(messages, index)),
    usageMetadata: messages.map((message) => message.at('usageMetadata')).findLast(({ given }) => given)?.value,
  }),
  finds: {
    text: (answer) => textOf(answer) === TEXT,
    refusal: (answer) => textOf(answer) === SAID.refusal.join(''),
    'tool-calls': (answer) => is(called(answer), CALLS.slice(0, 1)),
    'parallel-tool-calls': (answer) => is(called(answer), CALLS),
    'empty-arguments': (answer) =>
      calls(answer).length === 1 && Object.keys(calls(answer)[0]?.at('args').value ?? {}).length === 0,
    'reasoning-text': (answer) =>
      joined(parts(answer).filter(isThought), 'text') === SAID.thoughts.join('') && textOf(answer) === TEXT,
    seals: nowhere('thoughtSignature'),
    citations: (answer) => {
      const web = candidate(answer).at('groundingMetadata', 'groundingChunks', 0, 'web');
      return is(web.at('uri'), SAID.url) && is(web.at('title'), SAID.title);
    },
    usage: (answer) => {
      const usage = answer.at('usageMetadata');
      const output = (usage.at('candidatesTokenCount').number ?? 0) + (usage.at('thoughtsTokenCount').number ?? 0);
      return counts(usage.at('promptTokenCount').number, output);
    },
    'cache-tokens': (answer) => is(answer.at('usageMetadata', 'cachedContentTokenCount'), SAID.usage.cacheRead),
    'reasoning-tokens': (answer) => is(answer.at('usageMetadata', 'thoughtsTokenCount'), SAID.usage.reasoning),
    'stop-echo': (answer) => is(candidate(answer).at('finishReason'), 'STOP'),
    'token-logprobs': (answer) => {
      const chosen = candidate(answer).at('logprobsResult', 'chosenCandidates').list;
      return (
        chosen.length === SAID.logprobs.length &&
        SAID.logprobs.every(
          ({ token, logprob }, at) =>
            is(chosen[at]?.at('token') ?? answer, token) && is(chosen[at]?.at('logProbability') ?? answer, logprob),
        )
      );
    },
    'several-choices': (answer) => SAID.others.every((text, index) => textOf(answer, index) === text),
    'finish-unknown': (answer) =>
      textOf(answer) === TEXT && ['OTHER', SAID.unknown].includes(candidate(answer).at('finishReason').text),
    'server-tool-items': nowhere('srvtoolu', 'ws_1', 'executableCode', 'nova_code'),
    'audio-output': (answer) => parts(answer).some((part) => is(part.at('inlineData', 'data'), SAID.sound)),
    'image-output': (answer) => parts(answer).some((part) => is(part.at('inlineData', 'data'), SAID.picture)),
  },
};
