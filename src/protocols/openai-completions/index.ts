import { EVENT_STREAM } from '../codec.ts';
import type { Dialect, Protocol } from '../codec.ts';
import { decodeOpenAiError, encodeOpenAiError } from '../openai-error.ts';
import { CompletionsDecoder } from './decoder.ts';
import { CompletionsEncoder } from './encoder.ts';
import { decodeRequest } from './request-read.ts';
import { encodeRequest, patch } from './request-write.ts';
import { encodeWhole } from './whole.ts';
import { DIALECT_FIDELITY, PROTOCOL_FIDELITY } from './words-fidelity.ts';

/** Upstreams that speak `POST /completions`. */
export const protocol: Protocol = {
  id: 'openai-completions',
  fidelity: PROTOCOL_FIDELITY,
  path: () => '/completions',
  encodeRequest,
  patch,
  decoder: (emit, context) => new CompletionsDecoder(emit, context),
  decodeError: decodeOpenAiError,
};

/** Clients that speak `POST /v1/completions`. */
export const dialect: Dialect = {
  id: 'openai-completions',
  fidelity: DIALECT_FIDELITY,
  ownWishes: [{ path: 'logit_bias' }],
  decodeRequest,
  streamForm: () => EVENT_STREAM,
  encoder: (write, reply) => new CompletionsEncoder(write, reply),
  encodeWhole,
  encodeError: encodeOpenAiError,
};
