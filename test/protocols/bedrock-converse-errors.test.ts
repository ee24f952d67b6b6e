import { expect, test } from 'vitest';
import { protocol } from '../../src/protocols/bedrock-converse/index.ts';

test.each([
  [
    400,
    '{"message":"Input is too long for requested model."}',
    { kind: 'client_error', status: 400, code: 'context_length_exceeded' },
  ],
  [
    400,
    '{"message":"Malformed input request"}',
    { kind: 'client_error', status: 400, message: 'Malformed input request' },
  ],
  [400, '{"__type":"com.amazon.coral.service#ThrottlingException","message":"M"}', { kind: 'rate_limited' }],
  [403, '{"message":"The security token AKIDEXAMPLE is expired"}', { kind: 'upstream_auth' }],
  [404, '{"Message":"No such model"}', { kind: 'client_error', status: 404, message: 'No such model' }],
  [408, '{"message":"M"}', { kind: 'timeout' }],
  [
    424,
    '{"message":"The model failed.","originalStatusCode":500}',
    { kind: 'bad_response', message: 'The model failed.' },
  ],
  [429, '{"message":"Too many tokens"}', { kind: 'rate_limited', message: 'Too many tokens' }],
  [500, 'not json', { kind: 'bad_response' }],
  [503, '{}', { kind: 'overloaded' }],
])('HTTP %d with %s', (status, body, error) => {
  expect(protocol.decodeError({ status, body })).toMatchObject(error);
  expect(protocol.decodeError({ status, body, retryAfter: 7 }).retryAfter).toBe(7);
  expect(JSON.stringify(protocol.decodeError({ status, body }))).not.toContain('AKID');
});

test('an exception that only a header names is known by it, and a body that names one says more', () => {
  const headers = { 'x-amzn-errortype': 'ThrottlingException:http://internal.amazon.com/coral/' };
  const refusal = { status: 400, body: '{"message":"Slow down"}', headers };
  expect(protocol.decodeError(refusal)).toMatchObject({ kind: 'rate_limited', message: 'Slow down' });
  const named = { ...refusal, body: '{"__type":"ValidationException","message":"M"}' };
  expect(protocol.decodeError(named)).toMatchObject({ kind: 'client_error', status: 400 });
});
