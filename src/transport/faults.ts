import { GatewayFailure } from '../model/errors.ts';
import type { GatewayError } from '../model/errors.ts';
import { CONNECT_TIMEOUT } from './http1/connection.ts';
import { MalformedResponse } from './http1/response-head.ts';

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAFNOSUPPORT',
  'EADDRNOTAVAIL',
  'EPROTO',
  // Of certificates, as OpenSSL names what is wrong with them.
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
]);

/** What a broken connection means, in the gateway's words; addresses stay out of the message. */
export function transportError(error: Error): GatewayError {
  // The body being sent was a client's upload, and it is that which was refused.
  if (error instanceof GatewayFailure) return error.error;
  if (error instanceof MalformedResponse)
    return {
      kind: 'bad_response',
      message: `The upstream's answer is not HTTP: ${error.message}. Check base_url.`,
    };
  const { code = '', syscall } = causeOf(error);
  // The same code from a connection that stood says that the other side is gone.
  if (code === CONNECT_TIMEOUT || (code === 'ETIMEDOUT' && syscall === 'connect'))
    return { kind: 'timeout', message: 'The upstream did not accept a connection in time.' };
  if (UNREACHABLE.has(code) || code.includes('CERT') || code.includes('SELF_SIGNED') || code.startsWith('ERR_SSL'))
    return {
      kind: 'unreachable',
      message: `The upstream could not be reached (${code}). Check base_url and that the server runs.`,
    };
  return { kind: 'bad_response', message: `The connection to the upstream broke (${code || 'closed'}).` };
}

function causeOf(error: Error): NodeJS.ErrnoException {
  if ((error as NodeJS.ErrnoException).code !== undefined && !(error instanceof AggregateError)) return error;
  // Happy eyeballs wraps one error per address.
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return causeOf(error.errors[0]);
  return error.cause instanceof Error ? causeOf(error.cause) : error;
}
