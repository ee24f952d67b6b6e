import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ROOT } from './tree.ts';

const scratch = mkdtempSync(join(tmpdir(), 'licences-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const OWN = { name: 'own', license: 'Apache-2.0' };

/** Runs the check over a made-up project of one package. */
function judge(name: string, entry: object, source = ''): { readonly status: number | null; readonly said: string } {
  const folder = join(scratch, name);
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'src/a.ts'), source);
  const lock = { lockfileVersion: 3, packages: { '': OWN, 'node_modules/one': entry } };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  return run(folder);
}

function run(folder: string): { readonly status: number | null; readonly said: string } {
  const result = spawnSync(process.execPath, [join(ROOT, 'scripts/licences.mjs'), folder], { encoding: 'utf8' });
  return { status: result.status, said: result.stderr };
}

test('every package of this project has a licence on the list, no install script and no address in the lock file', () => {
  expect(run(ROOT)).toEqual({ status: 0, said: '' });
});

test.each([
  ['a licence that is not on the list', { license: 'GPL-3.0-only' }, 'GPL-3.0-only'],
  ['no licence at all', {}, 'licence none'],
  ['a licence for tools in what is shipped', { license: 'MPL-2.0' }, 'MPL-2.0'],
  ['one side of AND that is not on the list', { license: 'MIT AND GPL-2.0' }, 'GPL-2.0'],
  ['an address', { license: 'MIT', resolved: 'https://example.org/one.tgz' }, 'ties it to one registry'],
  ['an install script', { license: 'MIT', hasInstallScript: true }, 'runs a script'],
])('%s is a problem', (name, entry, said) => {
  const result = judge(name, entry);
  expect(result.status).toBe(1);
  expect(result.said).toContain(said);
});

test.each([
  ['a choice with one allowed side', { license: '(GPL-3.0 OR MIT)' }],
  ['a tool under a licence for tools', { license: 'MPL-2.0', dev: true }],
  ['a tool with an install script', { license: 'MIT', dev: true, hasInstallScript: true }],
])('%s is no problem', (name, entry) => {
  expect(judge(name, entry)).toEqual({ status: 0, said: '' });
});

test('more packages at every start than agreed are a problem; types and late imports do not count', () => {
  const names = Array.from({ length: 11 }, (_, index) => `package-${index}`);
  const eager = names.map((name) => `import {\n  a,\n} from '${name}/deep';`).join('\n');
  expect(judge('eager', { license: 'MIT' }, eager).said).toContain('11 packages');
  const lazy = names.map((name) => `import type { A } from '${name}';\nawait import('${name}');`).join('\n');
  expect(judge('lazy', { license: 'MIT' }, lazy).status).toBe(0);
});
