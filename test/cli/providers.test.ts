import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { CATALOG } from '../../src/providers/catalog.ts';
import { streamweir } from './program.ts';

const cwd = mkdtempSync(join(tmpdir(), 'streamweir-providers-'));
afterAll(() => rmSync(cwd, { recursive: true }));

test('providers lists every row with what it needs, marks what is configured, and prints no key', async () => {
  const env = {
    GROQ_API_KEY: 'canary-1',
    AWS_ACCESS_KEY_ID: 'canary-2',
    AWS_SECRET_ACCESS_KEY: 'canary-3',
    AWS_REGION: 'eu-west-1',
  };
  const program = streamweir(['providers'], { cwd, env });
  expect(await program.ended).toEqual({ code: 0, signal: null });
  const lines = program.stdout().split('\n');
  for (const { name } of CATALOG.values())
    expect(lines.some((line) => line.startsWith(`  ${name} `) || line.startsWith(`* ${name} `))).toBe(true);
  expect(lines.filter((line) => line.startsWith('* ')).map((line) => line.split(' ')[1])).toEqual([
    'bedrock',
    'bedrock-anthropic',
    'groq',
  ]);
  expect(program.stdout()).toContain('groq: https://api.groq.com/openai/v1 (openai-chat, with a key)');
  expect(program.stdout()).toContain(
    'bedrock: https://bedrock-runtime.eu-west-1.amazonaws.com (bedrock-converse, with a key that signs)',
  );
  expect(program.stdout()).toMatch(
    /azure +Azure OpenAI +AZURE_API_KEY or AZURE_OPENAI_API_KEY, and AZURE_RESOURCE_NAME/,
  );
  expect(program.stdout()).not.toContain('canary');
});

test('--json gives the same as data, with the packages that are still to be installed', async () => {
  writeFileSync(
    join(cwd, 'own.yaml'),
    'providers: { far: { package: "@ai-sdk/not-installed-here", api_key: canary } }',
  );
  const program = streamweir(['providers', '--json', '--config', 'own.yaml'], { cwd });
  expect(await program.ended).toEqual({ code: 0, signal: null });
  const data = JSON.parse(program.stdout()) as { readonly configured: unknown; readonly providers: readonly object[] };
  expect(data.configured).toMatchObject([
    {
      name: 'far',
      protocol: 'ai-sdk',
      credential: 'with a key',
      package: '@ai-sdk/not-installed-here',
      installed: false,
    },
  ]);
  expect(data.providers).toHaveLength(CATALOG.size);
  expect(data.providers[0]).toMatchObject({
    name: 'openai',
    needs: { all: [['OPENAI_API_KEY']], urls: ['OPENAI_BASE_URL'] },
  });
  expect(program.stdout()).not.toContain('canary');
});

test('a configuration that cannot be used is told as by check, with the same exit code', async () => {
  writeFileSync(join(cwd, 'bad.yaml'), 'providers: { far: { bass_url: x } }');
  const program = streamweir(['providers', '--config', 'bad.yaml'], { cwd });
  expect(await program.ended).toEqual({ code: 78, signal: null });
  expect(program.stderr()).toContain('did you mean `base_url`');
});

test('a package that is not installed is said at once, by check as well', async () => {
  const program = streamweir(['check', '--config', 'own.yaml'], { cwd });
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(program.stdout()).toContain('NOT INSTALLED: npm install @ai-sdk/not-installed-here');
});

test('with discover: true, a server at the default port of its row is found when the program starts', async ({
  skip,
}) => {
  const server = createServer((_request, response) => {
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"object":"list","data":[{"id":"local-model"}]}');
  });
  const taken = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(true)).listen(1234, '127.0.0.1', () => resolve(false));
  });
  if (taken) skip('another program listens on port 1234');
  onTestFinished(() => void server.close());
  writeFileSync(join(cwd, 'discover.yaml'), 'discover: true\n');
  const listed = streamweir(['providers', '--config', 'discover.yaml'], { cwd });
  expect(await listed.ended).toEqual({ code: 0, signal: null });
  expect(listed.stdout()).toContain('lmstudio: http://127.0.0.1:1234/v1 (openai-chat, no key)');
  const serving = streamweir(['serve', '--config', 'discover.yaml', '--port', '0'], { cwd });
  await serving.told(/provider lmstudio: http:\/\/127\.0\.0\.1:1234\/v1/);
  serving.child.kill('SIGTERM');
  expect(await serving.ended).toEqual({ code: 0, signal: null });
});
