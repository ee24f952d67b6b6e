import type { Dialect, Protocol } from '../codec.ts';
import { decodeOpenAiError, encodeOpenAiError } from '../openai-error.ts';
import { encodePassed, modelPatch, PassedDecoder, passedRequest, passedWhole } from '../passed-body.ts';
import { WHOLE_ONLY, WholeEncoder } from '../whole-encoder.ts';
import { decodeRequest } from './request-read.ts';
import { RANKINGS } from './words.ts';

const encodeWhole: Dialect['encodeWhole'] = (completion) => encodePassed(completion, RANKINGS);

/** Upstreams that speak `POST /rerank`. */
export const protocol: Protocol = {
  id: 'cohere-rerank',
  path: () => '/rerank',
  encodeRequest: (request, target) => ({ body: passedRequest(request, target, RANKINGS) }),
  patch: modelPatch,
  decoder: (emit, context) => new PassedDecoder(emit, context, RANKINGS),
  decodeError: decodeOpenAiError,
};

/** Clients that speak `POST /v1/rerank`. */
export const dialect: Dialect = {
  id: 'cohere-rerank',
  decodeRequest,
  streamForm: () => WHOLE_ONLY,
  encoder: (write, reply) => new WholeEncoder(write, reply, encodeWhole),
  passWhole: (body) => passedWhole(body, RANKINGS),
  encodeWhole,
  encodeError: encodeOpenAiError,
};
