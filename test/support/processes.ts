import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a program left behind. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program to its end; stopped after half a minute. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.env };
    const child = spawn(command, args, { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
    child.stderr.on('data', (piece: Buffer) => stderr.push(piece));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() });
    });
  });
}

const PREPARED = fileURLToPath(new URL('../../build/python/bin/python', import.meta.url));

/** A Python that has `requests` and `openai`: the one named in STREAMWEIR_TEST_PYTHON, or the one the test setup made. */
export const python: string | undefined =
  process.env['STREAMWEIR_TEST_PYTHON'] ?? (existsSync(PREPARED) ? PREPARED : undefined);

if (python === undefined && process.env['STREAMWEIR_REQUIRE_ALL'] === '1') {
  throw new Error('No Python with requests and openai; STREAMWEIR_TEST_PYTHON names one.');
}
