import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { start, streamweir } from '../test/cli/program.ts';
import { PROGRAMS, SAID } from './programs.ts';

const PATIENCE_MS = 120_000;

// Nothing but loopback is reached: what a program wants elsewhere meets a closed port.
const LOOPBACK = {
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  NO_PROXY: '127.0.0.1,localhost',
};

/** One request as the gateway's log has it. */
interface Line {
  readonly path?: string;
  readonly status?: number;
  readonly ended?: string;
  readonly finish?: string;
}

for (const program of PROGRAMS) {
  const skip = existsSync(program.file) ? false : 'it is not installed: npm --prefix compat run setup';
  void test(`${program.title} calls a tool and tells what it answered`, { skip, timeout: PATIENCE_MS }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'streamweir-compat-'));
    const [home, work] = [join(folder, 'home'), join(folder, 'work')];
    await mkdir(home);
    await mkdir(work);
    const gateway = streamweir(['serve', '--port', '0'], { cwd: folder });
    try {
      const [url] = await gateway.told(/http:\/\/127\.0\.0\.1:\d+/);
      const { command, args, env } = program.prepare(url, home, work);
      const ran = start(command, args, { cwd: work, env: { ...LOOPBACK, HOME: home, ...env } });
      const timer = setTimeout(() => ran.child.kill('SIGKILL'), PATIENCE_MS - 10_000);
      const { code } = await ran.ended;
      clearTimeout(timer);
      // The log is written behind the answers; a gateway that has ended has written all of it.
      gateway.child.kill('SIGTERM');
      await gateway.ended;
      const told = `${ran.stdout()}\n${ran.stderr()}\n${gateway.stdout()}\n${gateway.stderr()}`;
      assert.equal(code, 0, told);
      assert.match(ran.stdout(), new RegExp(`answered:[\\s\\S]*${SAID}`), told);
      const lines = logOf(gateway.stdout() + gateway.stderr()).filter(({ path }) => program.path.test(path ?? ''));
      for (const line of lines) assert.deepEqual([line.status, line.ended], [200, 'finished'], told);
      const finishes = lines.map(({ finish }) => finish);
      assert.ok(finishes.includes('tool-calls') && finishes.at(-1) === 'stop', told);
    } finally {
      gateway.child.kill('SIGTERM');
      await gateway.ended;
      await rm(folder, { recursive: true, force: true });
    }
  });
}

function logOf(text: string): readonly Line[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
}
