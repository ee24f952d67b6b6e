import { onlyAllowedTools } from './encoder-allowed-tools.ts';
import { ResponsesDecoder } from './decoder.ts';
import { ResponsesEncoder } from './encoder.ts';
import { encodeError } from './errors.ts';
import { decodeRequest } from './request-read.ts';
import { encodeRequest, patch } from './request-write.ts';
import { encodeWhole } from './whole.ts';
import { ID } from './words.ts';
import { EVENT_STREAM } from '../codec.ts';
import type { Dialect, Encoder, Protocol, Reply, Write } from '../codec.ts';
import { decodeOpenAiError } from '../openai-error.ts';

/** How upstreams that speak the Responses format are called. */
export const protocol: Protocol = {
  id: ID,
  path: () => '/responses',
  encodeRequest,
  patch,
  decoder: (emit, context) => new ResponsesDecoder(emit, context),
  decodeError: decodeOpenAiError,
};

/** How `/v1/responses` is served. */
export const dialect: Dialect = {
  id: ID,
  decodeRequest,
  streamForm: () => EVENT_STREAM,
  encoder,
  encodeWhole,
  encodeError,
};

function encoder(write: Write, reply: Reply): Encoder {
  const inner = new ResponsesEncoder(write, reply);
  const push = onlyAllowedTools(reply.request, (event) => inner.push(event));
  return {
    push,
    opening: () => inner.opening(),
    get lost() {
      return inner.lost;
    },
  };
}
