import { createHash } from 'node:crypto';

import { refuse } from '../model/errors.ts';
import type { EmbeddingRequest } from '../model/request.ts';
import { asBase64 } from '../protocols/vectors.ts';
import type { Part, Script } from './script.ts';
import { countTokens } from './tokenizer.ts';

const USUAL_DIMENSIONS = 256;
const MOST_DIMENSIONS = 4096;
const BYTES = 4;
const HALF = 2 ** 31;

type Input = EmbeddingRequest['inputs'][number];

/** One vector for each input. Throws GatewayFailure for more dimensions than the sandbox gives. */
export function embedScript({ inputs, dimensions = USUAL_DIMENSIONS }: EmbeddingRequest): Script {
  if (dimensions > MOST_DIMENSIONS)
    refuse('dimensions', `The sandbox gives vectors of at most ${MOST_DIMENSIONS} dimensions, not ${dimensions}.`);
  const parts = inputs.map((input): Part => ({
    head: { type: 'vector' },
    pieces: vectorOf(input, dimensions),
    uncounted: 1,
  }));
  return { parts, reason: 'stop' };
}

/** Tokens of all inputs: of texts by the sandbox's own tokenizer, of lists of token ids the ids. */
export function embedTokens({ inputs }: EmbeddingRequest): number {
  return inputs.reduce((sum, input) => sum + (typeof input === 'string' ? countTokens(input) : input.length), 0);
}

/**
 * A vector of length 1 that depends on the input alone. Fewer dimensions are the beginning of more, brought to length 1 again; every number
 * is a float32, so both encodings say the same.
 */
function* vectorOf(input: Input, dimensions: number): Generator<string, void> {
  const seed = typeof input === 'string' ? input : `\0${JSON.stringify(input)}`;
  const bytes = createHash('shake256', { outputLength: dimensions * BYTES })
    .update(seed)
    .digest();
  const raw = Array.from({ length: dimensions }, (_, at) => bytes.readInt32LE(at * BYTES) / HALF);
  const length = Math.hypot(...raw);
  yield asBase64(raw.map((number) => number / length));
}
