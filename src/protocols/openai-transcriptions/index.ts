import { EVENT_STREAM } from '../codec.ts';
import type { Dialect, Protocol } from '../codec.ts';
import { decodeOpenAiError, encodeOpenAiError } from '../openai-error.ts';
import { TranscriptionDecoder } from './decoder.ts';
import { TranscriptionEncoder } from './encoder.ts';
import { decodeRequest } from './request-read.ts';
import { encodeRequest, patch } from './request-write.ts';
import { encodeWhole } from './whole.ts';

/** Upstreams that speak `POST /audio/transcriptions` and `/audio/translations`. */
export const protocol: Protocol = {
  id: 'openai-transcriptions',
  path: (request) =>
    request.task === 'transcription' && request.translate ? '/audio/translations' : '/audio/transcriptions',
  encodeRequest,
  patch,
  decoder: (emit, context) => new TranscriptionDecoder(emit, context),
  decodeError: decodeOpenAiError,
};

/** Clients that speak `POST /v1/audio/transcriptions`. */
export const dialect: Dialect = {
  id: 'openai-transcriptions',
  decodeRequest: (form) => decodeRequest(form, false),
  streamForm: () => EVENT_STREAM,
  encoder: (write, reply) => new TranscriptionEncoder(write, reply),
  encodeWhole,
  encodeError: encodeOpenAiError,
};

/** Clients that speak `POST /v1/audio/translations`: the same format, asking for English. */
export const translationDialect: Dialect = { ...dialect, decodeRequest: (form) => decodeRequest(form, true) };
