import { describe, expect, test } from 'vitest';
import type { UpstreamCall } from '../../src/transport/dispatch.ts';
import { signerFor } from '../../src/transport/auth/signed.ts';
import type { SigningParts } from '../../src/transport/auth/signed.ts';
import { faultOfSignature } from '../support/aws-signature.ts';

// Key, service, time and session token of the test suite that AWS publishes for Signature Version 4.
const ID = 'AKIDEXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const TOKEN =
  'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==';
const SUITE: SigningParts = {
  accessKey: { id: ID, secret: SECRET, region: 'us-east-1' },
  service: 'service',
  baseUrl: 'https://example.amazonaws.com',
  now: () => new Date('2015-08-30T12:36:00Z'),
};
const call = (path = '/', headers: Record<string, string> = {}, body = ''): UpstreamCall => ({
  method: 'POST',
  path,
  headers,
  body,
});
const form = (charset: string): UpstreamCall =>
  call('/', { 'content-type': `application/x-www-form-urlencoded${charset}` }, 'Param1=value1');

describe('signatures', () => {
  test.each([
    ['post-vanilla', call(), '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    ['post-vanilla-query', call('/?Param1=value1'), '28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11'],
    ['post-x-www-form-urlencoded', form(''), 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a'],
    [
      'post-x-www-form-urlencoded-parameters',
      form('; charset=utf8'),
      '1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe',
    ],
  ])('are those of the published test suite: %s', async (_, unsigned, signature) => {
    const { headers } = await signerFor(SUITE)(unsigned);
    const names = headers['content-type'] === undefined ? 'host;x-amz-date' : 'content-type;host;x-amz-date';
    expect(headers['authorization']).toBe(
      `AWS4-HMAC-SHA256 Credential=${ID}/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
    );
    expect(headers['x-amz-date']).toBe('20150830T123600Z');
    expect(JSON.stringify(headers)).not.toContain(SECRET);
  });

  test('are those of the published test suite: post-sts-header-before', async () => {
    const sign = signerFor({ ...SUITE, accessKey: { ...SUITE.accessKey, session: TOKEN } });
    const { headers } = await sign(call());
    expect(headers['x-amz-security-token']).toBe(TOKEN);
    expect(headers['authorization']).toMatch(
      /SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead$/,
    );
  });

  test.each([
    ['https://bedrock-runtime.eu-west-1.amazonaws.com', '/model/eu.anthropic.claude-sonnet-4-5-v1%3A0/converse-stream'],
    ['http://127.0.0.1:8123', '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fa/invoke'],
    ['https://vpce.example.com:8443/below/here', '/model/it%27s%20a%20(test)!*/converse?b=2&a=1&a=%20x&c='],
  ])('hold for what stands on the request line: %s%s', async (baseUrl, path) => {
    const sign = signerFor({ ...SUITE, baseUrl, service: 'bedrock' });
    const body = '{"text":"é日本😀"}';
    const signed = await sign(call(path, { 'content-type': 'application/json', accept: '*/*' }, body));
    const { host, pathname } = new URL(baseUrl);
    const received = {
      method: 'POST',
      path: (pathname === '/' ? '' : pathname) + path,
      headers: { ...signed.headers, host },
      body: Buffer.from(body),
    };
    expect(faultOfSignature(received, SECRET)).toBeUndefined();
    expect(signed.headers['accept']).toBe('*/*');
    // Each of these would be noticed.
    expect(faultOfSignature({ ...received, body: Buffer.from(`${body} `) }, SECRET)).toMatch(/was due/);
    expect(faultOfSignature({ ...received, path: `${received.path}x` }, SECRET)).toMatch(/was due/);
    expect(faultOfSignature(received, `${SECRET}x`)).toMatch(/was due/);
  });

  test('bytes are signed as they are, and what is streamed up is refused', async () => {
    const sign = signerFor(SUITE);
    const text = await sign(call('/', {}, '{"a":1}'));
    const bytes = await sign({ ...call(), headers: {}, body: Buffer.from('x{"a":1}').subarray(1) });
    expect(bytes.headers).toEqual(text.headers);
    const { Readable } = await import('node:stream');
    await expect(sign({ ...call(), body: Readable.from(['a']) })).rejects.toThrow(/cannot be signed/);
  });
});
