import type { Capabilities } from '../codec.ts';

/** Makes increments out of the deltas of servers that repeat the text so far in each of them (TR-04). */
export class Increments {
  #mode: Capabilities['transcriptDelta'];
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
    const repeats = mode !== 'incremental' && this.#soFar !== '' && delta.startsWith(this.#soFar);
    // One delta that does not repeat the text shows that this server never does; from then on repeated words are just words.
    if (mode === 'auto' && this.#soFar !== '' && !repeats) this.#mode = 'incremental';
    if (mode === 'cumulative' && this.#soFar !== '' && !repeats) return '';
    const piece = repeats ? delta.slice(this.#soFar.length) : delta;
    this.#soFar += piece;
    return piece;
  }
}
