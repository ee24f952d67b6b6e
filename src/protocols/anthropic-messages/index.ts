import { MessagesDecoder } from './decoder.ts';
import { MessagesEncoder } from './encoder.ts';
import { decodeError, encodeError } from './errors.ts';
import { MessagesPassage } from './passage.ts';
import { passWhole } from './passage-whole.ts';
import { decodeCount, decodeRequest } from './request-read.ts';
import { encodeRequest, headers, patch, path } from './request-write-body.ts';
import { OWN } from './seals.ts';
import { encodeWhole } from './whole.ts';
import { DIALECT_FIDELITY, PROTOCOL_FIDELITY } from './words-fidelity.ts';
import { EVENT_STREAM } from '../codec.ts';
import type { Dialect, Protocol } from '../codec.ts';

/** Messages as an upstream speaks them, at the makers' own address or hosted by others. */
export const protocol: Protocol = {
  id: OWN,
  fidelity: PROTOCOL_FIDELITY,
  counts: true,
  path,
  headers,
  encodeRequest,
  patch,
  decoder: (emit, context) => new MessagesDecoder(emit, context),
  decodeError,
};

/** Messages as a client speaks them: `POST /v1/messages`. */
export const dialect: Dialect = {
  id: OWN,
  fidelity: DIALECT_FIDELITY,
  ownWishes: [{ path: 'mcp_servers' }, { path: 'container' }, { path: 'context_management' }],
  requestIdHeader: 'request-id',
  decodeRequest,
  // MS-11: clients of this format know this sign of life.
  streamForm: () => ({ ...EVENT_STREAM, keepAlive: 'event: ping\ndata: {"type":"ping"}\n\n' }),
  encoder: (write, reply) => new MessagesEncoder(write, reply),
  passage: (reply) => new MessagesPassage(reply),
  passWhole,
  encodeWhole,
  encodeError,
};

/** Counting the tokens of a request without answering it: `POST /v1/messages/count_tokens`. */
export const countDialect: Dialect = { ...dialect, decodeRequest: decodeCount };
