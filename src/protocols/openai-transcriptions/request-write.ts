import type { Target, UpstreamRequest } from '../codec.ts';
import { unsupported } from '../../model/errors.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Request } from '../../model/request.ts';

/** Puts a request into form fields, in the client's order; the file goes beside them. */
export function encodeRequest(request: Request, target: Target): UpstreamRequest {
  if (request.task !== 'transcription')
    unsupported('model', `The model '${request.model}' transcribes sound and does nothing else.`);
  const fields = request.fields
    .filter(([name]) => name !== 'stream')
    .map(([name, value]) => [name, name === 'model' ? target.model : value] as const);
  return {
    body: target.stream ? [...fields, ['stream', 'true']] : fields,
  };
}

/** The fields that differ in a form that is passed on. */
export function patch(request: Request, target: Target): JsonObject {
  return { model: target.model, ...(request.stream !== target.stream && { stream: String(target.stream) }) };
}
