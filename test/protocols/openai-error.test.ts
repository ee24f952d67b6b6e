import { describe, expect, test } from 'vitest';
import {
  decodeInBandError,
  decodeOpenAiError,
  encodeOpenAiError,
  openAiError,
} from '../../src/protocols/openai-error.ts';

const decode = (status: number, body: object | string): ReturnType<typeof decodeOpenAiError> =>
  decodeOpenAiError({ status, body: typeof body === 'string' ? body : JSON.stringify(body) });

describe('errors of OpenAI-compatible upstreams', () => {
  test.each<readonly [number, object | string, object]>([
    [
      400,
      { error: { message: 'M', type: 'T', code: 'C', param: 'p' } },
      { kind: 'client_error', status: 400, message: 'M', type: 'T', code: 'C', param: 'p' },
    ],
    [404, { error: 'M' }, { kind: 'client_error', status: 404, message: 'M' }],
    [400, { code: 'C', error: 'M' }, { kind: 'client_error', message: 'M', code: 'C' }],
    [
      400,
      { object: 'error', message: 'M', code: '1500', type: 'T' },
      { kind: 'client_error', message: 'M', type: 'T' },
    ],
    [422, { detail: [{ msg: 'M' }] }, { kind: 'client_error', message: '[{"msg":"M"}]' }],
    [400, [{ error: { message: 'M', code: 400 } }], { kind: 'client_error', message: 'M' }],
    [429, { error: { message: 'M', code: '429' } }, { kind: 'rate_limited', message: 'M' }],
    [402, { error: { message: 'M', code: 'in_flight_budget_exhausted' } }, { kind: 'rate_limited' }],
    [503, '<html>busy</html>', { kind: 'overloaded' }],
    [529, { error: { message: 'M' } }, { kind: 'overloaded' }],
    [500, { error: { message: 'M', type: 'server_error' } }, { kind: 'bad_response', message: 'M' }],
    [504, '', { kind: 'timeout' }],
  ])('U07 U10 U14 HTTP %i %j', (status, body, error) => {
    const decoded = decode(status, body);
    expect(decoded).toMatchObject(error);
    expect(decoded.message).not.toContain('html');
    expect(encodeOpenAiError(decoded).status).toBeGreaterThanOrEqual(400);
  });

  test.each<readonly [number, object]>([
    [401, { error: { message: 'Incorrect API key provided: sk-123' } }],
    [403, { detail: 'sk-123 may not' }],
    [400, { code: 'invalid-argument', error: 'Incorrect API key provided: sk-123' }],
  ])('U13 HTTP %i %j tells nothing of the credential', (status, body) => {
    const error = decode(status, body);
    expect(error.kind).toBe('upstream_auth');
    expect(JSON.stringify(error)).not.toContain('sk-123');
    const inBand = decodeInBandError({ status, message: 'Incorrect API key provided: sk-123' });
    expect(JSON.stringify(inBand)).not.toContain('sk-123');
  });

  test('U07 the time to wait is kept', () => {
    expect(decodeOpenAiError({ status: 429, body: '', retryAfter: 7 })).toMatchObject({
      kind: 'rate_limited',
      retryAfter: 7,
    });
  });

  test('FM-04 an error inside a stream keeps its status, type and code', () => {
    const error = decodeInBandError({
      message: 'M',
      type: 'invalid_request_error',
      code: 'tool_use_failed',
      status_code: 400,
    });
    expect(error).toMatchObject({ kind: 'client_error', status: 400 });
    expect(openAiError(error)).toEqual({
      message: 'M',
      type: 'invalid_request_error',
      param: null,
      code: 'tool_use_failed',
    });
  });
});
