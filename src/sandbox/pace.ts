import { setImmediate, setTimeout } from 'node:timers/promises';

/** How many tokens go out in one turn of the event loop when nothing else slows them, so that an abort is heard. */
const BURST = 16;

/** What sets the speed of an answer. */
export interface PaceSettings {
  readonly signal: AbortSignal;
  readonly ready: () => Promise<void> | undefined;
  /** Milliseconds before the first token. */
  readonly ttft: number;
  /** Tokens per second; absent means as fast as the reader takes them. */
  readonly rate?: number;
}

/** Says when the next token may go: the client's rate, back pressure, and the end when the client has left. */
export class Pace {
  readonly #settings: PaceSettings;
  readonly #gone: Promise<void>;
  #firstDue: number | undefined;
  #sent = 0;

  constructor(settings: PaceSettings) {
    this.#settings = settings;
    const { signal } = settings;
    this.#gone = new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Whether the client has left. */
  get over(): boolean {
    return this.#settings.signal.aborted;
  }

  /** Waits until the next token is due and the reader takes it. Resolves at once when the client leaves; ask {@link over}. */
  async next(): Promise<void> {
    const { ttft, rate } = this.#settings;
    // The schedule is absolute: a late timer makes several tokens due at once instead of slowing the whole answer.
    this.#firstDue ??= performance.now() + ttft;
    const due = this.#firstDue + (rate === undefined ? 0 : (this.#sent * 1000) / rate);
    const wait = due - performance.now();
    if (wait > 0) await this.#sleep(wait);
    else if (this.#sent % BURST === BURST - 1) await setImmediate();
    this.#sent++;
    await this.drained();
  }

  /** Waits for the reader alone: for events that are no tokens. */
  async drained(): Promise<void> {
    while (!this.over) {
      const blocked = this.#settings.ready();
      if (blocked === undefined) return;
      await Promise.race([blocked, this.#gone]);
    }
  }

  /** Waits for the client to leave. */
  async silence(): Promise<void> {
    await this.#gone;
  }

  async #sleep(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.#settings.signal }).catch(() => undefined);
  }
}
