import { loadConfig } from '../../src/config/load.ts';
import { startServer } from '../../src/server/server.ts';
import type { SocketTimes } from '../../src/server/websocket-watch.ts';

/** A running gateway. */
export interface Gateway {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** The access-log lines so far. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

/** Starts a gateway in this process, on a free port, with a configuration given as YAML text and an environment without providers. */
export async function startGateway(
  yaml: string,
  env: Readonly<Record<string, string>> = {},
  socketTimes: Partial<SocketTimes> = {},
): Promise<Gateway> {
  const log: string[] = [];
  // What tests leave behind is nobody's: a store on disk is for those that ask for one.
  const text = /^store:/m.test(yaml) ? yaml : `store: { driver: memory }\n${yaml}`;
  const loaded = loadConfig({ text, env, port: 0 });
  if (!loaded.ok) throw new Error(loaded.problems.map((problem) => problem.message).join('\n'));
  const server = await startServer({ snapshot: loaded.snapshot, logLine: (line) => log.push(line), socketTimes });
  return { url: server.url, log, close: () => server.close() };
}
