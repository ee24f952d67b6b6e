import type { ServerResponse } from 'node:http';
import { GatewayFailure } from '../model/errors.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { openApiDocument } from './openapi.ts';

/** A path that is answered without any model; fails with a {@link GatewayFailure}. */
export type PlainRoute = (gateway: Gateway, response: ServerResponse, rest: string) => Promise<void> | void;

/** Finds the plain route of a path; `rest` is what follows its prefix. */
export function plainRoute(path: string): { readonly route: PlainRoute; readonly rest: string } | undefined {
  const exact = EXACT[path];
  if (exact !== undefined) return { route: exact, rest: '' };
  if (path.startsWith(MODEL_PREFIX) && path.length > MODEL_PREFIX.length)
    return { route: oneModel, rest: path.slice(MODEL_PREFIX.length) };
  return undefined;
}

const MODEL_PREFIX = '/v1/models/';

const EXACT: Record<string, PlainRoute> = {
  '/healthz': (_, response) => sendJson(response, 200, { status: 'ok' }),
  '/readyz': (gateway, response) =>
    gateway.ready ? sendJson(response, 200, { status: 'ready' }) : sendJson(response, 503, { status: 'stopping' }),
  '/openapi.json': (_, response) => sendJson(response, 200, openApiDocument()),
  '/v1/models': async (gateway, response) =>
    sendJson(response, 200, { object: 'list', data: await gateway.models.list() }),
};

async function oneModel(gateway: Gateway, response: ServerResponse, rest: string): Promise<void> {
  const id = decoded(rest);
  const model = await gateway.models.find(id);
  if (model !== undefined) sendJson(response, 200, model);
  else
    throw new GatewayFailure({
      kind: 'not_found',
      param: 'model',
      message: `The model '${id}' does not exist here. GET /v1/models lists the ones that do.`,
    });
}

function decoded(rest: string): string {
  try {
    return decodeURIComponent(rest);
  } catch {
    // A percent sign that begins no escape is part of the name.
    return rest;
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
