import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('the JSON Schema of the file and the generated documentation are what the source says now', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { status, stderr } = spawnSync(
    process.execPath,
    ['scripts/generate.ts', '--check', 'streamweir.schema.json', 'docs/configuration.md'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
