// Runs every gate that needs no running code, prints one line for each and what a failing one said, and fails if any did.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const GATES = [
  ['types', ['tsc', '-p', '.']],
  ['lint', ['oxlint', '--type-aware', '--deny-warnings']],
  ['format', ['oxfmt', '--check']],
  ['dead code', ['knip', '--no-progress']],
  ['licences', ['node', 'scripts/licences.mjs']],
];

/** Runs the gates in order; returns the names of those that failed. */
export function runGates() {
  return GATES.filter(([name, command]) => !passes(name, command)).map(([name]) => name);
}

function passes(name, [tool, ...rest]) {
  const started = performance.now();
  const bin = fileURLToPath(new URL(`../node_modules/.bin/${tool}`, import.meta.url));
  // Tools are scripts for `node`; run them on this one, whatever the system's is.
  const [command, args] = tool === 'node' ? [process.execPath, rest] : [process.execPath, [bin, ...rest]];
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? '✓' : '✗'} ${name} (${seconds} s)`);
  if (status !== 0) console.log([stdout, stderr, error?.message].filter(Boolean).join('\n').trimEnd());
  return status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = runGates().length === 0 ? 0 : 1;
