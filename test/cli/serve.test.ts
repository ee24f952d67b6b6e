import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { streamweir } from './program.ts';
import type { Program } from './program.ts';

const cwd = mkdtempSync(join(tmpdir(), 'streamweir-serve-'));
afterAll(() => rmSync(cwd, { recursive: true }));

const started: Program[] = [];
afterEach(() => {
  for (const program of started.splice(0)) program.child.kill('SIGKILL');
});

function serve(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Program {
  const program = streamweir(['serve', '--port', '0', ...args], { cwd, env });
  started.push(program);
  return program;
}

async function url(program: Program): Promise<string> {
  return (await program.told(/listens on (http:\/\/\S+)\n/))[1] ?? '';
}

// A slow stream, open until the gateway ends it.
async function openStream(base: string): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const body = { model: 'sandbox/echo:rate=5,tokens=500', stream: true, messages: [{ role: 'user', content: 'x' }] };
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${base}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body) });
  const reader = answer.body?.getReader();
  if (reader === undefined) throw new Error('no body');
  await reader.read();
  return reader;
}

test('without any provider it says that the sandbox answers, and the printed command, pasted into a shell, streams', async () => {
  const program = serve();
  await program.told(/\n {2}curl .*\n/);
  expect(program.stderr()).toContain('no provider is configured: every model name is answered by the sandbox');
  const command = /^ {2}(curl .*)$/m.exec(program.stderr())?.[1] ?? '';
  const { stdout } = spawnSync('sh', ['-c', `${command} -s`], { encoding: 'utf8' });
  expect(stdout).toMatch(/^data: \{/);
  expect(stdout).toMatch(/data: \[DONE\]\n\n$/);
});

test('configured providers are named at the start, keys are not', async () => {
  writeFileSync(
    join(cwd, 'acme.yaml'),
    'providers: { acme: { base_url: "http://127.0.0.1:9/v1", models: ["it\'s"] } }',
  );
  const program = serve(['--config', 'acme.yaml'], { GROQ_API_KEY: 'canary' });
  await program.told(/\n {2}curl .*\n/);
  expect(program.stderr()).toContain('provider acme: http://127.0.0.1:9/v1');
  expect(program.stderr()).toContain('provider groq: ');
  expect(program.stderr()).toContain(String.raw`"model":"acme/it'\''s"`);
  expect(program.stderr()).not.toContain('canary');
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends an idle gateway with 0', async (signal) => {
  const program = serve();
  await url(program);
  program.child.kill(signal);
  expect(await program.ended).toEqual({ code: 0, signal: null });
});

test('a signal lets a running answer go on; the same signal twice at once counts once; another one later ends it now', async () => {
  const program = serve();
  const reader = await openStream(await url(program));
  program.child.kill('SIGINT');
  program.child.kill('SIGINT');
  await program.told(/SIGINT: answers that are running may finish/);
  expect((await reader.read()).done).toBe(false);
  // Longer than the span within which two signals are one wish.
  await sleep(700);
  expect((await reader.read()).done).toBe(false);
  program.child.kill('SIGINT');
  expect(await program.ended).toEqual({ code: 130, signal: null });
  await reader.cancel().catch(() => undefined);
});

test('a port that is taken is told with a way out, exit 1', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  const program = serve(['--port', String(port)]);
  expect(await program.ended).toEqual({ code: 1, signal: null });
  expect(program.stderr()).toMatch(
    new RegExp(`another program listens on 127\\.0\\.0\\.1, port ${port}\n.*--port ${port + 1}`),
  );
  other.close();
});

test('a configuration that is wrong is told before anything listens, exit 78', async () => {
  writeFileSync(join(cwd, 'bad.yaml'), 'limits: { body: 5 }');
  const program = serve(['--config', 'bad.yaml']);
  expect(await program.ended).toEqual({ code: 78, signal: null });
  expect(program.stderr()).toContain('bad.yaml:1:11: ');
});

test('an address that others can reach is refused with the reason, exit 78', async () => {
  const program = serve(['--host', '0.0.0.0']);
  expect(await program.ended).toEqual({ code: 78, signal: null });
  expect(program.stderr()).toMatch(/--host: listening on 0\.0\.0\.0 .*keys/);
});
