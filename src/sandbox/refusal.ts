import type { ErrorKind, GatewayError } from '../model/errors.ts';

const KINDS: Record<number, ErrorKind> = {
  400: 'invalid_request',
  401: 'unauthenticated',
  402: 'quota',
  403: 'forbidden',
  404: 'not_found',
  413: 'too_large',
  415: 'unsupported_media',
  429: 'rate_limited',
  500: 'internal',
  502: 'bad_response',
  503: 'overloaded',
  504: 'timeout',
};

/** The statuses that `status=` of a model name may ask for. */
export const REFUSAL_STATUSES: readonly number[] = [...Object.keys(KINDS).map(Number), 408, 409, 422].toSorted(
  (a, b) => a - b,
);

/** The error that an HTTP status stands for; `retryAfter` in seconds. */
export function refusalOf(status: number, retryAfter: number | undefined): GatewayError {
  const message = `The sandbox answers HTTP ${status}, as its model name asked.`;
  const retry = retryAfter === undefined ? undefined : { retryAfter };
  const kind = KINDS[status];
  return kind === undefined ? { kind: 'client_error', status, message, ...retry } : { kind, message, ...retry };
}
