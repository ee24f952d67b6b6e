import type { IncomingHttpHeaders } from 'node:http';
import { editKeys } from '../framing/json-edit.ts';
import { refuse, unsupported } from '../model/errors.ts';
import type { BodyPatch, Protocol, Target } from '../protocols/codec.ts';
import { PASSED_HEADERS } from '../protocols/index.ts';
import type { UpstreamCall } from '../transport/dispatch.ts';
import type { Plan } from './plan.ts';
import type { Payload, Received } from './receive.ts';
import { formBody } from './form-body.ts';

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
  const path = protocol.path(request, target);
  const headers = { ...headersFor(received.headers, target.stream), ...protocol.headers?.(request, target) };
  if (payload.kind === 'form') {
    const { contentType, stream } = formBody(payload, typeof encoded?.body === 'object' ? encoded.body : []);
    return { method: 'POST', path, headers: { ...headers, 'content-type': contentType }, body: stream };
  }
  const body = passes ? patched(payload, protocol.patch(request, target)) : encoded?.body;
  if (typeof body !== 'string' && !(body instanceof Uint8Array))
    refuse('model', `The model '${request.model}' is asked for with a form upload, not with JSON.`);
  return { method: 'POST', path, headers: { ...headers, 'content-type': 'application/json' }, body };
}

function patched({ bytes, scan }: Extract<Payload, { kind: 'json' }>, patch: BodyPatch): Uint8Array {
  const values = Object.entries(patch).map(([key, value]) => [
    key,
    value === undefined ? value : JSON.stringify(value),
  ]);
  return editKeys(bytes, scan, Object.fromEntries(values) as Record<string, string | undefined>);
}

function headersFor(client: IncomingHttpHeaders, stream: boolean): Record<string, string> {
  const headers: Record<string, string> = {
    accept: stream ? 'text/event-stream, application/json' : 'application/json, */*',
    'accept-encoding': 'identity',
    'user-agent': 'streamweir/0.1',
  };
  for (const name of PASSED_HEADERS) {
    const value = client[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return headers;
}
