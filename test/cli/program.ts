import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The project's root, with a slash at its end. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

/** A program under test, with what it has written so far. */
export interface Program {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Waits until the pattern stands in stderr; fails when the program ends before. */
  readonly told: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Exit code and signal. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** Starts a program in `cwd` with exactly this environment besides PATH. */
export function start(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Program {
  const env = { PATH: process.env['PATH'], ...options.env };
  const child = spawn(command, args, { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (written.stdout += piece));
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (written.stderr += piece));
  const ended: Program['ended'] = new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const told = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(written.stderr);
      if (match !== null) return match;
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`ended without saying ${pattern}: ${written.stderr}`);
      await Promise.race([once(child.stderr, 'data'), ended]);
    }
  };
  return { child, stdout: () => written.stdout, stderr: () => written.stderr, told, ended };
}

/** Starts the command line of the project on the Node that runs the tests. */
export function streamweir(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Program {
  return start(process.execPath, [`${ROOT}src/cli/main.ts`, ...args], options);
}
