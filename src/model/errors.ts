import type { Json } from './json.ts';

/** What went wrong, as a family; each dialect has a table from kind to status, type and code. */
export type ErrorKind =
  | 'invalid_request'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'too_large'
  | 'unsupported_media'
  | 'rate_limited'
  | 'quota'
  | 'overloaded'
  | 'shutdown'
  | 'unreachable'
  | 'timeout'
  | 'bad_response'
  | 'upstream_auth'
  | 'client_error'
  | 'internal';

/** An error as data: what is known, without any client's wording of it. */
export interface GatewayError {
  readonly kind: ErrorKind;
  /** What was wrong and how to mend it; holds no secret and no body of a 401 or 403. */
  readonly message: string;
  /** HTTP status of an upstream's `client_error`, passed on; other kinds have a fixed one. */
  readonly status?: number;
  /** Finer code than the kind's own (`missing_required_parameter`, `context_length_exceeded`). */
  readonly code?: string;
  /** The upstream's own word for the kind of error, for clients of the same format. */
  readonly type?: string;
  /** Path of the field that is wrong: `messages[3].content[0].type`. */
  readonly param?: string;
  /** Seconds after which to try again. */
  readonly retryAfter?: number;
  /** The upstream's own error object, for clients of the same format; never for `upstream_auth`. */
  readonly raw?: Json;
}

/** HTTP status of each kind; `client_error` carries its own. */
export const ERROR_STATUS: Record<ErrorKind, number> = {
  invalid_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  too_large: 413,
  unsupported_media: 415,
  rate_limited: 429,
  quota: 402,
  overloaded: 503,
  shutdown: 503,
  unreachable: 502,
  timeout: 504,
  bad_response: 502,
  upstream_auth: 502,
  client_error: 400,
  internal: 500,
};

/** The HTTP status an error is answered with while nothing was sent. */
export function errorStatus(error: GatewayError): number {
  return (error.kind === 'client_error' ? error.status : undefined) ?? ERROR_STATUS[error.kind];
}

/** What a client is told of a fault of the gateway's own; the log has the rest. */
export const INTERNAL: GatewayError = { kind: 'internal', message: 'The gateway failed to handle this request.' };

/** A {@link GatewayError} on its way up the stack. */
export class GatewayFailure extends Error {
  readonly error: GatewayError;

  constructor(error: GatewayError) {
    super(error.message);
    this.name = 'GatewayFailure';
    this.error = error;
  }
}

/** Refuses a request: throws `invalid_request` naming the field that is wrong. */
export function refuse(param: string, message: string, code = 'invalid_value'): never {
  throw new GatewayFailure({ kind: 'invalid_request', message, param, code });
}

/** Refuses a field that the chosen target cannot honour: throws code `unsupported_parameter`. */
export function unsupported(param: string, message: string): never {
  return refuse(param, message, 'unsupported_parameter');
}
