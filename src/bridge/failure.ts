import type { ErrorKind, GatewayError } from '../model/errors.ts';
import { fieldsOf, textOf } from './sdk-model.ts';

const KINDS: Readonly<Record<number, ErrorKind>> = {
  401: 'upstream_auth',
  402: 'quota',
  403: 'upstream_auth',
  408: 'timeout',
  429: 'rate_limited',
  503: 'overloaded',
  529: 'overloaded',
};

/** What a package threw or told, in our words; a body of a 401 or 403 is never quoted. */
export function errorOf(thrown: unknown): GatewayError {
  if (typeof thrown === 'string') return { kind: 'bad_response', message: thrown };
  const fields = fieldsOf(thrown);
  const { statusCode: status } = fields;
  const message = textOf(fields['message']) ?? 'The provider reported an error without saying which.';
  if (typeof status !== 'number') return withoutStatus(textOf(fields['name']) ?? '', message);
  const kind = KINDS[status] ?? (status >= 500 || status < 400 ? 'bad_response' : 'client_error');
  if (kind === 'upstream_auth')
    return {
      kind,
      message: `The upstream refused its credential (HTTP ${status}). Check the api_key of this provider.`,
    };
  const retryAfter = Number(fieldsOf(fields['responseHeaders'])['retry-after']);
  return {
    kind,
    message,
    ...(kind === 'client_error' && { status }),
    ...(retryAfter > 0 && { retryAfter }),
  };
}

function withoutStatus(name: string, message: string): GatewayError {
  if (name === 'AI_UnsupportedFunctionalityError')
    return { kind: 'invalid_request', message, code: 'unsupported_parameter' };
  if (name === 'AI_LoadAPIKeyError' || name === 'AI_LoadSettingError')
    return { kind: 'upstream_auth', message: 'The package of this provider misses a key or a setting.' };
  if (name === 'AI_APICallError')
    return { kind: 'unreachable', message: 'The upstream could not be reached. Check base_url and that it runs.' };
  // What broke below the package says nothing that a client should read.
  if (name === 'TypeError' || name === 'Error' || name === '')
    return { kind: 'bad_response', message: 'The connection to the upstream broke, or its package failed.' };
  return { kind: 'bad_response', message };
}
