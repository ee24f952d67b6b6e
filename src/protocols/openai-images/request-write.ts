import type { Target, UpstreamRequest } from '../codec.ts';
import type { Request } from '../../model/request.ts';
import { passedRequest } from '../passed-body.ts';
import { PICTURES } from './words.ts';

/** Where a request for pictures goes. */
export function path(request: Request): string {
  return request.task === 'image-edit' ? '/images/edits' : '/images/generations';
}

/** The client's own request: JSON, or the fields of a form in their order, with the upstream's name of the model. */
export function encodeRequest(request: Request, target: Target): UpstreamRequest {
  if (request.task !== 'image-edit' || request.fields === undefined)
    return { body: passedRequest(request, target, PICTURES) };
  return { body: request.fields.map(([name, value]) => [name, name === 'model' ? target.model : value] as const) };
}
