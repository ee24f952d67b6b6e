import { setFlagsFromString } from 'node:v8';
import { loadConfig } from '../config/load.ts';
import type { LoadOptions } from '../config/load.ts';
import { problemText } from '../config/problem.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { Collector, ownMemory } from '../server/collector.ts';
import { startServer } from '../server/server.ts';
import type { RunningServer } from '../server/server.ts';
import { StoreFailure } from '../store/sqlite/database.ts';
import { withLocalServers } from '../transport/discover.ts';
import { banner } from './banner.ts';
import { EXIT_CONFIG } from './check.ts';

// Ctrl-C reaches this process from the terminal and once more from npm; two signals this close (in ms) are one wish.
const ONE_WISH = 500;
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

// Streams live for seconds, so V8 would come to put what they are made of straight among the old objects; short requests of the same code then leave old
// garbage that holds young garbage alive, and cost a quarter more for the rest of the process's life.
const YOUNG_FIRST = '--no-allocation-site-pretenuring';

/** Serves until a signal ends it; returns the exit code. Notes for people go to stderr, stdout is the log's. */
export async function serve(options: LoadOptions, version: string): Promise<number> {
  setFlagsFromString(YOUNG_FIRST);
  const loaded = loadConfig(options);
  for (const warning of loaded.warnings) console.error(`warning: ${problemText(warning)}`);
  if (!loaded.ok) {
    for (const problem of loaded.problems) console.error(problemText(problem));
    return EXIT_CONFIG;
  }
  const { discover } = loaded.snapshot;
  const snapshot = discover ? await withLocalServers(loaded.snapshot, { env: options.env }) : loaded.snapshot;
  let running: RunningServer;
  try {
    running = await startServer({ snapshot, collector: new Collector(ownMemory()) });
  } catch (error) {
    console.error(startFailure(error, snapshot));
    return 1;
  }
  // Before the banner: whoever reads it may send a signal at once.
  const ended = untilSignal(running);
  console.error(banner(running.url, version, snapshot));
  return ended;
}

// The first signal lets running answers finish, the second does not wait.
function untilSignal(running: RunningServer): Promise<number> {
  const ended = Promise.withResolvers<number>();
  let asked: number | undefined;
  const stop = (note: string, code: number): void => {
    asked = performance.now();
    console.error(note);
    running.close().then(
      () => ended.resolve(code),
      (error: unknown) => {
        console.error(error);
        ended.resolve(1);
      },
    );
  };
  for (const [signal, code] of Object.entries(SIGNALS))
    process.on(signal, () => {
      if (asked === undefined)
        stop(`${signal}: answers that are running may finish; a second ${signal} ends them now`, 0);
      else if (performance.now() - asked > ONE_WISH) process.exit(code);
    });
  process.on('uncaughtException', (error) => {
    console.error(error);
    if (asked === undefined)
      stop('an unforeseen error: answers that are running may finish, then this process ends', 1);
  });
  return ended.promise;
}

function startFailure(error: unknown, { host, port }: Snapshot): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return `another program listens on ${host}, port ${port}\n    stop it, or choose another port: \`--port ${port + 1}\` (after npm start: \`npm start -- --port ${port + 1}\`)`;
  if (code === 'EACCES')
    return `this user may not listen on port ${port}\n    choose a port from 1024: \`--port 8080\``;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `this machine has no address ${host}\n    listen on 127.0.0.1`;
  if (error instanceof StoreFailure)
    return `cannot start: ${error.message}\n    let this user write to it, name another folder with \`data_dir\`, or keep nothing on disk: \`store: { driver: memory }\``;
  return `cannot start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
