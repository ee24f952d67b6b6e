import type { Capabilities } from '../codec.ts';

/** Makes increments out of the deltas of servers that repeat the text so far in each of them (TR-04). */
export class Increments {
  readonly #mode: Capabilities['transcriptDelta'];
  #soFar = '';

  constructor(mode: Capabilities['transcriptDelta']) {
    this.#mode = mode;
  }

  /** The whole text handed out. */
  get soFar(): string {
    return this.#soFar;
  }

  /** What a delta adds to the text so far; empty when it adds nothing, or would take back what was handed out. */
  next(delta: string, mode: Capabilities['transcriptDelta'] = this.#mode): string {
    if (delta === '') return '';
    const before = this.#soFar;
    // The lengths tell nearly every increment; comparing texts would cost the whole text again for each delta.
    const repeats =
      mode !== 'incremental' && before !== '' && delta.length >= before.length && delta.startsWith(before);
    if (mode === 'cumulative' && before !== '' && !repeats) return '';
    const piece = repeats ? delta.slice(before.length) : delta;
    this.#soFar += piece;
    return piece;
  }
}
