import { Fields } from '../../model/fields.ts';
import type { JsonObject } from '../../model/json.ts';
import type { PassingRequest } from '../../model/request.ts';

/** Reads the body of `POST /v1/rerank`; query and documents may be texts or objects, which is for the upstream to read. */
export function decodeRequest(body: JsonObject): PassingRequest {
  const fields = new Fields(body);
  const model = fields.requiredString('model');
  if (fields.get('query') === undefined) fields.missing('query');
  if (fields.array('documents') === undefined) fields.missing('documents');
  return { task: 'rerank', model, stream: false, native: { protocol: 'cohere-rerank', value: body } };
}
