import { SAID, TEXT } from './tell.ts';
import type { Tale, Tales } from './tell.ts';

type Keys = Readonly<Record<string, unknown>>;

const { usage } = SAID;
const COUNTS = {
  prompt_tokens: usage.input,
  completion_tokens: usage.output,
  total_tokens: usage.input + usage.output,
  prompt_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
  completion_tokens_details: { reasoning_tokens: usage.reasoning },
};
const SAME = { id: 'cmpl-1', object: 'text_completion', created: 1_767_225_600, model: 'model' };

function chunk(choices: readonly Keys[], more: Keys = {}): string {
  return `data: ${JSON.stringify({ ...SAME, choices, ...more })}\n\n`;
}

function tale(pieces: readonly Keys[], whole: Keys, end: Keys = { finish_reason: 'stop' }): Tale {
  const stream = [
    ...pieces.map((piece) => chunk([{ index: 0, text: '', logprobs: null, finish_reason: null, ...piece }])),
    chunk([{ index: 0, text: '', logprobs: null, ...end }]),
    chunk([], { usage: COUNTS }),
    'data: [DONE]\n\n',
  ];
  const choices = [{ index: 0, text: '', logprobs: null, ...whole, ...end }];
  return {
    type: 'text/event-stream',
    stream: stream.join(''),
    whole: JSON.stringify({ ...SAME, choices, usage: COUNTS }),
  };
}

const texts = SAID.text.map((text) => ({ text }));
const plain = tale(texts, { text: TEXT });

function logprobs(from: number, to: number): Keys {
  const tokens = SAID.logprobs.slice(from, to);
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ token, logprob }) => ({ [token]: logprob })),
    text_offset: tokens.map((_, index) => (from + index) * 5),
  };
}

function several(): Tale {
  const choices = SAID.others.map((text, index) => ({ index, text, logprobs: null, finish_reason: 'stop' }));
  const stream = choices.flatMap((choice) => [
    chunk([{ ...choice, finish_reason: null }]),
    chunk([{ ...choice, text: '' }]),
  ]);
  return {
    type: 'text/event-stream',
    stream: `${stream.join('')}${chunk([], { usage: COUNTS })}data: [DONE]\n\n`,
    whole: JSON.stringify({ ...SAME, choices, usage: COUNTS }),
  };
}

/** What an upstream that completes text tells. */
export const COMPLETIONS_TALES: Tales = {
  text: [plain],
  refusal: [
    tale(
      SAID.refusal.map((refusal) => ({ refusal })),
      { refusal: SAID.refusal.join('') },
    ),
  ],
  usage: [plain],
  'cache-tokens': [plain],
  'reasoning-tokens': [plain],
  'stop-echo': [tale(texts, { text: TEXT }, { finish_reason: 'stop', stop_reason: SAID.stop })],
  'token-logprobs': [
    tale(
      SAID.logprobs.map(({ token }, at) => ({ text: token, logprobs: logprobs(at, at + 1) })),
      { text: SAID.logprobs.map(({ token }) => token).join(''), logprobs: logprobs(0, 2) },
    ),
  ],
  'several-choices': [several()],
  'finish-unknown': [tale(texts, { text: TEXT }, { finish_reason: SAID.unknown })],
};
