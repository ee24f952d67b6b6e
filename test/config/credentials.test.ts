import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { LoadResult } from '../../src/config/load.ts';
import type { Upstream } from '../../src/config/snapshot.ts';

const folder = mkdtempSync(join(tmpdir(), 'streamweir-credentials-'));
afterAll(() => rmSync(folder, { recursive: true }));

function load(text: string, env: Readonly<Record<string, string>> = {}): LoadResult {
  return loadConfig({ text, env });
}

function upstream(name: string, text: string, env: Readonly<Record<string, string>> = {}): Upstream {
  const loaded = load(text, env);
  const found = loaded.ok ? loaded.snapshot.upstreams.get(name) : undefined;
  if (found === undefined) throw new Error(JSON.stringify(loaded));
  return found;
}

const ACCOUNT = {
  type: 'service_account',
  client_email: 'gateway@project.example',
  private_key: '-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n',
  private_key_id: 'key-7',
  token_uri: 'http://127.0.0.1:9/token',
};
const LOGIN = { type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'r' };
const PROJECT = { GOOGLE_VERTEX_PROJECT: 'p', GOOGLE_VERTEX_LOCATION: 'global' };

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

test('the key file of a service account, a login, and the machine itself are sources of tokens', () => {
  const path = file('account.json', ACCOUNT);
  const account = {
    kind: 'account',
    email: ACCOUNT.client_email,
    privateKey: ACCOUNT.private_key,
    keyId: 'key-7',
    tokenUrl: ACCOUNT.token_uri,
  };
  const env = { ...PROJECT, GOOGLE_APPLICATION_CREDENTIALS: path };
  expect(upstream('vertex', '', env).tokenSource).toEqual(account);
  expect(upstream('vertex-anthropic', '', env).tokenSource).toEqual(account);
  const inline = `providers: { vertex: { project: p, credentials: '${JSON.stringify(ACCOUNT)}' } }`;
  expect(upstream('vertex', inline).tokenSource).toEqual(account);
  const login = `providers: { vertex: { project: p, credentials: "${file('login.json', LOGIN)}" } }`;
  expect(upstream('vertex', login).tokenSource).toEqual({
    kind: 'grant',
    clientId: 'c',
    clientSecret: 's',
    refreshToken: 'r',
    tokenUrl: 'https://oauth2.googleapis.com/token',
  });
  const machine = {
    kind: 'machine',
    tokenUrl: 'http://here:80/computeMetadata/v1/instance/service-accounts/default/token',
  };
  const nothing = 'providers: { vertex: { project: p } }';
  expect(upstream('vertex', nothing, { GCE_METADATA_HOST: 'here:80' }).tokenSource).toEqual(machine);
});

test('a token of its own goes before all others, and a base URL of ones own gets none that the file does not name', () => {
  const env = {
    ...PROJECT,
    GOOGLE_VERTEX_ACCESS_TOKEN: 'ya29',
    GOOGLE_APPLICATION_CREDENTIALS: file('a.json', ACCOUNT),
  };
  expect(upstream('vertex', '', env)).toMatchObject({ apiKey: 'ya29', auth: 'service-account' });
  expect(upstream('vertex', '', env)).not.toHaveProperty('tokenSource');
  const own = upstream('vertex', 'providers: { vertex: { base_url: "http://127.0.0.1:9/v1" } }', env);
  expect(own).not.toHaveProperty('apiKey');
  expect(own).not.toHaveProperty('tokenSource');
});

test.each([
  ['a file that is not there', join(folder, 'absent.json'), 'cannot read'],
  ['a file that is no JSON', file('text.json', 'canary'), 'not a credential'],
  ['JSON of another kind', file('other.json', { type: 'external_account', canary: 1 }), 'not a credential'],
])('%s is a problem that quotes nothing of it', (_, path, words) => {
  for (const loaded of [
    load(`providers: { vertex: { project: p, credentials: "${path}" } }`),
    load('providers: { vertex: { project: p } }', { GOOGLE_APPLICATION_CREDENTIALS: path }),
  ]) {
    const problems = loaded.ok ? [] : loaded.problems;
    expect(problems.map(({ message }) => message).join()).toContain(words);
    expect(JSON.stringify(loaded)).not.toContain('canary');
  }
});

test('a key that signs comes in parts from environment or file, and wants a region; a bearer token goes before it', () => {
  const parts = {
    AWS_ACCESS_KEY_ID: 'AK',
    AWS_SECRET_ACCESS_KEY: 'SK',
    AWS_SESSION_TOKEN: 'ST',
    AWS_REGION: 'eu-west-1',
  };
  const both = upstream('bedrock', '', parts);
  expect(both).toMatchObject({
    baseUrl: 'https://bedrock-runtime.eu-west-1.amazonaws.com',
    auth: 'sigv4',
    accessKey: { id: 'AK', secret: 'SK', session: 'ST', region: 'eu-west-1' },
    hosting: { style: 'bedrock' },
  });
  expect(both).not.toHaveProperty('apiKey');
  const bearer = upstream('bedrock', '', { ...parts, AWS_BEARER_TOKEN_BEDROCK: 'bt' });
  expect(bearer).toMatchObject({ apiKey: 'bt' });
  expect(bearer).not.toHaveProperty('accessKey');
  const { AWS_REGION: _region, ...nowhere } = parts;
  expect(load('', nowhere)).toMatchObject({ ok: true });
  const text = 'providers: { bedrock: { region: us-east-1, access_key_id: A, secret_access_key: S } }';
  expect(upstream('bedrock', text).accessKey).toEqual({ id: 'A', secret: 'S', region: 'us-east-1' });
  for (const half of [
    'providers: { bedrock: { region: us-east-1, access_key_id: A } }',
    'providers: { mine: { protocol: bedrock-converse, base_url: "http://127.0.0.1:9", access_key_id: A, secret_access_key: S } }',
  ])
    expect(load(half)).toMatchObject({ ok: false });
});

test('a format of its own shows its key as its makers do, and the file may say otherwise', () => {
  const mine = (more: string): Upstream =>
    upstream('mine', `providers: { mine: { base_url: "http://127.0.0.1:9/v1", api_key: k, ${more} } }`);
  expect(mine('protocol: anthropic-messages').auth).toBe('x-api-key');
  expect(mine('protocol: gemini').auth).toBe('x-goog-api-key');
  expect(mine('protocol: openai-responses').auth).toBe('bearer');
  expect(mine('protocol: anthropic-messages, auth: bearer').auth).toBe('bearer');
  expect(mine('auth: none')).not.toHaveProperty('apiKey');
});

test('what a server offers besides text is what its format usually has, unless the file says otherwise', () => {
  const mine = (more: string): Upstream =>
    upstream('mine', `providers: { mine: { base_url: "http://127.0.0.1:9/v1"${more} } }`);
  expect(mine('').tasks).toHaveProperty('embedding', 'openai-embeddings');
  expect(mine(', protocol: anthropic-messages').tasks).toEqual({});
  const said = mine(', protocol: anthropic-messages, tasks: { rerank: cohere-rerank, image_edit: openai-images }');
  expect(said.tasks).toEqual({ rerank: 'cohere-rerank', 'image-edit': 'openai-images' });
  expect(mine(', tasks: { speech: none, moderation: none }').tasks).not.toHaveProperty('speech');
});

test('a version turns a resource into deployments, below a base URL without one', () => {
  const base = 'https://mine.openai.azure.com/openai';
  const plain = 'providers: { azure: { resource: mine, api_key: k } }';
  expect(upstream('azure', plain)).toMatchObject({ baseUrl: `${base}/v1`, auth: 'api-key' });
  expect(upstream('azure', plain)).not.toHaveProperty('hosting');
  const dated = 'providers: { azure: { resource: mine, api_key: k, api_version: "2024-10-21" } }';
  expect(upstream('azure', dated)).toMatchObject({
    baseUrl: base,
    hosting: { style: 'azure', apiVersion: '2024-10-21' },
  });
});

test('other names of a row lead to its one upstream; a workspace may be given with its scheme', () => {
  const loaded = load('', { GEMINI_API_KEY: 'k', DATABRICKS_HOST: 'https://dbc.example.com/', DATABRICKS_TOKEN: 't' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const { upstreams, aliases } = loaded.snapshot;
  expect([...upstreams.keys()]).toEqual(['google', 'databricks']);
  expect(aliases.get('gemini')).toBe(upstreams.get('google'));
  expect(upstreams.get('databricks')?.baseUrl).toBe('https://dbc.example.com/serving-endpoints');
  const named = load('providers: { gemini: {} }', { GEMINI_API_KEY: 'k' });
  expect(named.ok && [...named.snapshot.upstreams.keys()]).toEqual(['gemini']);
  expect(named.ok && named.snapshot.aliases.get('google')?.name).toBe('gemini');
});

test("a base URL variable that a vendor's own clients complete is completed here as well", () => {
  expect(upstream('anthropic', '', { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' }).baseUrl).toBe('http://127.0.0.1:9/v1');
  expect(upstream('anthropic', '', { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9/x/' }).baseUrl).toBe(
    'http://127.0.0.1:9/x',
  );
});

test('a package is a protocol of its own and needs no base URL', () => {
  const text = 'providers: { far: { package: "@ai-sdk/some", api_key: k, options: { deep: { n: 1 } }, models: [m] } }';
  expect(upstream('far', text)).toMatchObject({
    protocol: 'ai-sdk',
    baseUrl: '',
    tasks: {},
    bridge: { package: '@ai-sdk/some', options: { deep: { n: 1 } } },
  });
});
