import { refuse, unsupported } from '../../model/errors.ts';
import type { Request } from '../../model/request.ts';
import type { Target } from '../codec.ts';

/** The path of a request below the base URL; the model stands in it, and so cannot lead anywhere else. */
export function pathOf(request: Request, target: Target): string {
  const vertex = target.hosting?.style === 'vertex';
  const model = modelPath(target.model);
  const place = vertex ? `/publishers/google/${model}` : `/${model}`;
  switch (request.task) {
    case 'generation':
      return target.stream ? `${place}:streamGenerateContent?alt=sse` : `${place}:generateContent`;
    case 'count':
      return `${place}:countTokens`;
    case 'embedding':
      if (vertex) return `${place}:predict`;
      return isBatch(request) ? `${place}:batchEmbedContents` : `${place}:embedContent`;
    default:
      return unsupported('model', 'This model answers texts, counts their tokens or embeds them, and nothing else.');
  }
}

/** Whether embeddings are asked for as a list, which the answer then is too. */
export function isBatch(request: Extract<Request, { task: 'embedding' }>): boolean {
  return request.native.protocol === 'gemini' ? 'requests' in request.native.value : request.inputs.length !== 1;
}

/** The name of a model as the API writes it: `models/…`, or the collection it already names. */
export function resourceOf(model: string): string {
  return /^(?:models|tunedModels|endpoints)\//.test(model) ? model : `models/${model}`;
}

function modelPath(model: string): string {
  const parts = resourceOf(model).split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    refuse('model', `The model '${model}' cannot stand in a path.`);
  return parts.map(encodeURIComponent).join('/');
}
