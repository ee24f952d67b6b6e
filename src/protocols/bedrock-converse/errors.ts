import { meaningOf } from '../../framing/aws-exception.ts';
import type { ErrorKind, GatewayError } from '../../model/errors.ts';
import { asNumber, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { UpstreamRefusal } from '../codec.ts';

/** Reads the body of an HTTP error: a message and seldom more, for the name of the exception stands in a header. */
export function decodeError({ status, body, headers, retryAfter }: UpstreamRefusal): GatewayError {
  const told = asObject(parsed(body));
  const header = headers?.['x-amzn-errortype'];
  const name = nameIn(told) ?? (typeof header === 'string' ? header.split(':')[0] : undefined);
  // Where a body names its exception, that says more than a status that several share.
  const meant = name === undefined || status >= 500 ? status : Math.max(status, meaningOf(name)[0]);
  const error = errorOf(status === 400 ? meant : status, messageIn(told));
  return retryAfter === undefined ? error : { ...error, retryAfter };
}

/** The error that a message of a stream, or the body of an answer, tells of inside a 200. */
export function decodeInBandError(value: Json | undefined): GatewayError {
  const told = asObject(asObject(value)?.['error']) ?? asObject(value);
  const status = asNumber(told?.['status']) ?? meaningOf(nameIn(told) ?? '')[0];
  return errorOf(status, messageIn(told));
}

function errorOf(status: number, message: string | undefined): GatewayError {
  const kind = kindOf(status);
  // What an upstream says of a credential may quote it, so its words go nowhere.
  if (kind === 'upstream_auth')
    return {
      kind,
      message: `The upstream refused its credential, or that it may use this model (HTTP ${status}). Check the key of this provider.`,
    };
  return {
    kind,
    ...(kind === 'client_error' && { status }),
    message: message ?? `The upstream answered HTTP ${status} without a readable error.`,
    ...(TOO_LONG.test(message ?? '') && kind === 'client_error' && { code: 'context_length_exceeded' }),
  };
}

// Each maker of models says it in other words.
const TOO_LONG =
  /input tokens exceeded|input is too long|prompt is too long|maximum context length|exceeds? (?:the )?context/i;

function kindOf(status: number): ErrorKind {
  if (status === 401 || status === 403) return 'upstream_auth';
  if (status === 429) return 'rate_limited';
  if (status === 503) return 'overloaded';
  if (status === 408 || status === 504) return 'timeout';
  // 424: the model failed, not the request.
  return status >= 400 && status < 500 && status !== 424 ? 'client_error' : 'bad_response';
}

function messageIn(told: JsonObject | undefined): string | undefined {
  const message = asString(told?.['message']) ?? asString(told?.['Message']);
  return message === '' ? undefined : message;
}

function nameIn(told: JsonObject | undefined): string | undefined {
  return asString(told?.['__type']) ?? asString(told?.['code']);
}

function parsed(body: string): Json | undefined {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}
