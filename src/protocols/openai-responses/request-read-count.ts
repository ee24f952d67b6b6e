import { decodeRequest } from './request-read.ts';
import { ID } from './words.ts';
import type { JsonObject } from '../../model/json.ts';
import type { CountRequest } from '../../model/request.ts';

/** Reads the body of `POST /v1/responses/input_tokens`: that of a response, of which only the input is counted. */
export function decodeCount(body: JsonObject): CountRequest {
  const { store: _store, stream: _stream, ...asked } = body;
  const generation = decodeRequest(asked);
  return { task: 'count', model: generation.model, stream: false, generation, native: { protocol: ID, value: body } };
}
