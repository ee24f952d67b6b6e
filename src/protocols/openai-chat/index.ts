import { ChatDecoder } from './decoder.ts';
import { ChatEncoder } from './encoder.ts';
import { decodeRequest } from './request-read.ts';
import { encodeRequest, patch } from './request-write.ts';
import { ChatPassage } from './passage.ts';
import { passWhole } from './passage-whole.ts';
import { encodeWhole } from './whole.ts';
import { EVENT_STREAM } from '../codec.ts';
import type { Dialect, Protocol } from '../codec.ts';
import { decodeOpenAiError, encodeOpenAiError } from '../openai-error.ts';

/** Chat completions as an upstream speaks them. */
export const protocol: Protocol = {
  id: 'openai-chat',
  path: () => '/chat/completions',
  encodeRequest,
  patch,
  decoder: (emit, context) => new ChatDecoder(emit, context),
  decodeError: decodeOpenAiError,
};

/** Chat completions as a client speaks them: `POST /v1/chat/completions`. */
export const dialect: Dialect = {
  id: 'openai-chat',
  decodeRequest,
  streamForm: () => EVENT_STREAM,
  encoder: (write, reply) => new ChatEncoder(write, reply),
  passage: (reply) => new ChatPassage(reply),
  passWhole,
  encodeWhole,
  encodeError: encodeOpenAiError,
};
