import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { FakeUpstream, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { RawExchange } from '../support/raw-client.ts';
import type { RawAnswer } from '../support/raw-client.ts';

const PEM = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });

interface Cloud {
  readonly upstream: FakeUpstream;
  readonly tokens: () => number;
  readonly ask: (model: string, stream?: boolean) => Promise<RawAnswer>;
}

/** A cloud on loopback ports: a token endpoint that answers with `status`, an upstream, and a gateway that knows both. */
async function cloud(status = 200): Promise<Cloud> {
  let asked = 0;
  const endpoint = createServer((_request, response) => {
    asked++;
    response.writeHead(status).end(JSON.stringify({ access_token: `token-${asked}`, expires_in: 3600 }));
  });
  await new Promise<void>((done) => endpoint.listen(0, '127.0.0.1', done));
  const upstream = await FakeUpstream.start();
  const key = {
    client_email: 'gateway@project.example',
    private_key: PEM.toString(),
    token_uri: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/token`,
  };
  const entry = (name: string): string =>
    `  ${name}: { base_url: "${upstream.url}/v1", project: my-project, location: europe-west4, credentials: ${JSON.stringify(JSON.stringify(key))} }\n`;
  const gateway = await startGateway(`providers:\n${entry('vertex')}${entry('vertex-anthropic')}`);
  onTestFinished(async () => {
    await gateway.close();
    await upstream.close();
    await new Promise((done) => endpoint.close(done).closeAllConnections());
  });
  return {
    upstream,
    tokens: () => asked,
    ask: (model, stream = false) =>
      new RawExchange(gateway.url, {
        path: '/v1/chat/completions',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'Hello' }] }),
      }).done,
  };
}

const PLACE = '/v1/projects/my-project/locations/europe-west4/publishers';
const HELLO =
  'data: {"candidates":[{"content":{"role":"model","parts":[{"text":"Hello"}]},"finishReason":"STOP"}]}\n\n';

test('calls of a cloud carry a token that was fetched once for all of them, and name project and location', async () => {
  const { upstream, tokens, ask } = await cloud();
  for (const name of ['a', 'b', 'c', 'd']) upstream.on(name, streaming(HELLO));
  const answers = await Promise.all(['a', 'b', 'c'].map((name) => ask(`vertex/${name}`, true)));
  for (const answer of answers)
    expect([answer.status, answer.body.toString()]).toEqual([200, expect.stringContaining('Hello')]);
  expect(await ask('vertex/d')).toMatchObject({ status: 200 });
  const calls = upstream.received.map(({ path, headers }) => [path, headers.authorization]);
  expect(calls).toHaveLength(4);
  expect(calls[3]).toEqual([`${PLACE}/google/models/d:streamGenerateContent?alt=sse`, 'Bearer token-1']);
  expect(new Set(calls.map(([, shown]) => shown))).toEqual(new Set(['Bearer token-1']));
  expect(tokens()).toBe(1);
});

test('the other format that the same cloud hosts says its version in the body and the model in the path', async () => {
  const { upstream, ask } = await cloud();
  await ask('vertex-anthropic/claude-sonnet-4-5@20250929', true);
  const [call] = upstream.received;
  expect(call?.path).toBe(`${PLACE}/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict`);
  const body = Peek.parse(call?.body.toString() ?? '');
  expect(body.at('model').given).toBe(false);
  expect(body.at('anthropic_version').text).toBe('vertex-2023-10-16');
});

test('when no token is to be had the client is told so in its own format, and the upstream is not asked', async () => {
  const { upstream, ask } = await cloud(400);
  const answer = await ask('vertex/a', true);
  expect(answer.status).toBe(502);
  const error = Peek.parse(answer.body.toString()).at('error');
  expect(error.at('code').text).toBe('upstream_auth');
  expect(error.at('message').text).toContain('HTTP 400');
  expect(upstream.received).toEqual([]);
});
