import type { IncomingHttpHeaders } from 'node:http';
import { setKeys, spliceValues } from '../framing/json-scan.ts';
import { refuse, unsupported } from '../model/errors.ts';
import type { JsonObject } from '../model/json.ts';
import type { Protocol, Target } from '../protocols/codec.ts';
import { PASSED_HEADERS } from '../protocols/index.ts';
import type { UpstreamCall } from '../transport/dispatch.ts';
import type { Plan } from './plan.ts';
import type { Payload, Received } from './receive.ts';
import { formBody } from './form-body.ts';

const API_ROOT = '/v1';

/** A plan that leads to an upstream. */
export type UpstreamPlan = Extract<Plan, { to: 'upstream' }>;

/** The call that asks an upstream; for a target of the client's own format the body's bytes pass but for the keys that must change. */
export function outgoing(received: Received, plan: UpstreamPlan, protocol: Protocol, target: Target): UpstreamCall {
  const { request, payload } = received;
  if (request.task === 'generation' && request.promptOnly !== undefined && protocol.id !== received.dialect.id)
    unsupported(
      request.promptOnly,
      `'${request.promptOnly}' can only be honoured by a model that is reached through completions.`,
    );
  const passes = payload.kind === 'json' && protocol.id === received.dialect.id;
  const encoded = passes ? undefined : protocol.encodeRequest(request, target);
  // A path below the base URL is the one the client used of the same format.
  const path = encoded?.path ?? received.path.slice(API_ROOT.length);
  const headers = headersFor(received.headers, plan, target.stream);
  if (payload.kind === 'form') {
    const { contentType, stream } = formBody(payload, typeof encoded?.body === 'object' ? encoded.body : []);
    return { method: 'POST', path, headers: { ...headers, 'content-type': contentType }, body: stream };
  }
  const body = passes ? patched(payload, protocol.patch(request, target)) : encoded?.body;
  if (typeof body !== 'string' && !(body instanceof Uint8Array))
    refuse('model', `The model '${request.model}' is asked for with a form upload, not with JSON.`);
  return { method: 'POST', path, headers: { ...headers, 'content-type': 'application/json' }, body };
}

function patched({ bytes, scan }: Extract<Payload, { kind: 'json' }>, patch: JsonObject): Uint8Array {
  const values = Object.fromEntries(Object.entries(patch).map(([key, value]) => [key, JSON.stringify(value)]));
  return spliceValues(bytes, setKeys(scan, values));
}

function headersFor(client: IncomingHttpHeaders, plan: UpstreamPlan, stream: boolean): Record<string, string> {
  const headers: Record<string, string> = {
    accept: stream ? 'text/event-stream, application/json' : 'application/json, */*',
    'accept-encoding': 'identity',
    'user-agent': 'streamweir/0.1',
  };
  if (plan.upstream.apiKey !== undefined) headers['authorization'] = `Bearer ${plan.upstream.apiKey}`;
  for (const name of PASSED_HEADERS) {
    const value = client[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return headers;
}
