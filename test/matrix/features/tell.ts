import type { FeatureOf } from '../../../src/protocols/fidelity.ts';

/** What can be told. */
export type Told = FeatureOf<'told'>;

/** One answer of an upstream, in both of its forms. */
export interface Tale {
  /** Content type of the stream. */
  readonly type: string;
  readonly stream: string | Uint8Array;
  readonly whole: string;
}

/** What upstreams of a protocol tell of each feature, in one or several ways; what the protocol has no notion of is not there. */
export type Tales = Readonly<Partial<Record<Told, readonly Tale[]>>>;

/** What is told. The counts of {@link SAID.usage} are inclusive totals. */
export const SAID = {
  text: ['Hello ', 'é 日本 🦀', ' "world"\n'],
  refusal: ['I must ', 'not.'],
  thoughts: ['Hm, ', 'let me see.'],
  calls: [
    { id: 'call_a', name: 'get_weather', args: ['{"city":', '"Zürich"}'] },
    { id: 'call_b', name: 'get_time', args: ['{"zone":"', 'CET"}'] },
  ],
  url: 'https://example.org/mark',
  title: 'The mark',
  usage: { input: 100, cacheRead: 20, cacheWrite: 5, output: 50, reasoning: 12 },
  stop: '<stop-mark>',
  logprobs: [
    { token: 'Hello', logprob: -0.25, bytes: [72, 101, 108, 108, 111] },
    { token: ' there', logprob: -1.5, bytes: [32, 116, 104, 101, 114, 101] },
  ],
  others: ['The first answer.', 'The second answer.'],
  unknown: 'reason_of_the_mark',
  sound: 'c291bmQgb2YgdGhlIG1hcms=',
  words: 'The words of the sound.',
  picture: 'cGljdHVyZSBvZiB0aGUgbWFyaw==',
} as const;

/** A call with all of its arguments in one text. */
export const CALLS: readonly { readonly id: string; readonly name: string; readonly args: string }[] = SAID.calls.map(
  ({ id, name, args }) => ({ id, name, args: args.join('') }),
);

/** The text in one piece. */
export const TEXT: string = SAID.text.join('');
