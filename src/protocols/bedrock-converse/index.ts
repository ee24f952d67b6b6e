import { ConverseDecoder } from './decoder.ts';
import { decodeError } from './errors.ts';
import { encodeRequest, headers, path } from './request-write.ts';
import { PROTOCOL_FIDELITY } from './words-fidelity.ts';
import { OWN } from './words.ts';
import type { Protocol } from '../codec.ts';

/** Converse, the one format in which Bedrock speaks for every model that it hosts. No client speaks it to us. */
export const protocol: Protocol = {
  id: OWN,
  fidelity: PROTOCOL_FIDELITY,
  path,
  headers,
  encodeRequest,
  // No body of this format ever comes from a client.
  patch: () => ({}),
  decoder: (emit, context) => new ConverseDecoder(emit, context),
  decodeError,
};
