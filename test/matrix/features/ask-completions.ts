import type { Asks } from './ask.ts';
import { MARK, PLAIN } from './values.ts';

/** What a client of the older completions asks. */
export const COMPLETIONS_ASKS: Asks = {
  path: () => '/v1/completions',
  base: (model, stream) => ({
    model,
    prompt: PLAIN,
    ...(stream && { stream: true, stream_options: { include_usage: true } }),
  }),
  asks: {
    'stop-sequences': { stop: [MARK.stop] },
    sampling: { temperature: MARK.temperature },
    seed: { seed: MARK.seed },
    choices: { n: 2 },
    logprobs: { logprobs: 3 },
  },
};
