/** What a recording says of itself; only what was found in it. */
export interface SoundFacts {
  /** Name of the container: `WAV`, `MP4`. */
  readonly container: string;
  /** What the sound is coded as, where that says more than the container. */
  readonly codec?: string;
  readonly seconds?: number;
  readonly channels?: number;
  /** Samples per second. */
  readonly rate?: number;
}
