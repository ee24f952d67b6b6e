import type { IncomingHttpHeaders } from 'node:http';
import { editKeys } from '../framing/json-edit.ts';
import { refuse, unsupported } from '../model/errors.ts';
import type { BodyPatch, Protocol, Target } from '../protocols/codec.ts';
import { PASSED_HEADERS } from '../protocols/index.ts';
import { holdsEnvelope } from '../protocols/seal-envelope.ts';
import { hostedPath } from '../providers/hosted-path.ts';
import type { UpstreamCall } from '../transport/dispatch.ts';
import type { Plan } from './plan.ts';
import type { Payload, Received } from './receive.ts';
import { formBody } from './form-body.ts';

/** A plan that leads to an upstream. */
export type UpstreamPlan = Extract<Plan, { to: 'upstream' }>;

/** A plan that leads to an upstream over the wire. */
export type WirePlan = Exclude<UpstreamPlan, { protocol: 'ai-sdk' }>;

/** A call of an upstream, and the features of the request that its format has no words for. */
export interface Outgoing {
  readonly call: UpstreamCall;
  readonly lost: readonly string[];
}

// Dots are not escaped: a model called so would lead to another place, and clients choose models only.
const STEP = /\/\.\.?(?:[/?]|$)/;

/** The call that asks an upstream; for a target of the client's own format the body's bytes pass but for the keys that must change. */
export function outgoing(received: Received, protocol: Protocol, target: Target): Outgoing {
  const { request, payload } = received;
  if (request.task === 'generation' && request.promptOnly !== undefined && protocol.id !== received.dialect.id)
    unsupported(
      request.promptOnly,
      `'${request.promptOnly}' can only be honoured by a model that is reached in the format it belongs to. Leave it out.`,
    );
  // An envelope around another format's seal is nothing for this format's maker.
  const passes = payload.kind === 'json' && protocol.id === received.dialect.id && !holdsEnvelope(payload.bytes);
  const encoded = passes ? undefined : protocol.encodeRequest(request, target);
  const path = hostedPath(target.hosting, target.model, protocol.path(request, target));
  if (STEP.test(path)) refuse('model', `The model '${request.model}' cannot stand in a path.`);
  const headers = headersFor(received.headers, protocol, protocol.headers?.(request, target) ?? {}, target.stream);
  if (payload.kind === 'form') {
    const { contentType, stream } = formBody(payload, typeof encoded?.body === 'object' ? encoded.body : []);
    const call: UpstreamCall = {
      method: 'POST',
      path,
      headers: { ...headers, 'content-type': contentType },
      body: stream,
    };
    return { call, lost: encoded?.lost ?? [] };
  }
  const body = passes ? patched(payload, protocol.patch(request, target)) : encoded?.body;
  if (typeof body !== 'string' && !(body instanceof Uint8Array))
    refuse('model', `The model '${request.model}' is asked for with a form upload, not with JSON.`);
  const call: UpstreamCall = {
    method: 'POST',
    path,
    headers: { ...headers, 'content-type': 'application/json' },
    body,
  };
  return { call, lost: encoded?.lost ?? [] };
}

function patched({ bytes, scan }: Extract<Payload, { kind: 'json' }>, patch: BodyPatch): Uint8Array {
  const values: Record<string, string | undefined> = {};
  for (const [key, value] of Object.entries(patch)) values[key] = value === undefined ? value : JSON.stringify(value);
  return editKeys(bytes, scan, values);
}

function headersFor(
  client: IncomingHttpHeaders,
  protocol: Protocol,
  own: Readonly<Record<string, string>>,
  stream: boolean,
): Record<string, string> {
  const headers: Record<string, string> = {
    accept: stream ? 'text/event-stream, application/json' : 'application/json, */*',
    'accept-encoding': 'identity',
    'user-agent': 'streamweir/0.1',
    ...own,
  };
  for (const { name, to, list } of PASSED_HEADERS) {
    const value = client[name];
    if (typeof value !== 'string' || (to !== undefined && to !== protocol.id)) continue;
    const ours = list === true ? headers[name] : undefined;
    headers[name] = ours === undefined ? value : [...new Set([...ours.split(','), ...value.split(/ *, */)])].join(',');
  }
  return headers;
}
