import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// A collection also drops compiled code that was not used of late: between two bursts it would cost more than it gives.
const QUIET_MS = 20_000;
const SETTLE_MS = 1_000;
const GROWTH_BYTES = 64 * 1024 * 1024;

/** What a {@link Collector} works with; in bytes. */
export interface Memory {
  readonly resident: () => number;
  readonly collect: () => void;
}

/**
 * Gives memory back once nothing has been under way for twenty seconds. V8 collects when a program asks for memory, so what a burst of large answers left
 * behind would stay in a process that is idle afterwards. Costs about 20 ms of nobody's time, and only when the process grew by 64 MB.
 */
export class Collector {
  readonly #memory: Memory;
  #resident: number;
  #restedAt = 0;
  #waits = false;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#resident = memory.resident();
  }

  /**
   * No request is under way at this moment.
   * @param quiet whether that is still so, or so again
   */
  rested(quiet: () => boolean): void {
    // Requests that come one by one rest after each: only the time is noted then.
    this.#restedAt = performance.now();
    if (this.#waits) return;
    this.#waits = true;
    this.#wait(QUIET_MS, quiet);
  }

  #wait(ms: number, quiet: () => boolean): void {
    setTimeout(() => {
      const left = this.#restedAt + QUIET_MS - performance.now();
      if (left > 1) {
        this.#wait(left, quiet);
        return;
      }
      this.#waits = false;
      if (quiet()) this.#look();
    }, ms).unref();
  }

  #look(): void {
    if (this.#memory.resident() - this.#resident < GROWTH_BYTES) return;
    this.#memory.collect();
    // Pages go back to the system behind a collection.
    setTimeout(() => {
      this.#resident = this.#memory.resident();
    }, SETTLE_MS).unref();
  }
}

/** The memory of this process. */
export function ownMemory(): Memory {
  return { resident: () => process.memoryUsage.rss(), collect };
}

// The engine shows its collector to new contexts only, and only once this is said; said at the start, all code was seen to run slower.
function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
