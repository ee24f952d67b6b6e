import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Snapshot } from '../config/snapshot.ts';
import { Gateway } from '../gateway/gateway.ts';
import type { Call } from '../gateway/receive.ts';
import { mint } from '../gateway/run-ids.ts';
import { GatewayFailure } from '../model/errors.ts';
import { DIALECT_ROUTES } from '../protocols/index.ts';
import type { DialectRoute } from '../protocols/index.ts';
import { AccessLog } from '../telemetry/log.ts';
import { readJsonBody } from './body.ts';
import { guard } from './guard.ts';
import { plainRoute, sendJson } from './routes.ts';
import { readForm } from './form.ts';

/** A gateway that listens. */
export interface RunningServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Takes no more requests, lets the running ones finish, then resolves. */
  close(): Promise<void>;
}

const ROUTES = new Map(DIALECT_ROUTES.map((route) => [route.path, route]));
const NOT_FOUND_DIALECT = DIALECT_ROUTES[0]?.dialect;

/**
 * Starts a gateway.
 * @param options.logLine takes the access-log lines; default is standard output
 * @throws Error of `listen` (`EADDRINUSE`, `EACCES`)
 */
export async function startServer(options: { readonly snapshot: Snapshot; readonly logLine?: (line: string) => void }): Promise<RunningServer> {
  const { snapshot } = options;
  const log = new AccessLog(snapshot.logLevel, options.logLine);
  const gateway = new Gateway(snapshot, { settled: (record) => log.settled(record), faulted: (error) => log.faulted(error) });
  const server = createServer(
    {
      noDelay: true,
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 75_000,
      maxHeaderSize: 16 * 1024,
    },
    (request, response) => {
      handle(gateway, snapshot, request, response).catch((error: unknown) => {
        log.faulted(error);
        response.destroy();
      });
    },
  );
  await listen(server, snapshot);
  const { port } = server.address() as AddressInfo;
  const host = snapshot.host.includes(':') ? `[${snapshot.host}]` : snapshot.host;
  return { url: `http://${host}:${port}`, close: () => closeServer(server, gateway).finally(() => log.close()) };
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

async function closeServer(server: Server, gateway: Gateway): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  await gateway.close();
  server.closeAllConnections();
  await closed;
}

async function handle(gateway: Gateway, snapshot: Snapshot, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const at = Date.now();
  const arrived = performance.now();
  const path = pathOf(request.url ?? '/');
  const route = ROUTES.get(path);
  if (route === undefined) {
    await answerPlain(gateway, request, response, path);
    return;
  }
  const call: Call = { requestId: mint('req'), at, arrived, path, dialect: route.dialect, headers: request.headers, response };
  try {
    guard(request);
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST');
      throw new GatewayFailure({ kind: 'client_error', status: 405, code: 'method_not_allowed', message: `${path} takes POST, not ${request.method}.` });
    }
    await receive(gateway, snapshot, request, call, route);
  } catch (error) {
    if (error instanceof GatewayFailure) gateway.refuse(call, error.error);
    else if (request.destroyed || response.destroyed) response.destroy();
    else gateway.fault(call, error);
  }
}

async function receive(gateway: Gateway, snapshot: Snapshot, request: IncomingMessage, call: Call, route: DialectRoute): Promise<void> {
  if (route.body === 'form') {
    const { body, payload } = await readForm(request, snapshot.limits);
    gateway.serve({ ...call, request: route.dialect.decodeRequest(body), body, payload });
    return;
  }
  const { bytes, value, scan } = await readJsonBody(request, snapshot.limits);
  gateway.serve({ ...call, request: route.dialect.decodeRequest(value), body: value, payload: { kind: 'json', bytes, scan } });
}

async function answerPlain(gateway: Gateway, request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  const plain = plainRoute(path);
  if (plain === undefined) {
    const known = [...ROUTES.keys()].join(', ');
    const error = { kind: 'not_found', code: 'unknown_path', message: `There is nothing at ${path}. Paths that answer: ${known}.` } as const;
    const encoded = NOT_FOUND_DIALECT?.encodeError(error);
    response.writeHead(404, { 'content-type': 'application/json' }).end(encoded?.body);
    return;
  }
  if (request.method === 'GET' || request.method === 'HEAD') {
    await plain.route(gateway, response, plain.rest);
    return;
  }
  sendJson(
    response,
    405,
    { error: { message: `${path} takes GET, not ${request.method}.`, type: 'invalid_request_error', param: null, code: 'method_not_allowed' } },
    { allow: 'GET' },
  );
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
