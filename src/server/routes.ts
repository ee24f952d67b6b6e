import type { ServerResponse } from 'node:http';
import { GatewayFailure } from '../model/errors.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Call } from '../gateway/receive.ts';
import { listingFor } from '../protocols/model-lists.ts';
import { openApiDocument } from './openapi.ts';
import { decoded } from './paths.ts';

/** A call that waits for one HTTP response. */
export interface HttpCall extends Call {
  readonly response: ServerResponse;
}

/** A path that is answered without any model; fails with a {@link GatewayFailure}. */
export type PlainRoute = (gateway: Gateway, call: HttpCall, rest: string) => Promise<void> | void;

/** Finds the plain route of a path; `rest` is what follows its prefix. */
export function plainRoute(path: string): { readonly route: PlainRoute; readonly rest: string } | undefined {
  const exact = EXACT[path];
  if (exact !== undefined) return { route: exact, rest: '' };
  const prefix = MODEL_PREFIXES.find((each) => path.startsWith(each) && path.length > each.length);
  return prefix === undefined ? undefined : { route: oneModel, rest: path.slice(prefix.length) };
}

const MODEL_PREFIXES = ['/v1/models/', '/v1beta/models/'];

const EXACT: Record<string, PlainRoute> = {
  '/healthz': (_, { response }) => sendJson(response, 200, { status: 'ok' }),
  '/readyz': (gateway, { response }) =>
    gateway.ready ? sendJson(response, 200, { status: 'ready' }) : sendJson(response, 503, { status: 'stopping' }),
  '/openapi.json': (_, { response }) => sendJson(response, 200, openApiDocument()),
  '/v1/models': allModels,
  '/v1beta/models': allModels,
};

async function allModels(gateway: Gateway, { response, dialect }: HttpCall): Promise<void> {
  sendJson(response, 200, listingFor(dialect.id).list(await gateway.models.list()));
}

async function oneModel(gateway: Gateway, { response, dialect }: HttpCall, rest: string): Promise<void> {
  const id = decoded(rest);
  const model = await gateway.models.find(id);
  if (model !== undefined) sendJson(response, 200, listingFor(dialect.id).one(model));
  else
    throw new GatewayFailure({
      kind: 'not_found',
      param: 'model',
      message: `The model '${id}' does not exist here. GET /v1/models lists the ones that do.`,
    });
}

/** Answers with a JSON value. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
