import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { streamweir } from './program.ts';

const cwd = mkdtempSync(join(tmpdir(), 'streamweir-check-'));
afterAll(() => rmSync(cwd, { recursive: true }));

test('check prints file, line, column, what and mend of each problem and exits with 78', async () => {
  writeFileSync(join(cwd, 'bad.yaml'), 'providers:\n  acme:\n    tiemout: 3s\nlimits:\n  body: 5\n');
  const program = streamweir(['check', '--config', 'bad.yaml'], { cwd });
  expect(await program.ended).toEqual({ code: 78, signal: null });
  expect(program.stdout()).toMatch(
    /^bad\.yaml:3:5: unknown key `providers\.acme\.tiemout`\n {4}did you mean `timeout`\?/,
  );
  expect(program.stdout()).toMatch(/^bad\.yaml:5:3: limits\.body: .*\n {4}write `5MB`/m);
  expect(program.stderr()).toBe('');
});

test('check lists the providers of a good configuration without their keys and exits with 0', async () => {
  writeFileSync(join(cwd, 'good.yaml'), 'providers: { acme: { base_url: "http://127.0.0.1:9/v1", api_key: "${K}" } }');
  const program = streamweir(['check', '--config', 'good.yaml'], { cwd, env: { K: 'canary' } });
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(program.stdout()).toContain('provider acme: http://127.0.0.1:9/v1 (openai-chat, with a key)');
  expect(program.stdout()).not.toContain('canary');
});

test('without --config, streamweir.yaml and .env of the working directory are read, and the environment stays above .env', async () => {
  const here = mkdtempSync(join(cwd, 'here-'));
  writeFileSync(join(here, 'streamweir.yaml'), 'server: { port: 4321 }');
  writeFileSync(join(here, '.env'), 'GROQ_API_KEY=a\nXAI_BASE_URL=http://127.0.0.1:1/v1\n');
  const program = streamweir(['check'], { cwd: here, env: { XAI_BASE_URL: 'http://127.0.0.1:2/v1' } });
  expect(await program.ended).toEqual({ code: 0, signal: null });
  for (const part of ['port 4321', 'provider groq: https://', 'provider xai: http://127.0.0.1:2/v1'])
    expect(program.stdout()).toContain(part);
});
