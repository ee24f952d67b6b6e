import { GeminiDecoder } from './decoder.ts';
import { PlainDecoder } from './decoder-plain.ts';
import { GeminiEncoder } from './encoder.ts';
import { decodeError, encodeError } from './errors.ts';
import { DIALECT_FIDELITY, PROTOCOL_FIDELITY } from './words-fidelity.ts';
import { GeminiPassage } from './passage.ts';
import { passCount, passWhole } from './passage-whole.ts';
import { decodeStreamRequest, decodeWholeRequest } from './request-read.ts';
import { decodeBatchRequest, decodeCountRequest, decodeEmbeddingRequest } from './request-read-plain.ts';
import { encodeRequest, patch } from './request-write.ts';
import { pathOf } from './request-write-path.ts';
import { encodeCount, encodeEmbedding, encodeEmbeddings, encodeWhole } from './whole.ts';
import { EVENT_STREAM } from '../codec.ts';
import type { Dialect, Protocol, StreamForm } from '../codec.ts';
import { WHOLE_ONLY, WholeEncoder } from '../whole-encoder.ts';

const ID = 'gemini';

/** The stream of a client that did not ask for events: between the elements of a JSON list nothing may stand. */
const LIST: StreamForm = { contentType: 'application/json; charset=utf-8', tellsErrors: true };

/** Generate content as an upstream speaks it, at its makers' or at their cloud. */
export const protocol: Protocol = {
  id: ID,
  fidelity: PROTOCOL_FIDELITY,
  counts: true,
  path: pathOf,
  encodeRequest,
  patch,
  decoder: (emit, context) =>
    context.request.task === 'generation' ? new GeminiDecoder(emit, context) : new PlainDecoder(emit, context),
  decodeError,
};

/** `POST …/{model}:generateContent`. */
export const dialect: Dialect = {
  id: ID,
  fidelity: DIALECT_FIDELITY,
  ownWishes: [
    { path: 'safetySettings' },
    { path: 'labels' },
    { path: 'generationConfig.mediaResolution' },
    { path: 'generationConfig.speechConfig' },
    { path: 'generationConfig.audioTimestamp' },
    { path: 'generationConfig.enableEnhancedCivicAnswers' },
  ],
  decodeRequest: decodeWholeRequest,
  streamForm: (request) => (request.task === 'generation' && request.framing === 'array' ? LIST : EVENT_STREAM),
  encoder: (write, reply) => new GeminiEncoder(write, reply),
  passage: (reply) => new GeminiPassage(reply),
  passWhole,
  encodeWhole,
  encodeError,
};

/** `POST …/{model}:streamGenerateContent`: events with `alt=sse`, else one JSON list. */
export const streamDialect: Dialect = { ...dialect, decodeRequest: decodeStreamRequest };

/** `POST …/{model}:countTokens`. */
export const countDialect: Dialect = {
  id: ID,
  decodeRequest: decodeCountRequest,
  streamForm: () => WHOLE_ONLY,
  encoder: (write, reply) => new WholeEncoder(write, reply, encodeCount),
  passWhole: passCount,
  encodeWhole: encodeCount,
  encodeError,
};

/** `POST …/{model}:embedContent`. */
export const embedDialect: Dialect = {
  id: ID,
  decodeRequest: decodeEmbeddingRequest,
  streamForm: () => WHOLE_ONLY,
  encoder: (write, reply) => new WholeEncoder(write, reply, encodeEmbedding),
  encodeWhole: encodeEmbedding,
  encodeError,
};

/** `POST …/{model}:batchEmbedContents`. */
export const batchEmbedDialect: Dialect = {
  ...embedDialect,
  decodeRequest: decodeBatchRequest,
  encoder: (write, reply) => new WholeEncoder(write, reply, encodeEmbeddings),
  encodeWhole: encodeEmbeddings,
};
