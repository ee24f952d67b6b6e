import type { OutgoingHttpHeaders } from 'node:http';
import type { ErrorKind, GatewayError } from '../model/errors.ts';

// One client library ignores longer waits, another obeys any: an hour would mean an hour asleep (`reliability` §1.1).
const MAX_RETRY_AFTER_S = 60;
// A client that was refused another protocol goes on with a new connection (OR-88).
const UPGRADE_REQUIRED = 426;
const DEFAULT_RETRY_AFTER_S: Partial<Record<ErrorKind, number>> = { rate_limited: 5, overloaded: 2, shutdown: 1 };
const NOT_WORTH_RETRYING = new Set<ErrorKind>(['upstream_auth', 'client_error', 'quota']);
const WORTH_RETRYING = new Set<ErrorKind>(['unreachable', 'timeout', 'bad_response']);

/** Headers that tell a client whether and when to try again. */
export function errorHeaders(error: GatewayError): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  const wait = error.retryAfter ?? DEFAULT_RETRY_AFTER_S[error.kind];
  if (wait !== undefined && error.kind in DEFAULT_RETRY_AFTER_S) {
    const capped = Math.min(wait, MAX_RETRY_AFTER_S);
    headers['retry-after'] = String(Math.ceil(capped));
    headers['retry-after-ms'] = String(Math.ceil(capped * 1000));
  }
  if (NOT_WORTH_RETRYING.has(error.kind)) headers['x-should-retry'] = 'false';
  else if (WORTH_RETRYING.has(error.kind)) headers['x-should-retry'] = 'true';
  if (error.kind === 'shutdown' || error.status === UPGRADE_REQUIRED) headers['connection'] = 'close';
  return headers;
}
