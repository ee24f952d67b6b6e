import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { RawExchange, exchange, postJson } from '../support/raw-client.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { FORMATS, eventsOf, until } from '../gateway/stage.ts';

const SSE = { 'content-type': 'text/event-stream' };

interface Pair {
  readonly upstream: FakeUpstream;
  readonly gateway: Gateway;
}

async function start(drain: string): Promise<Pair> {
  const upstream = await FakeUpstream.start();
  const gateway = await startGateway(`timers: {drain: ${drain}}\nproviders: {up: {base_url: '${upstream.url}/v1'}}`);
  return { upstream, gateway };
}

function ask(gateway: Gateway, dialect: (typeof FORMATS)[number], model: string, stream = true): RawExchange {
  const client = TEXT_CLIENTS[dialect];
  return new RawExchange(gateway.url, {
    path: client.path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(client.request(model, stream, false)),
  });
}

describe('a gateway that is being stopped', () => {
  test('lets running answers finish, tells everyone else, and ends', async () => {
    const { upstream, gateway } = await start('20s');
    const gate = Promise.withResolvers<void>();
    const big = 'z'.repeat(5_000_000);
    const events = eventsOf(WIRES['openai-chat'].stream({ text: ['one ', big] }));
    upstream.on('m', async (reply) => {
      reply.head(200, SSE);
      for (const event of events.slice(0, 2)) await reply.write(event);
      await gate.promise;
      reply.end(events.slice(2).join(''));
    });
    const running = FORMATS.map((dialect) => ask(gateway, dialect, 'up/m'));
    await Promise.all(running.map((one) => one.until('one ')));
    expect((await exchange(gateway.url, { method: 'GET', path: '/readyz' })).status).toBe(200);
    const closed = gateway.close();
    const ready = await exchange(gateway.url, { method: 'GET', path: '/readyz' });
    expect([ready.status, ready.body.toString()]).toEqual([503, '{"status":"stopping"}']);
    expect((await exchange(gateway.url, { method: 'GET', path: '/healthz' })).status).toBe(200);
    for (const dialect of FORMATS) {
      const late = await ask(gateway, dialect, 'up/m').done;
      expect([late.status, late.headers['retry-after'], late.headers['connection']]).toEqual([503, '1', 'close']);
      expect(Peek.parse(late.body.toString()).at('error', 'code').value).toBe('server_shutdown');
    }
    gate.resolve();
    for (const [index, one] of running.entries()) {
      const answer = await one.done;
      const told = TEXT_CLIENTS[FORMATS[index] ?? 'openai-chat'].read(answer, true);
      expect([answer.end, told.normalEnd, told.text.length]).toEqual(['clean', true, big.length + 4]);
    }
    await closed;
    await upstream.close();
  });

  test('ends what still runs after drain: in the stream where one has begun, with 503 where none has', async () => {
    const { upstream, gateway } = await start('200ms');
    const events = eventsOf(WIRES['openai-chat'].stream({ text: ['one '] }));
    upstream.on('begun', async (reply) => {
      reply.head(200, SSE);
      for (const event of events.slice(0, 2)) await reply.write(event);
    });
    upstream.on('silent', () => undefined);
    upstream.on('head', (reply) => reply.head(200, SSE));
    const begun = FORMATS.map((dialect) => ask(gateway, dialect, 'up/begun'));
    const others = FORMATS.flatMap((dialect) =>
      ['up/silent', 'up/head', 'up/begun'].flatMap((model) =>
        [true, false]
          .filter((stream) => !stream || model !== 'up/begun')
          .map((stream) => ask(gateway, dialect, model, stream)),
      ),
    );
    const sandbox = FORMATS.map((dialect) => ask(gateway, dialect, 'sandbox/echo:tokens=2000,rate=20'));
    await Promise.all(begun.map((one) => one.until('one ')));
    await Promise.all(sandbox.map((one) => one.until('data: ')));
    await until(() => upstream.received.length === begun.length + others.length, 'all calls');
    await gateway.close();
    for (const [index, one] of [...begun, ...sandbox].entries()) {
      const answer = await one.done;
      const told = TEXT_CLIENTS[FORMATS[index % 3] ?? 'openai-chat'].read(answer, true);
      expect([answer.status, answer.end, told.normalEnd, told.error]).toEqual([
        200,
        'clean',
        false,
        'The gateway is being stopped.',
      ]);
    }
    for (const one of others) {
      const answer = await one.done;
      expect([answer.status, Peek.parse(answer.body.toString()).at('error', 'code').value]).toEqual([
        503,
        'server_shutdown',
      ]);
    }
    expect(gateway.log.filter((line) => line.includes('"fault"'))).toEqual([]);
    expect(gateway.log.map((line) => Peek.parse(line).at('error', 'kind').value)).toEqual(
      gateway.log.map(() => 'shutdown'),
    );
    await Promise.all(upstream.received.map(({ abandoned }) => abandoned));
    await upstream.close();
  });

  test('does not wait for connections that are kept for nothing', async () => {
    const { upstream, gateway } = await start('20s');
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    const stopped = performance.now();
    await gateway.close();
    expect(performance.now() - stopped).toBeLessThan(3000);
    expect((await postJson(gateway.url, '/v1/responses', {})).status).toBe(0);
    socket.destroy();
    await upstream.close();
  });
});
