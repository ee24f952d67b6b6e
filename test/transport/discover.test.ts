import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { Snapshot } from '../../src/config/snapshot.ts';
import { CATALOG } from '../../src/providers/catalog.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { withLocalServers } from '../../src/transport/discover.ts';
import { answering, FakeUpstream } from '../support/fake-upstream.ts';
import type { Play } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';

function snapshot(text = '', port = 0): Snapshot {
  const loaded = loadConfig({ text, env: {}, port });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.snapshot;
}

/** A row of the catalog whose server is somewhere else than at its default port. */
function rowAt(name: string, baseUrl: string): Provider {
  const row = CATALOG.get(name);
  if (row === undefined) throw new Error(`no row ${name}`);
  return { ...row, baseUrl };
}

async function server(play: Play): Promise<string> {
  const upstream = await FakeUpstream.start();
  onTestFinished(() => upstream.close());
  // Requests without a body name no model.
  upstream.on('', play);
  return `${upstream.url}/v1`;
}

const json = (body: string, status = 200): Play => answering(status, { 'content-type': 'application/json' }, body);
const MODELS = '{"object":"list","data":[{"id":"qwen3-8b","object":"model"}]}';

async function found(rows: readonly Provider[], from = snapshot(), wait = 2_000): Promise<readonly string[]> {
  return [...(await withLocalServers(from, { env: {}, rows, wait })).upstreams.keys()];
}

test('a server that lists models at the port of its row becomes an upstream, with what its row knows', async () => {
  const baseUrl = await server(json(MODELS));
  const after = await withLocalServers(snapshot(), { env: {}, rows: [rowAt('ollama', baseUrl)] });
  expect(after.upstreams.get('ollama')).toMatchObject({
    name: 'ollama',
    row: 'ollama',
    baseUrl,
    protocol: 'openai-chat',
  });
});

test.each([
  ['another program', json('<html></html>')],
  ['one that lists something else', json('{"items":[]}')],
  ['one that refuses', json(MODELS, 401)],
  ['another gateway of this kind', json('{"object":"list","data":[{"id":"sandbox/echo","object":"model"}]}')],
  ['one that breaks off', (reply) => reply.reset()],
] satisfies readonly (readonly [string, Play])[])('%s at such a port is no upstream', async (_, play) => {
  expect(await found([rowAt('vllm', await server(play))])).toEqual([]);
});

test('all are asked at once under one deadline, and who is silent holds nobody up', async () => {
  const asked = Promise.withResolvers<void>();
  const silent = await server(() => asked.resolve());
  // Were one asked after the other, the silent one would use the whole deadline up, and this one would be told too late.
  const patient = await server(async (reply, request) => {
    await asked.promise;
    await json(MODELS)(reply, request);
  });
  const gone = rowAt('llamacpp', 'http://127.0.0.1:1/v1');
  expect(await found([rowAt('vllm', silent), gone, rowAt('ollama', patient)], snapshot(), 400)).toEqual(['ollama']);
});

test('the gateway does not find itself, and what is configured is not looked for', async () => {
  const baseUrl = await server(json(MODELS));
  const port = Number(new URL(baseUrl).port);
  expect(await found([rowAt('llamacpp', baseUrl)], snapshot('', port))).toEqual([]);
  const configured = snapshot('providers: { ollama: { base_url: "http://127.0.0.1:9/v1" } }');
  const after = await withLocalServers(configured, { env: {}, rows: [rowAt('ollama', baseUrl)] });
  expect(after.upstreams.get('ollama')?.baseUrl).toBe('http://127.0.0.1:9/v1');
});

test('the models of a running gateway are taken for those of a gateway', async () => {
  const gateway = await startGateway('');
  onTestFinished(() => gateway.close());
  expect(await found([rowAt('llamacpp', `${gateway.url}/v1`)])).toEqual([]);
});
