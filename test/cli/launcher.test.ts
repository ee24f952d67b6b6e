import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ROOT, start } from './program.ts';

const scratch = mkdtempSync(join(tmpdir(), 'streamweir-launcher-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function executable(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

// A clone in small: the scripts themselves, one dependency, and an `npm ci` that notes that it ran and puts that dependency in place.
function clone(): { root: string; path: string; installs: () => number } {
  const root = mkdtempSync(join(scratch, 'clone '));
  for (const part of ['bin', 'scripts/with-node.sh', 'scripts/installed.mjs', 'package.json'])
    cpSync(join(ROOT, part), join(root, part), { recursive: true });
  lockAt(root, '1.0.0');
  mkdirSync(join(root, 'src/cli'), { recursive: true });
  writeFileSync(join(root, 'src/cli/main.ts'), 'console.log(JSON.stringify([process.pid, ...process.argv.slice(2)]));');
  executable(
    join(root, 'tools/npm'),
    '#!/bin/sh\necho "$*" >>npm.log\nsleep 1\nmkdir -p node_modules\ncp package-lock.json node_modules/.package-lock.json\n',
  );
  symlinkSync(process.execPath, join(root, 'tools/node'));
  const installs = (): number =>
    existsSync(join(root, 'npm.log')) ? readFileSync(join(root, 'npm.log'), 'utf8').trim().split('\n').length : 0;
  return { root, path: `${join(root, 'tools')}:/usr/bin:/bin`, installs };
}

function lockAt(root: string, version: string): void {
  const packages = {
    '': {},
    'node_modules/one': { version },
    'node_modules/other-system': { version, optional: true },
  };
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }));
}

test('the launcher passes its arguments on, also through links and from elsewhere', async () => {
  const link = join(scratch, 'link');
  const linkToLink = join(scratch, 'link-to-link');
  symlinkSync(join(ROOT, 'bin/streamweir'), link);
  symlinkSync('link', linkToLink);
  for (const command of [join(ROOT, 'bin/streamweir'), link, linkToLink]) {
    const program = start(command, ['check', '--config', 'no such file'], { cwd: scratch });
    expect(await program.ended).toEqual({ code: 78, signal: null });
    expect(program.stdout()).toContain('no such file: cannot be read');
  }
});

test('the launcher in a clone without dependencies says what to type, exit 1', async () => {
  const { root, path } = clone();
  const program = start(join(root, 'bin/streamweir'), ['serve'], { cwd: scratch, env: { PATH: path } });
  expect(await program.ended).toEqual({ code: 1, signal: null });
  expect(program.stderr()).toContain('npm ci');
});

test('the launcher on a Node that is too old, without one of its own, says what to do, exit 1', async () => {
  const { root, path } = clone();
  mkdirSync(join(root, 'node_modules'));
  const range = JSON.stringify({
    name: 'streamweir',
    engines: { node: '>=999.1.0 <1000 || >=1001.0.0' },
    type: 'module',
  });
  writeFileSync(join(root, 'package.json'), range);
  const program = start(join(root, 'bin/streamweir'), ['serve'], { cwd: scratch, env: { PATH: path } });
  expect(await program.ended).toEqual({ code: 1, signal: null });
  expect(program.stderr()).toContain('npx -p node@24 -p streamweir streamweir serve');
});

test('the runner installs once, however many commands start at the same time, and becomes the program', async () => {
  const { root, path, installs } = clone();
  const env = { PATH: path };
  const script = join(root, 'scripts/with-node.sh');
  const programs = [1, 2, 3].map((n) => start('sh', [script, 'src/cli/main.ts', `a b ${n}`], { cwd: scratch, env }));
  for (const [index, program] of programs.entries()) {
    expect(await program.ended, program.stderr()).toEqual({ code: 0, signal: null });
    // The same process id: signals reach the program itself.
    expect(JSON.parse(program.stdout())).toEqual([program.child.pid, `a b ${index + 1}`]);
  }
  expect(installs()).toBe(1);

  const again = start('sh', [script, 'src/cli/main.ts'], { cwd: scratch, env });
  expect(await again.ended).toEqual({ code: 0, signal: null });
  expect(again.stderr()).toBe('');
  expect(installs()).toBe(1);
});

test('the runner installs again when the lock file asks for other versions, and takes over from an installer that died', async () => {
  const { root, path, installs } = clone();
  const script = join(root, 'scripts/with-node.sh');
  const run = () => start('sh', [script, 'src/cli/main.ts'], { cwd: root, env: { PATH: path } });
  await run().ended;
  lockAt(root, '1.0.1');
  const dead = spawnSync('true');
  mkdirSync(join(root, 'build/installing'), { recursive: true });
  writeFileSync(join(root, 'build/installing/pid'), String(dead.pid));
  expect(await run().ended).toEqual({ code: 0, signal: null });
  expect(installs()).toBe(2);
});

test('an install that fails ends the command with its message and leaves no lock behind', async () => {
  const { root, path } = clone();
  executable(join(root, 'tools/npm'), '#!/bin/sh\necho broken >&2\nexit 7\n');
  const program = start('sh', [join(root, 'scripts/with-node.sh'), 'src/cli/main.ts'], {
    cwd: root,
    env: { PATH: path },
  });
  expect(await program.ended).toEqual({ code: 1, signal: null });
  expect(program.stderr()).toContain('broken');
  expect(existsSync(join(root, 'build/installing'))).toBe(false);
});
