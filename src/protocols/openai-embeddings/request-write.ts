import type { BodyPatch, Target, UpstreamRequest } from '../codec.ts';
import { unsupported } from '../../model/errors.ts';
import type { EmbeddingRequest, Request } from '../../model/request.ts';

/** Puts a request into the words of `POST /embeddings`. */
export function encodeRequest(request: Request, target: Target): UpstreamRequest {
  if (request.task !== 'embedding')
    unsupported('model', `The model '${request.model}' makes embeddings and does nothing else.`);
  if (request.native.protocol === 'openai-embeddings')
    return { body: JSON.stringify({ ...request.native.value, ...patch(request, target) }) };
  const { inputs, dimensions, user } = request;
  // The form of the vectors is left to the upstream: whatever it gives is converted, and not every server knows the field.
  const body = {
    model: target.model,
    input: inputs.length === 1 ? inputs[0] : inputs,
    ...(dimensions !== undefined && { dimensions }),
    ...(user !== undefined && { user }),
  };
  return { body: JSON.stringify(body), lost: lostOf(request) };
}

/** The top-level keys that differ in a body that is passed on (UP-09). */
export function patch(_request: Request, target: Target): BodyPatch {
  return { model: target.model };
}

function lostOf({ purpose, title }: EmbeddingRequest): readonly string[] {
  return [...(purpose === undefined ? [] : ['task_type']), ...(title === undefined ? [] : ['title'])];
}
