import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeUpstream, answering, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { RawExchange, exchange, postJson } from '../support/raw-client.ts';
import { TEXT_CLIENTS, TEXT_DIALECTS, pathOf } from '../support/text-requests.ts';
import type { TextDialect } from '../support/text-requests.ts';
import { WIRES, textSteps } from '../support/upstream-bodies.ts';
import { PROVIDER, TEXT_PROTOCOLS, matrixConfig } from './cells.ts';
import type { TextProtocol } from './cells.ts';

const PAIRS = TEXT_PROTOCOLS.flatMap((protocol) => TEXT_DIALECTS.map((dialect) => [protocol, dialect] as const));
const JSON_TYPE = { 'content-type': 'application/json' };
const SSE_TYPE = { 'content-type': 'text/event-stream' };

describe('the wire between a client and an upstream', () => {
  let upstream: FakeUpstream;
  let gateway: Gateway;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    gateway = await startGateway(`${matrixConfig(upstream)}timers:\n  keep_alive: 50ms\n`);
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  function request(protocol: TextProtocol, dialect: TextDialect, model: string): { path: string; body: string } {
    const name = `${PROVIDER[protocol]}/${model}`;
    const body = JSON.stringify(TEXT_CLIENTS[dialect].request(name, true, true));
    return { path: pathOf(dialect, name, true), body };
  }

  test.each(PAIRS)('WD-01 WD-08 OR-06 from %s to %s: the headers of a stream are exact', async (protocol, dialect) => {
    const { steps, headers: sent } = textSteps(protocol, ['one']);
    upstream.on('plain', answering(200, sent, Buffer.concat(steps)));
    const { headers } = await exchange(gateway.url, {
      ...request(protocol, dialect, 'plain'),
      headers: { ...JSON_TYPE, 'accept-encoding': 'gzip, br' },
    });
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(headers).not.toHaveProperty('content-length');
    expect(headers).not.toHaveProperty('content-encoding');
    expect(headers['streamweir-request-id']).toMatch(/^\w{8,}/);
    const own = dialect === 'anthropic-messages' ? 'request-id' : 'x-request-id';
    expect(headers[own]).toBe(headers['streamweir-request-id']);
  });

  test.each(PAIRS)(
    'WD-04 OR-12 from %s to %s: the body ends with the answer, though the upstream stays open',
    async (protocol, dialect) => {
      upstream.on('open', async (reply) => {
        const { steps, headers } = textSteps(protocol, ['one']);
        reply.head(200, headers);
        await reply.write(Buffer.concat(steps));
      });
      const client = TEXT_CLIENTS[dialect];
      const answer = await exchange(gateway.url, { ...request(protocol, dialect, 'open'), headers: JSON_TYPE });
      expect(answer.end).toBe('clean');
      expect(client.read(answer, true)).toMatchObject({ text: 'one', normalEnd: true, broken: [] });
    },
  );

  test.each(PAIRS)(
    'WD-07 OR-11 MS-11 from %s to %s: silence is filled with signs of life, between events and not after the end',
    async (protocol, dialect) => {
      const { steps, headers } = textSteps(protocol, ['first ', 'second ']);
      const [first = Buffer.alloc(0), ...rest] = steps;
      const more = Buffer.concat(rest);
      const alive = dialect === 'anthropic-messages' ? 'data: {"type":"ping"}\n\n' : ': keep-alive\n\n';
      const { promise: client, resolve } = Promise.withResolvers<RawExchange>();
      upstream.on('slow', async (reply) => {
        reply.head(200, headers);
        // The pause is inside an event of the upstream, and yet no comment may come to lie inside one of the client's.
        await reply.write(Buffer.concat([first, more.subarray(0, 10)]));
        await (await client).until(alive);
        await reply.write(more.subarray(10));
        reply.end();
      });
      resolve(new RawExchange(gateway.url, { ...request(protocol, dialect, 'slow'), headers: JSON_TYPE }));
      const answer = await (await client).done;
      expect(TEXT_CLIENTS[dialect].read(answer, true)).toMatchObject({
        text: 'first second ',
        normalEnd: true,
        broken: [],
      });
      expect(answer.body.toString().endsWith(alive)).toBe(false);
    },
  );

  test.each(PAIRS)(
    'UP-07 from %s to %s: streams are asked for as they are, and read when compressed all the same',
    async (protocol, dialect) => {
      const { steps, headers } = textSteps(protocol, ['one ', 'two']);
      const packed = gzipSync(Buffer.concat(steps));
      upstream.on('packed', answering(200, { ...headers, 'content-encoding': 'gzip' }, packed, 7));
      const answer = await exchange(gateway.url, {
        ...request(protocol, dialect, 'packed'),
        headers: { ...JSON_TYPE, 'accept-encoding': 'gzip' },
      });
      expect(TEXT_CLIENTS[dialect].read(answer, true)).toMatchObject({ text: 'one two', normalEnd: true, broken: [] });
      expect(upstream.for('packed').at(-1)?.headers['accept-encoding']).toBe('identity');
    },
  );

  test('UP-07 two codings, or one that nobody knows, are a bad response', async () => {
    for (const coding of ['gzip, br', 'snappy']) {
      upstream.on(
        'packed',
        answering(200, { ...SSE_TYPE, 'content-encoding': coding }, gzipSync('data: [DONE]\n\n'), 64),
      );
      const answer = await exchange(gateway.url, {
        ...request('openai-chat', 'openai-chat', 'packed'),
        headers: JSON_TYPE,
      });
      expect(answer.status, coding).toBe(502);
    }
  });

  test('UP-12 a caller chooses neither host nor credential of the upstream', async () => {
    const locked = await startGateway(
      `${matrixConfig(upstream)}  own:\n    protocol: openai-chat\n    base_url: ${upstream.url}/v1\n    api_key: the-operators\n`,
    );
    upstream.on('mine', streaming(WIRES['openai-chat'].stream({ text: ['one'] })));
    const body = {
      ...TEXT_CLIENTS['openai-chat'].request('own/mine', true, false),
      base_url: 'http://127.0.0.1:9',
      api_base: 'http://127.0.0.1:9',
      api_key: 'the-callers',
    };
    const headers = {
      ...JSON_TYPE,
      authorization: 'Bearer the-callers',
      'x-forwarded-host': '127.0.0.1:9',
      'api-key': 'the-callers',
      'openai-organization': 'callers',
    };
    const answer = await exchange(locked.url, { path: '/v1/chat/completions', headers, body: JSON.stringify(body) });
    await locked.close();
    expect(answer.status).toBe(200);
    const sent = upstream.for('mine')[0];
    expect(sent?.headers.authorization).toBe('Bearer the-operators');
    expect(JSON.stringify(sent?.headers)).not.toContain('callers');
    expect(sent?.headers.host).toBe(new URL(upstream.url).host);
  });

  test('UP-11 two identical requests leave as identical bytes', async () => {
    upstream.on('twice', streaming(WIRES['openai-chat'].stream({ text: ['one'] })));
    for (const dialect of TEXT_DIALECTS) {
      const before = upstream.for('twice').length;
      for (let turn = 0; turn < 2; turn += 1)
        await exchange(gateway.url, { ...request('openai-chat', dialect, 'twice'), headers: JSON_TYPE });
      const [one, other] = upstream.for('twice').slice(before);
      expect(one?.body.toString()).toBe(other?.body.toString());
    }
  });

  test('WD-08 errors carry a request id too', async () => {
    const answer = await postJson(gateway.url, '/v1/chat/completions', { model: 'chat/none', messages: [] });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers['streamweir-request-id']).toMatch(/^\w{8,}/);
    expect(Peek.parse(answer.body.toString()).at('error', 'message').text).not.toBe('');
  });
});
