import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Snapshot } from '../config/snapshot.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { requestIds } from '../gateway/request-ids.ts';
import { mint } from '../gateway/run-ids.ts';
import { STORED_METHODS, storedThing } from '../gateway/stored-paths.ts';
import type { StoredThing } from '../gateway/stored-paths.ts';
import { GatewayFailure } from '../model/errors.ts';
import { nearestFirst } from '../model/nearest.ts';
import { DIALECT_ROUTES, dialectNear } from '../protocols/index.ts';
import type { DialectRoute } from '../protocols/index.ts';
import type { Call, Received } from '../gateway/receive.ts';
import type { ResponseWire } from '../relay/response-wire.ts';
import { HttpClient } from '../relay/http-client.ts';
import { NodeWire } from '../relay/node-wire.ts';
import { readBody, readJsonBody } from './body.ts';
import { guard } from './guard.ts';
import type { LaneRequest } from './lane.ts';
import { findPath } from './paths.ts';
import { plainRoute, sendJson } from './routes.ts';
import type { HttpCall } from './routes.ts';
import { readForm } from './form.ts';

// Part of an unknown path that its refusal repeats.
const SHOWN_PATH = 200;
const NEAR_PATHS = 3;
const OPERATION = /\/models\/.*:[a-z]\w*$/i;

/** Answers one request, whatever it asks for; rejects only where nobody is left to tell. */
export async function handle(
  gateway: Gateway,
  snapshot: Snapshot,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const at = Date.now();
  const arrived = performance.now();
  const { path, prefix, route, place, stored } = findPath(request.url ?? '/');
  const call: HttpCall = {
    requestId: mint('req'),
    at,
    arrived,
    path,
    place,
    home: prefix?.provider,
    dialect: route?.dialect ?? stored?.dialect ?? prefix?.dialect ?? dialectNear(path, request.headers),
    headers: request.headers,
    client: new HttpClient(new NodeWire(response)),
    response,
  };
  try {
    guard(request);
    if (stored !== undefined) await answerStored(gateway, request, call, stored);
    else if (route === undefined) await answerPlain(gateway, request, call);
    else {
      demandMethod(call, request, ['POST']);
      await receive(gateway, snapshot, request, call, route);
    }
  } catch (error) {
    if (error instanceof GatewayFailure) gateway.refuse(call, error.error);
    else if (request.destroyed || response.destroyed) response.destroy();
    else gateway.fault(call, error);
  }
}

/** Answers a request of a plain connection, on a path whose bodies are JSON; what goes wrong is told to its client. */
export function handlePlain(
  gateway: Gateway,
  snapshot: Snapshot,
  { head, found, body }: LaneRequest,
  wire: ResponseWire,
): Promise<void> | undefined {
  const at = Date.now();
  const arrived = performance.now();
  const { path, prefix, route, place } = found;
  const { headers } = head;
  const call: Call = {
    requestId: mint('req'),
    at,
    arrived,
    path,
    place,
    home: prefix?.provider,
    dialect: route.dialect,
    headers,
    client: new HttpClient(wire),
  };
  const failed = (error: unknown): void => {
    if (error instanceof GatewayFailure) gateway.refuse(call, error.error);
    else gateway.fault(call, error);
  };
  try {
    const understood = gateway.stored.receive(call, readBody(body, snapshot.limits));
    if (understood instanceof Promise) return served(gateway, understood, wire).catch(failed);
    gateway.serve(understood);
  } catch (error) {
    failed(error);
  }
  return undefined;
}

// Who left while something was looked up is not waited for.
async function served(gateway: Gateway, understood: Promise<Received>, wire: ResponseWire): Promise<void> {
  const received = await understood;
  if (!wire.closed) gateway.serve(received);
}

function demandMethod(
  { path, response }: HttpCall,
  { method = '' }: IncomingMessage,
  allowed: readonly string[],
): void {
  if (allowed.includes(method)) return;
  response.setHeader('allow', allowed.join(', '));
  throw new GatewayFailure({
    kind: 'client_error',
    status: 405,
    code: 'method_not_allowed',
    message: `${path} takes ${allowed[0]}, not ${method}.`,
  });
}

async function receive(
  gateway: Gateway,
  snapshot: Snapshot,
  request: IncomingMessage,
  call: HttpCall,
  route: DialectRoute,
): Promise<void> {
  const proceed = (): void => {
    if (request.headers.expect !== undefined) call.response.writeContinue();
  };
  if (route.files !== undefined && (route.body === 'form' || isForm(request))) {
    proceed();
    const { body, payload } = await readForm(request, snapshot.limits, route.files);
    try {
      gateway.serve({ ...call, request: route.dialect.decodeRequest(body, call.place), body, payload });
    } catch (error) {
      // Refused for one of its fields: nobody will read the file.
      payload.files.destroy();
      throw error;
    }
    return;
  }
  const body = await readJsonBody(request, snapshot.limits, proceed);
  const understood = gateway.stored.receive(call, body);
  const received = understood instanceof Promise ? await understood : understood;
  // Who left while something was looked up is not waited for.
  if (!call.response.destroyed) gateway.serve(received);
}

function isForm({ headers }: IncomingMessage): boolean {
  return /^multipart\/form-data\b/i.test(headers['content-type'] ?? '');
}

async function answerStored(
  gateway: Gateway,
  request: IncomingMessage,
  call: HttpCall,
  stored: StoredThing,
): Promise<void> {
  const { response, requestId } = call;
  demandMethod(call, request, STORED_METHODS[stored.part]);
  const thing = await storedThing(gateway.stored, call, stored, request.method ?? '');
  for (const [name, value] of Object.entries(requestIds(requestId, call.dialect)))
    if (value !== undefined) response.setHeader(name, value);
  sendJson(response, 200, thing);
}

async function answerPlain(gateway: Gateway, request: IncomingMessage, call: HttpCall): Promise<void> {
  const { path, response, requestId } = call;
  // What is posted there is an operation on a model, and none that is known.
  const plain = request.method === 'POST' && OPERATION.test(path) ? undefined : plainRoute(path);
  if (plain === undefined) {
    const shown = path.slice(0, SHOWN_PATH);
    const all = DIALECT_ROUTES.map((each) => each.path);
    const near = nearestFirst(shown, all).slice(0, NEAR_PATHS).join(', ');
    throw new GatewayFailure({
      kind: 'not_found',
      code: 'unknown_path',
      message: `There is nothing at ${shown}. The nearest paths that answer: ${near}. GET /openapi.json lists them all.`,
    });
  }
  demandMethod(call, request, ['GET', 'HEAD']);
  for (const [name, value] of Object.entries(requestIds(requestId, call.dialect)))
    if (value !== undefined) response.setHeader(name, value);
  await plain.route(gateway, call, plain.rest);
}
