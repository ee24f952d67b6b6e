import type { Json } from './json.ts';

/**
 * Tokens of one answer as disjoint counters, so that a price is a dot product.
 * An inclusive total (`prompt_tokens`, `output_tokens`) is the sum the encoder that wants it makes.
 */
export interface Usage {
  /** Input tokens that were neither read from nor written to a cache and are not audio. */
  readonly input: number;
  /** Input tokens read from the provider's prompt cache. */
  readonly cacheRead: number;
  /** Input tokens written to the provider's prompt cache. */
  readonly cacheWrite: number;
  /** Input audio tokens. */
  readonly audioInput: number;
  /** Output tokens that are neither reasoning nor audio. */
  readonly output: number;
  /** Output tokens spent on reasoning. */
  readonly reasoning: number;
  /** Output audio tokens. */
  readonly audioOutput: number;
  /** Seconds of audio, where that is what the provider charges for. */
  readonly seconds?: number;
  /** The provider gave no figures; these are the gateway's estimate. */
  readonly estimated?: true;
  /** A figure of the provider was impossible (negative, not finite, a string) and was clamped. */
  readonly suspect?: true;
  /** The provider's own total, when it is not the sum of the counters. */
  readonly total?: number;
  /** The provider's usage object as it came, for clients of the same format. */
  readonly raw?: Json;
}

/** Usage with every counter zero: the start of a sum, never an answer to a client. */
export const NO_USAGE: Usage = {
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  audioInput: 0,
  output: 0,
  reasoning: 0,
  audioOutput: 0,
};

/** All input tokens, cached and audio included. */
export function inputTotal(usage: Usage): number {
  return usage.input + usage.cacheRead + usage.cacheWrite + usage.audioInput;
}

/** All output tokens, reasoning and audio included. */
export function outputTotal(usage: Usage): number {
  return usage.output + usage.reasoning + usage.audioOutput;
}

/** What the provider says the exchange came to, else the sum of all counters. */
export function grandTotal(usage: Usage): number {
  return usage.total ?? inputTotal(usage) + outputTotal(usage);
}
