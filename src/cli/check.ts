import { loadConfig } from '../config/load.ts';
import type { LoadOptions } from '../config/load.ts';
import { problemText } from '../config/problem.ts';
import { providerLines } from './banner.ts';

/** Exit code for a configuration that cannot be used (`EX_CONFIG` of sysexits). */
export const EXIT_CONFIG = 78;

/** Prints what is wrong with a configuration, or what it amounts to; returns the exit code. */
export function check(options: LoadOptions): number {
  const loaded = loadConfig(options);
  for (const warning of loaded.warnings) console.log(`warning: ${problemText(warning)}`);
  if (!loaded.ok) {
    for (const problem of loaded.problems) console.log(problemText(problem));
    console.log(loaded.problems.length === 1 ? '1 problem.' : `${loaded.problems.length} problems.`);
    return EXIT_CONFIG;
  }
  const { host, port } = loaded.snapshot;
  console.log(`The configuration is good. It listens on ${host}, port ${port}.`);
  for (const line of providerLines(loaded.snapshot)) console.log(line);
  return 0;
}
