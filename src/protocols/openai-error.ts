import type { UpstreamRefusal } from './codec.ts';
import { errorStatus } from '../model/errors.ts';
import type { ErrorKind, GatewayError } from '../model/errors.ts';
import { asNumber, asObject, asString, parseJson } from '../model/json.ts';
import type { Json, JsonObject } from '../model/json.ts';

/** `type` and default `code` of each kind of error in the OpenAI formats (`wire-openresponses` §7.1, `reliability` §1.1). */
const WORDS: Record<ErrorKind, readonly [type: string, code: string]> = {
  invalid_request: ['invalid_request_error', 'invalid_value'],
  unauthenticated: ['authentication_error', 'invalid_api_key'],
  forbidden: ['permission_error', 'model_not_allowed'],
  not_found: ['invalid_request_error', 'model_not_found'],
  too_large: ['invalid_request_error', 'request_too_large'],
  unsupported_media: ['invalid_request_error', 'unsupported_media_type'],
  rate_limited: ['rate_limit_error', 'rate_limit_exceeded'],
  quota: ['insufficient_quota', 'insufficient_quota'],
  overloaded: ['server_error', 'overloaded'],
  shutdown: ['server_error', 'server_shutdown'],
  unreachable: ['upstream_error', 'upstream_unreachable'],
  timeout: ['upstream_error', 'upstream_timeout'],
  bad_response: ['upstream_error', 'upstream_bad_response'],
  upstream_auth: ['upstream_error', 'upstream_auth'],
  client_error: ['invalid_request_error', 'invalid_value'],
  internal: ['server_error', 'internal_error'],
};

/** The default `code` of a refusal that passes on, where the upstream's format has none. */
const PASSED_CODES: Readonly<Record<number, string>> = {
  402: 'insufficient_quota',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  413: 'request_too_large',
  415: 'unsupported_media_type',
};

/** The `error` object of the OpenAI formats. */
export interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string;
}

/** The `error` object that tells of an error in the OpenAI formats. */
export function openAiError(error: GatewayError): OpenAiError {
  const [type, code] = WORDS[error.kind];
  return {
    message: error.message,
    type: error.type ?? type,
    param: error.param ?? null,
    code: error.code ?? (error.kind === 'client_error' ? PASSED_CODES[errorStatus(error)] : undefined) ?? code,
  };
}

/** The HTTP answer that tells of an error: `{"error":{message,type,param,code}}`. */
export function encodeOpenAiError(error: GatewayError): { readonly status: number; readonly body: string } {
  return { status: errorStatus(error), body: JSON.stringify({ error: openAiError(error) }) };
}

/** Reads the body of an HTTP error of any OpenAI-compatible upstream, whatever shape it took. */
export function decodeOpenAiError(refusal: UpstreamRefusal): GatewayError {
  const { status, body } = refusal;
  const retry = refusal.retryAfter === undefined ? undefined : { retryAfter: refusal.retryAfter };
  const told = readTold(body);
  const kind = kindOf(status, told);
  if (kind === 'upstream_auth') return refusedCredential(status);
  const fallback = `The upstream answered HTTP ${status}${told === undefined ? ' without a readable error' : ''}.`;
  const error = { ...told, message: told?.message ?? fallback, ...retry };
  return kind === 'client_error' ? { kind, status, ...error } : { kind, ...error };
}

/** The error an upstream tells of inside a 200: an `error` object, a string, `{message}`, `{detail}` or `{code, error}`. */
export function decodeInBandError(value: Json): GatewayError {
  const told = readError(value);
  const status = statusIn(value);
  const kind = kindOf(status ?? 502, told);
  if (kind === 'upstream_auth') return refusedCredential(status);
  const error = { ...told, message: told?.message ?? 'The upstream reported an error without saying which.' };
  return kind === 'client_error' ? { kind, status: status ?? 400, ...error } : { kind, ...error };
}

// What an upstream says of a credential may quote it, so its words go nowhere.
function refusedCredential(status: number | undefined): GatewayError {
  const where = status === undefined ? '' : ` (HTTP ${status})`;
  return {
    kind: 'upstream_auth',
    message: `The upstream refused its credential${where}. Check the api_key of this provider.`,
  };
}

type Told = Pick<GatewayError, 'message' | 'code' | 'type' | 'param' | 'raw'>;

function readTold(body: string): Told | undefined {
  try {
    const value = parseJson(body);
    const holder = Array.isArray(value) ? asObject(value[0] as Json) : asObject(value);
    // A plain text beside a code is told by the object that holds both.
    return readError(asObject(holder?.['error']) ?? holder ?? value);
  } catch {
    return undefined;
  }
}

function readError(value: Json): Told | undefined {
  if (typeof value === 'string') return value === '' ? undefined : { message: value, raw: value };
  const object = asObject(value);
  if (object === undefined) return undefined;
  const message = messageOf(object);
  const code = wordOf(object['code']);
  const type = asString(object['type']);
  const param = asString(object['param']);
  if (message === undefined && code === undefined && type === undefined) return undefined;
  return {
    message: message ?? code ?? type ?? '',
    ...(code !== undefined && { code }),
    ...(type !== undefined && type !== 'error' && { type }),
    ...(param !== undefined && { param }),
    raw: object,
  };
}

function messageOf(object: JsonObject): string | undefined {
  for (const key of ['message', 'detail', 'error', 'msg']) {
    const value = object[key];
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'object' && value !== null && key !== 'error') return JSON.stringify(value);
  }
  return undefined;
}

// Some upstreams put the HTTP status into `code`; that is no code a client could act on.
function wordOf(code: Json | undefined): string | undefined {
  return typeof code === 'string' && code !== '' && !/^\d+$/.test(code) ? code : undefined;
}

function statusIn(value: Json): number | undefined {
  const object = asObject(value);
  for (const key of ['status', 'status_code', 'code']) {
    const status = asNumber(object?.[key]) ?? Number(asString(object?.[key]) ?? Number.NaN);
    if (status >= 400 && status < 600) return status;
  }
  return undefined;
}

const KIND_BY_WORD: Record<string, ErrorKind> = {
  rate_limit_exceeded: 'rate_limited',
  rate_limit_error: 'rate_limited',
  too_many_requests: 'rate_limited',
  insufficient_quota: 'rate_limited',
  server_is_overloaded: 'overloaded',
  slow_down: 'overloaded',
  overloaded: 'overloaded',
  overloaded_error: 'overloaded',
  invalid_request_error: 'client_error',
  context_length_exceeded: 'client_error',
  invalid_prompt: 'client_error',
};

// One provider refuses a wrong key with 400.
const BAD_KEY = /\b(?:incorrect|invalid|missing) api[ _-]?key\b/i;

function kindOf(status: number, told: Told | undefined): ErrorKind {
  if (status === 401 || status === 403) return 'upstream_auth';
  if (status === 400 && BAD_KEY.test(told?.message ?? '')) return 'upstream_auth';
  if (status === 429 || (status === 402 && told?.code === 'in_flight_budget_exhausted')) return 'rate_limited';
  if (status === 503 || status === 529) return 'overloaded';
  if (status === 408 || status === 504) return 'timeout';
  if (status >= 400 && status < 500) return 'client_error';
  return KIND_BY_WORD[told?.code ?? ''] ?? KIND_BY_WORD[told?.type ?? ''] ?? 'bad_response';
}
