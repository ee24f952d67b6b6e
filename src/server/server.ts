import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Snapshot } from '../config/snapshot.ts';
import { Gateway } from '../gateway/gateway.ts';
import { openKeep } from '../gateway/stored-open.ts';
import { Roster } from '../model/roster.ts';
import { AccessLog } from '../telemetry/log.ts';
import type { Collector } from './collector.ts';
import { Sockets } from './websocket.ts';
import type { SocketTimes } from './websocket-watch.ts';
import { handle, handlePlain } from './handle.ts';
import { Lanes } from './lanes.ts';
import { findJsonPath } from './paths.ts';

/** A gateway that listens. */
export interface RunningServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Takes no more requests, lets the running ones finish, then resolves. */
  close(): Promise<void>;
}

const TAIL_MS = 5_000;
const TIMES = { head: 10_000, request: 60_000, idle: 75_000 };
// Larger bodies cost more to read than what a plain connection saves.
const LANE_BODY = 1024 * 1024;

/**
 * Starts a gateway.
 * @param options.logLine takes the access-log lines; default is standard output
 * @param options.collector gives memory back when nothing is under way; default is to leave that to the engine
 * @param options.socketTimes times of WebSockets that differ from the usual
 * @throws Error of `listen` (`EADDRINUSE`, `EACCES`)
 */
export async function startServer(options: {
  readonly snapshot: Snapshot;
  readonly logLine?: (line: string) => void;
  readonly collector?: Collector;
  readonly socketTimes?: Partial<SocketTimes>;
}): Promise<RunningServer> {
  const { snapshot } = options;
  const log = new AccessLog(snapshot.logLevel, options.logLine);
  const gateway: Gateway = new Gateway(snapshot, await openKeep(snapshot), {
    settled: (record) => log.settled(record),
    faulted: (error) => log.faulted(error),
    rested: () => options.collector?.rested(quiet),
  });
  const quiet = (): boolean => gateway.quiet;
  const sockets = new Sockets(gateway, snapshot, (error) => log.faulted(error), options.socketTimes);
  const server = createServer(
    {
      noDelay: true,
      headersTimeout: TIMES.head,
      requestTimeout: TIMES.request,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: TIMES.idle,
      maxHeaderSize: 16 * 1024,
      shouldUpgradeCallback: (request) => sockets.takes(request),
    },
    (request, response) => serve(request, response),
  );
  const lanes = lanesOf(server, gateway, snapshot, log);
  const open = new Roster<ServerResponse>();
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const seat = open.enter(response);
    response.on('close', () => open.leave(seat));
    handle(gateway, snapshot, request, response).catch((error: unknown) => {
      log.faulted(error);
      response.destroy();
    });
  };
  // Without this listener Node asks for every body at once, also for those that are refused by their head.
  server.on('checkContinue', serve);
  server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head));
  await listen(server, snapshot);
  const { port } = server.address() as AddressInfo;
  const host = snapshot.host.includes(':') ? `[${snapshot.host}]` : snapshot.host;
  return {
    url: `http://${host}:${port}`,
    close: () => closeServer(server, gateway, sockets, open, lanes).finally(() => log.close()),
  };
}

function lanesOf(server: Server, gateway: Gateway, snapshot: Snapshot, log: AccessLog): Lanes {
  return new Lanes(
    {
      bodyLimit: Math.min(LANE_BODY, snapshot.limits.body),
      times: TIMES,
      find: findJsonPath,
      answer: (request, wire) => handlePlain(gateway, snapshot, request, wire),
      faulted: (fault) => log.faulted(fault),
    },
    server,
  );
}

function listen(server: Server, { host, port }: Snapshot): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

// The listener stays while answers run, so that whoever asks meanwhile is told to try elsewhere instead of finding nobody.
async function closeServer(
  server: Server,
  gateway: Gateway,
  sockets: Sockets,
  open: Roster<ServerResponse>,
  lanes: Lanes,
): Promise<void> {
  await Promise.all([sockets.close(), gateway.close()]);
  await Promise.all([lastBytes(open), lanes.close(TAIL_MS)]);
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  lanes.cut();
  await closed;
}

// Node counts a connection as idle once its answer was handed over, though the client may not have it yet, and cuts it.
async function lastBytes(open: Roster<ServerResponse>): Promise<void> {
  const gone = [...open].map(
    (response) =>
      new Promise<void>((resolve) => {
        response.once('close', resolve);
      }),
  );
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, TAIL_MS);
  await Promise.race([Promise.all(gone), late.promise]);
  clearTimeout(timer);
}
