import { onlyAllowedTools } from './encoder-allowed-tools.ts';
import { ResponsesDecoder } from './decoder.ts';
import { ResponsesEncoder } from './encoder.ts';
import { encodeError } from './errors.ts';
import { socketEncoder, socketError, SOCKET } from './encoder-socket.ts';
import { decodeCompact } from './request-read-compact.ts';
import { filledBody, inputItems, keptOutput, memoryWish, refuseSealed } from './request-read-memory.ts';
import { decodeCount } from './request-read-count.ts';
import { decodeRequest } from './request-read.ts';
import { encodeRequest, patch } from './request-write.ts';
import { encodeCount } from './whole-count.ts';
import { encodeCompacted, passCompacted } from './whole-compact.ts';
import { deletedResponse, itemPage, shownResponse } from './whole-list.ts';
import { encodeWhole } from './whole.ts';
import { DIALECT_FIDELITY, PROTOCOL_FIDELITY } from './words-fidelity.ts';
import { ID } from './words.ts';
import { EVENT_STREAM } from '../codec.ts';
import type { Dialect, Encoder, Protocol, Reply, Write } from '../codec.ts';
import type { Memory } from '../memory.ts';
import { decodeOpenAiError } from '../openai-error.ts';

/** How upstreams that speak the Responses format are called. */
export const protocol: Protocol = {
  id: ID,
  fidelity: PROTOCOL_FIDELITY,
  path: (request) => (request.task === 'generation' && request.compacts === true ? '/responses/compact' : '/responses'),
  encodeRequest,
  patch,
  decoder: (emit, context) => new ResponsesDecoder(emit, context),
  decodeError: decodeOpenAiError,
};

const memory: Memory = {
  wish: memoryWish,
  filled: filledBody,
  items: inputItems,
  output: keptOutput,
  shown: shownResponse,
  page: itemPage,
  refuseSealed,
  deleted: deletedResponse,
};

// What only looks at a conversation leaves nothing behind.
const UNKEPT: Memory = { ...memory, wish: (body) => ({ ...memoryWish(body), keep: false }) };

/** How `/v1/responses` is served. */
export const dialect: Dialect = {
  id: ID,
  fidelity: DIALECT_FIDELITY,
  ownWishes: [{ path: 'truncation', idle: 'disabled' }, { path: 'max_tool_calls' }],
  decodeRequest,
  memory,
  streamForm: () => EVENT_STREAM,
  encoder,
  encodeWhole,
  encodeError,
};

/** How the same is served over a WebSocket. */
export const socketDialect: Dialect = {
  ...dialect,
  streamForm: () => SOCKET,
  encoder: socketEncoder,
  encodeError: socketError,
};

/** How `/v1/responses/compact` is served: with the summary of a conversation, and nothing is kept of it. */
export const compactDialect: Dialect = {
  ...dialect,
  decodeRequest: decodeCompact,
  memory: UNKEPT,
  passWhole: passCompacted,
  encodeWhole: encodeCompacted,
};

/** How `/v1/responses/input_tokens` is served. */
export const countDialect: Dialect = {
  ...dialect,
  decodeRequest: decodeCount,
  memory: UNKEPT,
  encodeWhole: encodeCount,
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
    get kept() {
      return inner.kept;
    },
  };
}
