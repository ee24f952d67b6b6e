import type { Target, UpstreamRequest } from '../codec.ts';
import { unsupported } from '../../model/errors.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Request } from '../../model/request.ts';

/** Puts a request into the words of `POST /audio/speech`: the client's own body, for no other format asks for speech. */
export function encodeRequest(request: Request, target: Target): UpstreamRequest {
  if (request.task !== 'speech')
    unsupported('model', `The model '${request.model}' turns text into speech and does nothing else.`);
  return { body: JSON.stringify({ ...request.native.value, ...patch(request, target) }) };
}

/** The top-level keys that differ in a body that is passed on (UP-09). */
export function patch(_request: Request, target: Target): JsonObject {
  return { model: target.model };
}
