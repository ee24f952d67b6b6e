import { errorStatus } from '../../model/errors.ts';
import type { ErrorKind, GatewayError } from '../../model/errors.ts';
import { asArray, asNumber, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { UpstreamRefusal } from '../codec.ts';

/** The `type` of an error for each HTTP status (MS-13). */
const TYPE_BY_STATUS: ReadonlyMap<number, string> = new Map([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [500, 'api_error'],
  [502, 'api_error'],
  [504, 'timeout_error'],
  [529, 'overloaded_error'],
]);

/** The status an upstream would have given an error that it tells of inside a 200. */
const STATUS_BY_TYPE: ReadonlyMap<string, number> = new Map(
  [...TYPE_BY_STATUS].toReversed().map(([status, type]) => [type, status]),
);

// What makes the official clients tell the whole conversation again, without a thread.
const NO_THREADS: JsonObject = { error_code: 'thread_unsupported_request', unsupported: ['thread'] };

/** The object that tells of an error, in a stream and as an HTTP body alike (MS-12, MS-13). */
export function errorObject(error: GatewayError, requestId?: string): JsonObject {
  const details = error.param === 'thread' ? NO_THREADS : asObject(asObject(error.raw)?.['details']);
  const type = error.type !== undefined && STATUS_BY_TYPE.has(error.type) ? error.type : typeOf(statusOf(error));
  return {
    type: 'error',
    error: {
      type,
      message: error.message,
      ...(error.code !== undefined && { code: error.code }),
      ...(error.param !== undefined && { param: error.param }),
      ...(details !== undefined && { details }),
    },
    request_id: requestId ?? null,
  };
}

/** The HTTP answer that tells of an error (MS-13). */
export function encodeError(
  error: GatewayError,
  requestId?: string,
): { readonly status: number; readonly body: string } {
  return { status: statusOf(error), body: JSON.stringify(errorObject(error, requestId)) };
}

// This format has a status of its own for "too busy"; its SDKs wait and try again on it.
function statusOf(error: GatewayError): number {
  const status = errorStatus(error);
  return status === 503 ? 529 : status;
}

function typeOf(status: number): string {
  return TYPE_BY_STATUS.get(status) ?? (status < 500 ? 'invalid_request_error' : 'api_error');
}

/** Reads the body of an HTTP error. */
export function decodeError({ status, body, retryAfter }: UpstreamRefusal): GatewayError {
  const retry = retryAfter === undefined ? undefined : { retryAfter };
  const told = readTold(parsed(body));
  return { ...errorOf(status, told, `The upstream answered HTTP ${status} without a readable error.`), ...retry };
}

/** The error an upstream tells of inside a 200. */
export function decodeInBandError(value: Json): GatewayError {
  const told = readTold(value);
  const status = told?.status ?? STATUS_BY_TYPE.get(told?.type ?? '') ?? 502;
  return errorOf(status, told, 'The upstream reported an error without saying which.');
}

interface Told {
  readonly message?: string;
  readonly type?: string;
  readonly status?: number;
  readonly raw: Json;
}

function readTold(value: Json | undefined): Told | undefined {
  const first = asObject(asArray(value)?.[0] ?? value);
  const inner = first?.['error'];
  const raw = asObject(inner) ?? (typeof inner === 'string' ? inner : (first ?? asString(value)));
  if (raw === undefined) return undefined;
  if (typeof raw === 'string') return { message: raw, raw };
  const message = asString(raw['message']) ?? asString(raw['Message']) ?? asString(raw['detail']);
  const type = asString(raw['type']);
  const code = asNumber(raw['code']) ?? asNumber(raw['status']);
  return {
    ...(message !== undefined && message !== '' && { message }),
    ...(type !== undefined && type !== 'error' && { type }),
    ...(code !== undefined && code >= 400 && code < 600 && { status: code }),
    raw,
  };
}

function errorOf(status: number, told: Told | undefined, otherwise: string): GatewayError {
  const kind = kindOf(status, told?.type);
  // What an upstream says of a credential may quote it, so its words go nowhere.
  if (kind === 'upstream_auth')
    return {
      kind,
      message: `The upstream refused its credential (HTTP ${status}). Check the api_key of this provider.`,
    };
  return {
    kind,
    ...(kind === 'client_error' && { status }),
    message: told?.message ?? told?.type ?? otherwise,
    ...(told?.type !== undefined && { type: told.type }),
    ...(told !== undefined && { raw: told.raw }),
  };
}

function kindOf(status: number, type: string | undefined): ErrorKind {
  if (status === 401 || status === 403) return 'upstream_auth';
  if (status === 429) return 'rate_limited';
  if (status === 503 || status === 529 || type === 'overloaded_error') return 'overloaded';
  if (status === 408 || status === 504) return 'timeout';
  return status >= 400 && status < 500 ? 'client_error' : 'bad_response';
}

function parsed(body: string): Json | undefined {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}
