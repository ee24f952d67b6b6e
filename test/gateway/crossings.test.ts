import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { FakeUpstream, answering, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import type { RawAnswer } from '../support/raw-client.ts';
import { TEXT_DIALECTS, askPlainly } from '../support/text-requests.ts';
import type { TextDialect } from '../support/text-requests.ts';

const KEY = 'upstream/secret+4711=';
const JSON_TYPE = { 'content-type': 'application/json' };

/** How each protocol's upstream tells of an error. */
const TELLINGS: Readonly<Record<string, (status: number, message: string) => unknown>> = {
  'openai-chat': (_, message) => ({ error: { message, type: 'invalid_request_error', param: null, code: null } }),
  'openai-responses': (_, message) => ({ error: { message, type: 'invalid_request_error', param: null, code: null } }),
  'anthropic-messages': (_, message) => ({ type: 'error', error: { type: 'invalid_request_error', message } }),
  gemini: (code, message) => ({ error: { code, message, status: 'NOT_FOUND', details: [{ reason: message }] } }),
  'bedrock-converse': (_, message) => ({ message }),
};

describe('a refusal of an upstream', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    const rows = Object.keys(TELLINGS).map(
      (protocol) =>
        `  at-${protocol}: { protocol: ${protocol}, base_url: "${upstream.url}/v1", api_key: "${KEY}", auth: bearer }`,
    );
    gateway = await startGateway(`providers:\n${rows.join('\n')}\n`);
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  function refused(dialect: TextDialect, protocol: string, status: number, message: string): Promise<RawAnswer> {
    const model = `${protocol}-${dialect}-${status}`;
    upstream.on(model, answering(status, JSON_TYPE, JSON.stringify(TELLINGS[protocol]?.(status, message))));
    return askPlainly(gateway.url, dialect, `at-${protocol}/${model}`, { stream: true, usage: false });
  }

  const pairs = Object.keys(TELLINGS).flatMap((protocol) =>
    TEXT_DIALECTS.map((dialect) => [protocol, dialect] as const),
  );

  test.each(pairs)(
    'FM-51 from %s that repeats the key it was shown reaches %s without it',
    async (protocol, dialect) => {
      for (const status of [400, 404, 429, 500, 503]) {
        const encoded = Buffer.from(KEY).toString('base64');
        const answer = await refused(
          dialect,
          protocol,
          status,
          `got ${KEY} ${encodeURIComponent(KEY)} ${encoded} here`,
        );
        const told = answer.body.toString();
        expect(told).toContain('got [key] [key] [key] here');
        for (const secret of [KEY, encodeURIComponent(KEY), encoded]) expect(told).not.toContain(secret);
      }
      for (const line of gateway.log) expect(line).not.toContain(KEY);
    },
  );

  test.each(pairs.filter(([protocol]) => protocol !== 'bedrock-converse'))(
    'FM-51 so does one that %s tells of inside a 200, to %s',
    async (protocol, dialect) => {
      const model = `inside-${protocol}-${dialect}`;
      const error = JSON.stringify(TELLINGS[protocol]?.(400, `got ${KEY} here`));
      upstream.on(model, streaming(`event: error\ndata: ${error}\n\n`));
      const answer = await askPlainly(gateway.url, dialect, `at-${protocol}/${model}`, { stream: true, usage: false });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.body.toString()).toContain('got [key] here');
      expect(answer.body.toString()).not.toContain(KEY);
    },
  );

  test.each([
    ['1.5', '2', '1500'],
    ['-3', '5', '5000'],
    ['', '5', '5000'],
    ['soon', '5', '5000'],
    ['99999', '60', '60000'],
  ])('that asks to wait for "%s" has its client wait for %s seconds', async (told, seconds, ms) => {
    const body = JSON.stringify(TELLINGS['openai-chat']?.(429, 'slow down'));
    upstream.on('waiting', answering(429, { ...JSON_TYPE, 'retry-after': told }, body));
    for (const dialect of TEXT_DIALECTS) {
      const { headers } = await askPlainly(gateway.url, dialect, 'at-openai-chat/waiting', {
        stream: true,
        usage: false,
      });
      expect(headers).toMatchObject({ 'retry-after': seconds, 'retry-after-ms': ms });
    }
  });

  test.each(['openai-chat', 'openai-responses', 'openai-completions'] as const)(
    'of a model that is not there reaches %s in words of its own format',
    async (dialect) => {
      for (const protocol of ['gemini', 'bedrock-converse']) {
        const answer = await refused(dialect, protocol, 404, 'no such model');
        expect(answer.status).toBe(404);
        const error = Peek.parse(answer.body.toString()).at('error');
        expect(error.at('type').text).toBe('invalid_request_error');
        expect(error.at('code').text).toBe('not_found');
      }
    },
  );
});

describe('a model that is called like a step in a path', () => {
  test.each([
    ['bedrock-converse', 'protocol: bedrock-converse'],
    ['gemini', 'protocol: gemini'],
    ['a deployment', 'kind: azure, api_version: "2024-10-21"'],
  ])('is refused where it would stand in one: %s', async (_what, how) => {
    const upstream = await FakeUpstream.start();
    const gateway = await startGateway(
      `providers:\n  far: { ${how}, base_url: "${upstream.url}/v1", api_key: a-key-of-ours, auth: bearer }\n`,
    );
    onTestFinished(async () => {
      await gateway.close();
      await upstream.close();
    });
    for (const model of ['..', '.']) {
      const answer = await askPlainly(gateway.url, 'openai-chat', `far/${model}`, { stream: true, usage: false });
      expect(answer.status).toBe(400);
      expect(Peek.parse(answer.body.toString()).at('error', 'param').text).toBe('model');
    }
    expect(upstream.received).toEqual([]);
    // Dots inside of a name are a name.
    await askPlainly(gateway.url, 'openai-chat', 'far/v1..2', { stream: true, usage: false });
    expect(upstream.received).toHaveLength(1);
  });
});
