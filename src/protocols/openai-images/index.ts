import { EVENT_STREAM } from '../codec.ts';
import type { Dialect, Protocol } from '../codec.ts';
import { decodeOpenAiError, encodeOpenAiError } from '../openai-error.ts';
import { modelPatch, passedWhole } from '../passed-body.ts';
import { PictureDecoder } from './decoder.ts';
import { PictureEncoder } from './encoder.ts';
import { readEdit, readGeneration } from './request-read.ts';
import { encodeRequest, path } from './request-write.ts';
import { encodeWhole } from './whole.ts';
import { PICTURES } from './words.ts';

/** Upstreams that speak `POST /images/generations` and `/images/edits`. */
export const protocol: Protocol = {
  id: 'openai-images',
  path,
  encodeRequest,
  patch: modelPatch,
  decoder: (emit, context) => new PictureDecoder(emit, context),
  decodeError: decodeOpenAiError,
};

/** Clients that speak `POST /v1/images/generations`. */
export const dialect: Dialect = {
  id: 'openai-images',
  decodeRequest: readGeneration,
  streamForm: () => EVENT_STREAM,
  encoder: (write, reply) => new PictureEncoder(write, reply),
  passWhole: (body) => passedWhole(body, PICTURES),
  encodeWhole,
  encodeError: encodeOpenAiError,
};

/** Clients that speak `POST /v1/images/edits`: the same format with pictures to begin from. */
export const editDialect: Dialect = { ...dialect, decodeRequest: readEdit };
