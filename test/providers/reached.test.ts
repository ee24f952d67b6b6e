import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProtocolId } from '../../src/model/block.ts';
import { CATALOG } from '../../src/providers/catalog.ts';
import type { Provider, TaskProtocols } from '../../src/providers/provider.ts';
import { answering, FakeUpstream } from '../support/fake-upstream.ts';
import type { Received } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { RawExchange } from '../support/raw-client.ts';

// Every row is switched on by its environment, its base URL led to a loopback port, and asked for everything it says it has. The answer is a
// refusal each time: what counts is how the question arrives.

const rows = [...CATALOG.values()].filter((row) => row.package === undefined);
const KEY = 'the-key';

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  const env: Record<string, string> = {};
  for (const row of rows) {
    for (const { variables, optional } of row.settings) if (optional !== true) env[variables[0] ?? ''] = 'somewhere';
    for (const variable of row.keyVariables.slice(0, 1)) env[variable] = KEY;
    env[row.baseUrlVariables[0] ?? ''] = `${upstream.url}/${row.name}`;
  }
  gateway = await startGateway('', env);
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

async function asked(path: string, contentType: string, body: string, at: string): Promise<Received> {
  const before = upstream.received.length;
  const answer = await new RawExchange(gateway.url, { path, headers: { 'content-type': contentType }, body }).done;
  const mine = upstream.received.slice(before).filter((request) => request.path.startsWith(`/${at}/`));
  const [first] = mine;
  if (first === undefined) throw new Error(`nothing arrived: ${answer.status} ${answer.body.toString()}`);
  return first;
}

const json = (path: string, body: object, row: Provider): Promise<Received> =>
  asked(path, 'application/json', JSON.stringify({ model: `${row.name}/some-model`, ...body }), row.name);

function shownKey({ headers }: Received, { auth }: Provider): unknown {
  switch (auth) {
    case 'x-api-key':
    case 'x-goog-api-key':
    case 'api-key':
      return headers[auth];
    default:
      return headers.authorization;
  }
}

const TEXT_PATHS: Readonly<Partial<Record<ProtocolId, string>>> = {
  'openai-chat': '/chat/completions',
  'anthropic-messages': '/messages',
  gemini: '/models/some-model:streamGenerateContent?alt=sse',
  'bedrock-converse': '/model/some-model/converse-stream',
};

// Where somebody else hosts a format, its path is another one.
const HOSTED_PATHS: Readonly<Record<string, string>> = {
  vertex: '/projects/somewhere/locations/somewhere/publishers/google/models/some-model:streamGenerateContent?alt=sse',
  'vertex-anthropic': '/projects/somewhere/locations/somewhere/publishers/anthropic/models/some-model:streamRawPredict',
  'bedrock-anthropic': '/model/some-model/invoke-with-response-stream',
};

test.each(rows.filter(({ protocol }) => protocol !== undefined))('$name is asked for text', async (row) => {
  const messages = [{ role: 'user', content: 'Hello' }];
  const request = await json('/v1/chat/completions', { messages, stream: true }, row);
  const path = HOSTED_PATHS[row.name] ?? TEXT_PATHS[row.protocol ?? 'ai-sdk'] ?? 'unknown';
  expect([request.method, request.path]).toEqual(['POST', `/${row.name}${path}`]);
  const key = row.keyVariables.length === 0 ? undefined : KEY;
  const bearer = ['bearer', 'service-account', 'sigv4'].includes(row.auth) && key !== undefined;
  expect(shownKey(request, row)).toBe(bearer ? `Bearer ${KEY}` : key);
  const body = JSON.parse(request.body.toString()) as Record<string, unknown>;
  expect(JSON.stringify(body)).toContain('Hello');
  // Where the model stands in the path it is not in the body as well.
  expect(body['model']).toBe(path.includes('some-model') ? undefined : 'some-model');
  if (row.protocol === 'openai-chat') expect('stream_options' in body).toBe(row.capabilities.streamUsage);
});

type Task = keyof TaskProtocols;
const withTask = (task: Task): readonly Provider[] => rows.filter(({ tasks }) => tasks[task] !== undefined);

test.each(withTask('embedding'))('$name is asked for embeddings', async (row) => {
  const request = await json('/v1/embeddings', { input: 'Hello' }, row);
  const paths: Readonly<Partial<Record<ProtocolId, string>>> = {
    'openai-embeddings': '/embeddings',
    gemini:
      row.hosting === 'vertex'
        ? '/projects/somewhere/locations/somewhere/publishers/google/models/some-model:predict'
        : '/models/some-model:embedContent',
  };
  expect(request.path).toBe(`/${row.name}${paths[row.tasks.embedding ?? 'ai-sdk']}`);
  expect(request.body.toString()).toContain('Hello');
});

test.each(withTask('speech'))('$name is asked to speak', async (row) => {
  const request = await json('/v1/audio/speech', { input: 'Hello', voice: 'nova' }, row);
  expect(request.path).toBe(`/${row.name}/audio/speech`);
  expect(JSON.parse(request.body.toString())).toMatchObject({ model: 'some-model', input: 'Hello', voice: 'nova' });
});

test.each(withTask('transcription'))('$name is asked to write down', async (row) => {
  const part = (head: string, text: string): string =>
    `--cut\r\nContent-Disposition: form-data; ${head}\r\n\r\n${text}\r\n`;
  const body = `${part('name="model"', `${row.name}/some-model`)}${part('name="file"; filename="a.wav"', 'sound')}--cut--\r\n`;
  const request = await asked('/v1/audio/transcriptions', 'multipart/form-data; boundary=cut', body, row.name);
  expect(request.path).toBe(`/${row.name}/audio/transcriptions`);
  expect(request).toMatchObject({ model: 'some-model' });
  expect(request.body.toString('latin1')).toContain('sound');
});

test.each(withTask('image'))('$name is asked for pictures', async (row) => {
  const request = await json('/v1/images/generations', { prompt: 'a cat' }, row);
  expect(request.path).toBe(`/${row.name}/images/generations`);
});

test.each(withTask('rerank'))('$name is asked for rankings', async (row) => {
  const request = await json('/v1/rerank', { query: 'q', documents: ['a', 'b'] }, row);
  expect(request.path).toBe(`/${row.name}/rerank`);
});

test.each(withTask('moderation'))('$name is asked for moderation', async (row) => {
  const request = await json('/v1/moderations', { input: 'Hello' }, row);
  expect(request.path).toBe(`/${row.name}/moderations`);
});

const POSTS = {
  embedding: ['/v1/embeddings', { input: 'Hello' }],
  speech: ['/v1/audio/speech', { input: 'Hello', voice: 'nova' }],
  image: ['/v1/images/generations', { prompt: 'a cat' }],
  rerank: ['/v1/rerank', { query: 'q', documents: ['a'] }],
  moderation: ['/v1/moderations', { input: 'Hello' }],
} as const;

test.each(rows)('$name is not asked for what it does not have: the client is told instead', async (row) => {
  for (const [task, [path, body]] of Object.entries(POSTS)) {
    if (row.tasks[task as Task] !== undefined) continue;
    const answer = await new RawExchange(gateway.url, {
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: `${row.name}/some-model`, ...body }),
    }).done;
    expect([task, answer.status]).toEqual([task, 400]);
    expect(answer.body.toString()).toContain(row.name);
  }
  expect(upstream.received.every(({ path }) => !/undefined|\{/.test(path))).toBe(true);
});

test('deployments have their own paths, with a version', async () => {
  upstream.on('my-gpt', answering(200, { 'content-type': 'application/json' }, '{}'));
  const hosted = await startGateway('', {
    AZURE_API_KEY: KEY,
    AZURE_RESOURCE_NAME: 'mine',
    AZURE_API_VERSION: '2024-10-21',
    AZURE_BASE_URL: `${upstream.url}/openai/v1`,
  });
  const before = upstream.received.length;
  await new RawExchange(hosted.url, {
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json' },
    body: '{"model":"azure/my-gpt","messages":[{"role":"user","content":"Hello"}]}',
  }).done;
  await hosted.close();
  expect(upstream.received[before]).toMatchObject({
    path: '/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21',
    headers: { 'api-key': KEY },
  });
});
