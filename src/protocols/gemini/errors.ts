import { errorStatus } from '../../model/errors.ts';
import type { ErrorKind, GatewayError } from '../../model/errors.ts';
import { asArray, asNumber, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { UpstreamRefusal } from '../codec.ts';

/** The status word of each kind of error. */
const STATUS: Record<Exclude<ErrorKind, 'client_error'>, string> = {
  invalid_request: 'INVALID_ARGUMENT',
  unauthenticated: 'UNAUTHENTICATED',
  forbidden: 'PERMISSION_DENIED',
  not_found: 'NOT_FOUND',
  too_large: 'INVALID_ARGUMENT',
  unsupported_media: 'INVALID_ARGUMENT',
  rate_limited: 'RESOURCE_EXHAUSTED',
  quota: 'RESOURCE_EXHAUSTED',
  overloaded: 'UNAVAILABLE',
  shutdown: 'UNAVAILABLE',
  unreachable: 'UNAVAILABLE',
  timeout: 'DEADLINE_EXCEEDED',
  bad_response: 'INTERNAL',
  upstream_auth: 'INTERNAL',
  internal: 'INTERNAL',
};

/** The status word of an upstream's refusal that passes, by its HTTP status. */
const BY_HTTP: ReadonlyMap<number, string> = new Map([
  [404, 'NOT_FOUND'],
  [409, 'ABORTED'],
  [416, 'OUT_OF_RANGE'],
  [499, 'CANCELLED'],
]);

/** The `error` object that tells of an error (GM-08). */
export function errorObject(error: GatewayError): JsonObject {
  const raw = asObject(error.raw);
  const own = raw !== undefined && asString(raw['status']) !== undefined ? raw : undefined;
  const code = errorStatus(error);
  const word = error.kind === 'client_error' ? (BY_HTTP.get(code) ?? 'INVALID_ARGUMENT') : STATUS[error.kind];
  const details = own?.['details'] ?? (error.retryAfter === undefined ? undefined : [retryInfo(error.retryAfter)]);
  return {
    code,
    message: error.message,
    status: asString(own?.['status']) ?? word,
    ...(details !== undefined && { details }),
  };
}

/** The HTTP answer that tells of an error: `{"error":{code,message,status}}`. */
export function encodeError(error: GatewayError): { readonly status: number; readonly body: string } {
  return { status: errorStatus(error), body: JSON.stringify({ error: errorObject(error) }) };
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

function retryInfo(seconds: number): JsonObject {
  return { '@type': RETRY_INFO, retryDelay: `${seconds}s` };
}

/** Reads the body of an HTTP error: an object, or a list of one where a stream was asked for without `alt=sse`. */
export function decodeError(refusal: UpstreamRefusal): GatewayError {
  const { status, body, retryAfter } = refusal;
  let value: Json | undefined;
  try {
    value = parseJson(body);
  } catch {
    value = undefined;
  }
  const holder = asObject(asArray(value)?.[0] ?? value);
  const error = asObject(holder?.['error']) ?? holder;
  const fallback = `The upstream answered HTTP ${status}${error === undefined ? ' without a readable error' : ''}.`;
  return told(error ?? {}, status, fallback, retryAfter);
}

/** Reads an error that stands in the answer itself. */
export function decodeInBandError(value: Json): GatewayError {
  const error = asObject(value) ?? {};
  const message = asString(value) ?? 'The upstream reported an error without saying which.';
  return told(error, httpStatus(error), message, undefined);
}

const HTTP_BY_STATUS: ReadonlyMap<string, number> = new Map([
  ['INVALID_ARGUMENT', 400],
  ['FAILED_PRECONDITION', 400],
  ['OUT_OF_RANGE', 400],
  ['UNAUTHENTICATED', 401],
  ['PERMISSION_DENIED', 403],
  ['NOT_FOUND', 404],
  ['ABORTED', 409],
  ['RESOURCE_EXHAUSTED', 429],
  ['CANCELLED', 499],
  ['UNAVAILABLE', 503],
  ['DEADLINE_EXCEEDED', 504],
]);

function httpStatus(error: JsonObject): number {
  const code = asNumber(error['code']) ?? Number(asString(error['code']) ?? Number.NaN);
  return code >= 400 && code < 600 ? code : (HTTP_BY_STATUS.get(asString(error['status']) ?? '') ?? 502);
}

function told(error: JsonObject, status: number, fallback: string, header: number | undefined): GatewayError {
  const kind = kindOf(error, status);
  if (kind === 'upstream_auth')
    // What an upstream says of a credential may quote it, so its words go nowhere (FM-51).
    return {
      kind,
      message: `The upstream refused its credential (HTTP ${status}). Check the api_key of this provider.`,
    };
  const message = asString(error['message']);
  const retryAfter = header ?? retryDelay(error);
  return {
    kind,
    message: message === undefined || message === '' ? fallback : message,
    ...(kind === 'client_error' && { status }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(Object.keys(error).length > 0 && { raw: error }),
  };
}

function kindOf(error: JsonObject, status: number): ErrorKind {
  // A wrong key is answered with 400 here.
  const badKey =
    status === 400 && (hasReason(error, 'API_KEY_INVALID') || /\bAPI key\b/i.test(asString(error['message']) ?? ''));
  if (status === 401 || status === 403 || badKey) return 'upstream_auth';
  if (status === 429) return 'rate_limited';
  if (status === 503 || status === 529) return 'overloaded';
  if (status === 408 || status === 504) return 'timeout';
  return status >= 400 && status < 500 ? 'client_error' : 'bad_response';
}

function hasReason(error: JsonObject, reason: string): boolean {
  return (asArray(error['details']) ?? []).some((detail) => asObject(detail)?.['reason'] === reason);
}

function retryDelay(error: JsonObject): number | undefined {
  for (const item of asArray(error['details']) ?? []) {
    const detail = asObject(item);
    if (detail?.['@type'] !== RETRY_INFO) continue;
    const seconds = Number.parseFloat(asString(detail['retryDelay']) ?? '');
    if (Number.isFinite(seconds) && seconds >= 0) return Math.ceil(seconds);
  }
  return undefined;
}
