import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { LoadOptions } from '../../src/config/load.ts';
import type { Snapshot } from '../../src/config/snapshot.ts';
import { COMPATIBLE_TASKS } from '../../src/providers/provider.ts';

const folder = mkdtempSync(join(tmpdir(), 'streamweir-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function good(options: Partial<LoadOptions>): Snapshot {
  const loaded = loadConfig({ text: '', env: {}, ...options });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.snapshot;
}

test('without file, environment and flags everything has its documented default', () => {
  expect(good({})).toEqual({
    host: '127.0.0.1',
    port: 8080,
    dataDir: 'data',
    upstreams: new Map(),
    aliases: new Map(),
    discover: false,
    limits: {
      body: 40 * 2 ** 20,
      jsonDepth: 64,
      jsonTokens: 250_000,
      uploadFile: 25e6,
      uploadField: 64e3,
      uploadParts: 64,
      upstreamEvent: 8e6,
      upstreamBody: 32e6,
      streamTotal: 64e6,
      audioTotal: 512e6,
      streamBuffer: 256e3,
    },
    timers: { keepAlive: 15_000, commitWait: 45_000, writeStall: 30_000, drain: 30_000, usageGrace: 1000 },
    store: { driver: 'sqlite', retention: 30 * 86_400_000, maxSize: 256 * 2 ** 20 },
    webSocket: true,
    dialects: { responsesDoneMarker: false, chatReasoningField: 'reasoning_content' },
    logLevel: 'info',
  });
});

test('an entry of the file becomes an upstream, with the deadlines it names and the default of the others', () => {
  const text = `
providers:
  acme:
    protocol: openai-responses
    base_url: http://127.0.0.1:9000/v1/
    api_key: \${ACME_KEY}
    timeout: 90s
    idle_timeout: 2m
    models: [large, org/small]
    capabilities: { stream_usage: false, developer_role: true }
    transcription: { delta: cumulative }
`;
  expect(good({ text, env: { ACME_KEY: 'k-1' } }).upstreams.get('acme')).toEqual({
    name: 'acme',
    protocol: 'openai-responses',
    baseUrl: 'http://127.0.0.1:9000/v1',
    apiKey: 'k-1',
    auth: 'bearer',
    tasks: COMPATIBLE_TASKS,
    deadlines: { connect: 5000, first: 90_000, idle: 120_000, progress: 300_000, stream: 3_600_000, whole: 300_000 },
    capabilities: {
      streamUsage: false,
      maxCompletionTokens: false,
      developerRole: true,
      namedChoiceStops: false,
      transcriptDelta: 'cumulative',
      schemaOutput: 'native',
    },
    models: ['large', 'org/small'],
  });
});

test('connecting never takes longer than the attempt that it is a part of', () => {
  const text = 'providers: { acme: { base_url: "http://127.0.0.1:9000/v1", timeout: 2s } }';
  expect(good({ text }).upstreams.get('acme')?.deadlines).toMatchObject({ connect: 2000, first: 2000 });
});

test('every section of the file reaches the snapshot', () => {
  const text = `
server: { host: localhost, port: 9999 }
limits: { body: 1MiB, json_depth: 10, stream_buffer: 64KiB }
timers: { keep_alive: 0s, drain: 5m }
responses: { done_marker: true }
chat: { reasoning_field: both }
log: { level: debug }
data_dir: /var/lib/streamweir
`;
  expect(good({ text })).toMatchObject({
    host: 'localhost',
    port: 9999,
    limits: { body: 2 ** 20, jsonDepth: 10, streamBuffer: 2 ** 16, upstreamEvent: 8e6 },
    timers: { keepAlive: 0, drain: 300_000, commitWait: 45_000 },
    dialects: { responsesDoneMarker: true, chatReasoningField: 'both' },
    logLevel: 'debug',
    dataDir: '/var/lib/streamweir',
  });
});

test('the command line wins over the environment, the environment over the file', () => {
  const text = 'server: { host: 127.0.0.2, port: 2 }\nlog: { level: warn }\ndata_dir: two';
  const env = { HOST: '127.0.0.3', PORT: '3', LOG_LEVEL: 'ERROR' };
  expect(good({ text })).toMatchObject({ host: '127.0.0.2', port: 2, logLevel: 'warn', dataDir: 'two' });
  expect(good({ text, env })).toMatchObject({ host: '127.0.0.3', port: 3, logLevel: 'error', dataDir: 'two' });
  expect(good({ text, env, host: '[::1]', port: 0, dataDir: 'four' })).toMatchObject({
    host: '::1',
    port: 0,
    dataDir: 'four',
  });
});

test('variables are filled in wherever a value stands, typed or not, and only there', () => {
  const text = `
server: { port: "\${P}" }
limits: { json_depth: "\${D:-12}", body: "\${SIZE:-}\${UNIT:-2MB}" }
responses: { done_marker: "\${MARK}" }
data_dir: a$\${b}\${EMPTY:-c}\${COLON}
`;
  const env = { P: '81', MARK: 'true', EMPTY: '', COLON: ': {x: [' };
  expect(good({ text, env })).toMatchObject({
    port: 81,
    limits: { jsonDepth: 12, body: 2e6 },
    dialects: { responsesDoneMarker: true },
    dataDir: 'a${b}c: {x: [',
  });
});

test('a secret may be mounted as a file, for a provider of the catalog and for a variable of the file alike', () => {
  const path = join(folder, 'secret');
  writeFileSync(path, 'from-a-file\n');
  const text = 'providers: { acme: { base_url: "http://127.0.0.1:9000/v1", api_key: "${ACME_KEY}" } }';
  const { upstreams } = good({ text, env: { ACME_KEY_FILE: path, GROQ_API_KEY_FILE: path } });
  expect([upstreams.get('acme')?.apiKey, upstreams.get('groq')?.apiKey]).toEqual(['from-a-file', 'from-a-file']);
});

test('anchors and aliases work', () => {
  const text = 'providers:\n  a: &a { base_url: "http://127.0.0.1:9000/v1", timeout: 7s }\n  b: *a\n';
  expect(good({ text }).upstreams.get('b')?.deadlines.first).toBe(7000);
});

test('a key that is not set is left out with a warning that says where', () => {
  const text = 'providers:\n  acme:\n    base_url: http://127.0.0.1:9000/v1\n    api_key: ${ACME_KEY}\n';
  const loaded = loadConfig({ file: 'a.yaml', text, env: { ACME_KEY: ' ' } });
  expect(loaded.ok && loaded.snapshot.upstreams.get('acme')).not.toHaveProperty('apiKey');
  expect(loaded.warnings).toMatchObject([{ file: 'a.yaml', line: 4, column: 14 }]);
  expect(loaded.warnings[0]?.message).toContain('ACME_KEY');
});

test('a file is read by its path', () => {
  const file = join(folder, 'some.yaml');
  writeFileSync(file, 'server: { port: 4 }');
  const loaded = loadConfig({ file, env: {} });
  expect(loaded.ok && loaded.snapshot.port).toBe(4);
});
