import { isDeepStrictEqual } from 'node:util';
import type { Peek } from '../../support/peek.ts';
import type { Asked } from './ask.ts';
import { MARK, SCHEMA, TOOLS } from './values.ts';

/** Whether what was asked reached an upstream, in the words of its protocol; `false` also where the protocol has none. */
export type Heard = Readonly<Record<Asked, (body: Peek) => boolean>>;

/** Whether a value is just this. */
export function is(peek: Peek, value: unknown): boolean {
  return isDeepStrictEqual(peek.value, value);
}

/** Whether the text stands anywhere: for protocols without words for something, into which none may leak. */
export function anywhere(...texts: readonly (string | number)[]): (body: Peek) => boolean {
  return (body) => texts.some((text) => JSON.stringify(body.value).includes(String(text)));
}

/** What an upstream that only completes text hears: nothing of most, for such requests are refused. */
export const COMPLETIONS_HEARD: Heard = {
  'system-prompt': (body) => body.at('prompt').text.startsWith(`System: ${MARK.system}\n\nUser: `),
  'text-parts': (body) => is(body.at('prompt'), MARK.parts.join('')),
  'image-input': anywhere(MARK.image),
  'document-input': anywhere(MARK.document),
  'audio-input': anywhere(MARK.audio),
  tools: anywhere(TOOLS[0].name),
  'tool-choice-required': anywhere(TOOLS[0].name),
  'tool-choice-named': anywhere(TOOLS[0].name),
  'tool-choice-allowed': anywhere(TOOLS[0].name),
  'parallel-switch': anywhere('parallel'),
  'tool-results': anywhere('The result of the mark'),
  'tool-result-images': anywhere(MARK.image),
  'tool-result-errors': anywhere('The result of the mark'),
  'json-schema': anywhere(SCHEMA.required[0]),
  'reasoning-effort': anywhere('high'),
  'reasoning-budget': anywhere(MARK.budget, 'medium'),
  'cache-hints': anywhere('cache_control', 'ephemeral'),
  'stop-sequences': (body) => is(body.at('stop'), [MARK.stop]),
  sampling: (body) => is(body.at('temperature'), MARK.temperature),
  'top-k': anywhere(MARK.topK),
  seed: (body) => is(body.at('seed'), MARK.seed),
  choices: (body) => is(body.at('n'), 2),
  logprobs: (body) => is(body.at('logprobs'), 3),
  'server-tools': anywhere('search'),
};
