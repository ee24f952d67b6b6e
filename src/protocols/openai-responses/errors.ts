import { errorStatus } from '../../model/errors.ts';
import type { GatewayError } from '../../model/errors.ts';
import { openAiError } from '../openai-error.ts';
import type { OpenAiError } from '../openai-error.ts';

/** Codes this format spells differently (OR-47): clients act on these literally. */
const CODES: ReadonlyMap<string, string> = new Map([['overloaded', 'server_is_overloaded']]);

/** The error in this format's words; a known delay stands in the message, where clients look for it. */
export function responsesError(error: GatewayError): OpenAiError {
  const told = openAiError(error);
  const { retryAfter } = error;
  const hint = error.kind === 'rate_limited' && retryAfter !== undefined && !/try again in/i.test(told.message);
  return {
    ...told,
    message: hint ? `${told.message} Please try again in ${retryAfter}s.` : told.message,
    code: CODES.get(told.code) ?? told.code,
  };
}

/** The HTTP answer that tells of an error; `param` and `code` are strings on this route (OR-45). */
export function encodeError(error: GatewayError): { readonly status: number; readonly body: string } {
  const told = responsesError(error);
  return { status: errorStatus(error), body: JSON.stringify({ error: { ...told, param: told.param ?? '' } }) };
}
