import type { Dialect, Protocol } from '../codec.ts';
import { decodeOpenAiError, encodeOpenAiError } from '../openai-error.ts';
import { WHOLE_ONLY, WholeEncoder } from '../whole-encoder.ts';
import { EmbeddingDecoder } from './decoder.ts';
import { decodeRequest } from './request-read.ts';
import { encodeRequest, patch } from './request-write.ts';
import { encodeWhole, passWhole } from './whole.ts';

/** Upstreams that speak `POST /embeddings`. */
export const protocol: Protocol = {
  id: 'openai-embeddings',
  path: () => '/embeddings',
  encodeRequest,
  patch,
  decoder: (emit, context) => new EmbeddingDecoder(emit, context),
  decodeError: decodeOpenAiError,
};

/** Clients that speak `POST /v1/embeddings`. */
export const dialect: Dialect = {
  id: 'openai-embeddings',
  decodeRequest,
  streamForm: () => WHOLE_ONLY,
  encoder: (write, reply) => new WholeEncoder(write, reply, encodeWhole),
  passWhole,
  encodeWhole,
  encodeError: encodeOpenAiError,
};
