import { Fields } from '../../model/fields.ts';
import type { JsonObject } from '../../model/json.ts';
import type { PassingRequest } from '../../model/request.ts';

/** Reads the body of `POST /v1/moderations`; what it judges is for the upstream to read. */
export function decodeRequest(body: JsonObject): PassingRequest {
  const fields = new Fields(body);
  const model = fields.requiredString('model');
  if (fields.get('input') === undefined) fields.missing('input');
  return { task: 'moderation', model, stream: false, native: { protocol: 'openai-moderations', value: body } };
}
