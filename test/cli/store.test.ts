import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { streamweir } from './program.ts';

test('a folder that cannot be written is told in a sentence with a way out, and nothing is served', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'streamweir-cli-'));
  onTestFinished(() => rm(cwd, { recursive: true }));
  writeFileSync(join(cwd, 'taken'), '');
  const { ended, stderr } = streamweir(['serve', '--port', '0', '--data-dir', join(cwd, 'taken', 'data')], { cwd });
  expect((await ended).code).toBe(1);
  expect(stderr()).toMatch(/^cannot start: the folder .*taken\/data cannot be used: ENOTDIR/m);
  expect(stderr()).toContain('`store: { driver: memory }`');
});
