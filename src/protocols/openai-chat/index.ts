import { ChatDecoder } from './decoder.ts';
import { ChatEncoder } from './encoder.ts';
import { decodeRequest } from './request-read.ts';
import { encodeRequest, patch } from './request-write.ts';
import { ChatPassage } from './passage.ts';
import { passWhole } from './passage-whole.ts';
import { encodeWhole } from './whole.ts';
import { DIALECT_FIDELITY, PROTOCOL_FIDELITY } from './words-fidelity.ts';
import { EVENT_STREAM } from '../codec.ts';
import type { Dialect, Protocol } from '../codec.ts';
import { decodeOpenAiError, encodeOpenAiError } from '../openai-error.ts';

/** Chat completions as an upstream speaks them. */
export const protocol: Protocol = {
  id: 'openai-chat',
  fidelity: PROTOCOL_FIDELITY,
  path: () => '/chat/completions',
  encodeRequest,
  patch,
  decoder: (emit, context) => new ChatDecoder(emit, context),
  decodeError: decodeOpenAiError,
};

/** Chat completions as a client speaks them: `POST /v1/chat/completions`. */
export const dialect: Dialect = {
  id: 'openai-chat',
  fidelity: DIALECT_FIDELITY,
  ownWishes: [{ path: 'logit_bias' }, { path: 'prediction' }, { path: 'web_search_options' }, { path: 'audio' }],
  decodeRequest,
  streamForm: () => EVENT_STREAM,
  encoder: (write, reply) => new ChatEncoder(write, reply),
  passage: (reply) => new ChatPassage(reply),
  passWhole,
  encodeWhole,
  encodeError: encodeOpenAiError,
};
