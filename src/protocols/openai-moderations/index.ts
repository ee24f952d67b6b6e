import type { Dialect, Protocol } from '../codec.ts';
import { decodeOpenAiError, encodeOpenAiError } from '../openai-error.ts';
import { encodePassed, modelPatch, PassedDecoder, passedRequest, passedWhole } from '../passed-body.ts';
import { WHOLE_ONLY, WholeEncoder } from '../whole-encoder.ts';
import { decodeRequest } from './request-read.ts';
import { MODERATIONS } from './words.ts';

const encodeWhole: Dialect['encodeWhole'] = (completion) => encodePassed(completion, MODERATIONS);

/** Upstreams that speak `POST /moderations`. */
export const protocol: Protocol = {
  id: 'openai-moderations',
  path: () => '/moderations',
  encodeRequest: (request, target) => ({ body: passedRequest(request, target, MODERATIONS) }),
  patch: modelPatch,
  decoder: (emit, context) => new PassedDecoder(emit, context, MODERATIONS),
  decodeError: decodeOpenAiError,
};

/** Clients that speak `POST /v1/moderations`. */
export const dialect: Dialect = {
  id: 'openai-moderations',
  decodeRequest,
  streamForm: () => WHOLE_ONLY,
  encoder: (write, reply) => new WholeEncoder(write, reply, encodeWhole),
  passWhole: (body) => passedWhole(body, MODERATIONS),
  encodeWhole,
  encodeError: encodeOpenAiError,
};
