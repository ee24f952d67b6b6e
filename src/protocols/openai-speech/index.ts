import type { Dialect, Protocol } from '../codec.ts';
import { decodeOpenAiError, encodeOpenAiError } from '../openai-error.ts';
import { SpeechDecoder } from './decoder.ts';
import { SpeechEncoder } from './encoder.ts';
import { decodeRequest, streamForm } from './request-read.ts';
import { encodeRequest, patch } from './request-write.ts';
import { encodeWhole } from './whole.ts';

/** Upstreams that speak `POST /audio/speech`. */
export const protocol: Protocol = {
  id: 'openai-speech',
  path: () => '/audio/speech',
  encodeRequest,
  patch,
  decoder: (emit, context) => new SpeechDecoder(emit, context),
  decodeError: decodeOpenAiError,
};

/** Clients that speak `POST /v1/audio/speech`. */
export const dialect: Dialect = {
  id: 'openai-speech',
  decodeRequest,
  streamForm,
  encoder: (write, reply) => new SpeechEncoder(write, reply),
  encodeWhole,
  encodeError: encodeOpenAiError,
};
