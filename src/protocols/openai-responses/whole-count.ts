import type { Completion } from '../../model/completion.ts';
import { inputTotal, NO_USAGE } from '../../model/usage.ts';
import type { WholeAnswer } from '../codec.ts';

/** The number of input tokens, as `POST /v1/responses/input_tokens` tells it. */
export function encodeCount({ usage = NO_USAGE }: Completion): WholeAnswer {
  const counted = { object: 'response.input_tokens', input_tokens: Math.round(inputTotal(usage)) };
  return { contentType: 'application/json', body: JSON.stringify(counted) };
}
