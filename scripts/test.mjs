// npm test: every gate, then every test. Runs them all even when one fails, and says at the end which did.
// Arguments go to the test runner: npm test -- test/config
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runGates } from './check.mjs';

const failed = runGates();

const runner = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [runner, 'run', ...process.argv.slice(2)], { stdio: 'inherit' });
if (status !== 0) failed.push('tests');

console.log(failed.length === 0 ? 'All gates and tests passed.' : `Failed: ${failed.join(', ')}.`);
process.exitCode = failed.length === 0 ? 0 : 1;
