import { expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import { transportError } from '../../src/transport/faults.ts';
import { CONNECT_TIMEOUT } from '../../src/transport/http1/connection.ts';

function coded(code: string, syscall?: string): Error {
  return Object.assign(new Error('secret.internal:8443 said no'), { code, ...(syscall !== undefined && { syscall }) });
}

test.each([
  [coded('ECONNREFUSED', 'connect'), 'unreachable'],
  [coded('ENOTFOUND', 'getaddrinfo'), 'unreachable'],
  [coded('EAI_FAIL', 'getaddrinfo'), 'unreachable'],
  [coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'unreachable'],
  [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'unreachable'],
  [coded('CERT_HAS_EXPIRED'), 'unreachable'],
  [coded('HOSTNAME_MISMATCH'), 'unreachable'],
  [coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'unreachable'],
  [coded(CONNECT_TIMEOUT), 'timeout'],
  [coded('ETIMEDOUT', 'connect'), 'timeout'],
  [coded('ETIMEDOUT', 'read'), 'bad_response'],
  [coded('ECONNRESET', 'read'), 'bad_response'],
  [new Error('closed'), 'bad_response'],
  [new Error('wrapped', { cause: coded('ECONNREFUSED', 'connect') }), 'unreachable'],
  [new AggregateError([coded('ETIMEDOUT', 'connect'), coded('ENETUNREACH', 'connect')]), 'timeout'],
  [Object.assign(new AggregateError([coded('ECONNREFUSED', 'connect')]), { code: 'ECONNREFUSED' }), 'unreachable'],
])('%s is told as %s, without an address', (error, kind) => {
  const told = transportError(error);
  expect(told.kind).toBe(kind);
  expect(told.message).not.toContain('secret');
});

test('what was wrong with an upload is told in its own words', () => {
  const error = { kind: 'too_large', message: 'The file is too large.' } as const;
  expect(transportError(new GatewayFailure(error))).toBe(error);
});
