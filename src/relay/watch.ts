import type { GatewayError } from '../model/errors.ts';
import { Alarm } from './alarm.ts';

/** The deadlines of one exchange, in milliseconds (`reliability` §4.1). */
export interface WatchDeadlines {
  /** From the start to the first event. */
  readonly first: number;
  /** Between two signs of life afterwards. */
  readonly idle: number;
  /** Between two content events. */
  readonly progress: number;
  /** The whole exchange. */
  readonly total: number;
}

/**
 * Keeps the deadlines of one exchange with one alarm: signs of life only store the time, and the alarm, when it rings, looks how much is left.
 * A token costs two assignments.
 */
export class Watch {
  readonly #deadlines: WatchDeadlines;
  readonly #expired: (error: GatewayError) => void;
  readonly #start = performance.now();
  #life = this.#start;
  #progress = this.#start;
  #begun = false;
  #pausedAt: number | undefined;
  readonly #alarm: Alarm = new Alarm(() => this.#ring());

  constructor(deadlines: WatchDeadlines, expired: (error: GatewayError) => void) {
    this.#deadlines = deadlines;
    this.#expired = expired;
    this.#arm();
  }

  /** A comment or ping came: the line lives, the answer may not. */
  alive(): void {
    this.#life = performance.now();
  }

  /** An event of the answer came. */
  event(): void {
    this.#life = performance.now();
    this.#progress = this.#life;
    if (this.#begun) return;
    this.#begun = true;
    this.#arm();
  }

  /** The gateway itself stopped reading: silence is not the upstream's. */
  pause(): void {
    this.#pausedAt ??= performance.now();
  }

  /** The gateway reads again. */
  resume(): void {
    if (this.#pausedAt === undefined) return;
    const paused = performance.now() - this.#pausedAt;
    this.#pausedAt = undefined;
    this.#life += paused;
    this.#progress += paused;
  }

  /** The exchange is over. */
  stop(): void {
    this.#alarm.clear();
    // The error that ends an answer is an event too, and starts no timer any more.
    this.#begun = true;
  }

  #arm(): void {
    this.#alarm.set(this.#left());
  }

  #left(): number {
    const now = performance.now();
    const { first, idle, progress, total } = this.#deadlines;
    const whole = this.#start + total - now;
    if (!this.#begun) return Math.min(whole, this.#start + first - now);
    if (this.#pausedAt !== undefined) return Math.min(whole, idle);
    return Math.min(whole, this.#life + idle - now, this.#progress + progress - now);
  }

  #ring(): void {
    if (this.#left() > 0.5) {
      this.#arm();
      return;
    }
    this.#expired({ kind: 'timeout', message: this.#reason() });
  }

  #reason(): string {
    const now = performance.now();
    const { first, idle, progress, total } = this.#deadlines;
    if (now - this.#start >= total) return `The upstream's answer took longer than ${seconds(total)}.`;
    if (!this.#begun) return `The upstream sent no first event within ${seconds(first)}.`;
    if (now - this.#life >= idle) return `The upstream fell silent for ${seconds(idle)} in the middle of the answer.`;
    return `The upstream sent no content for ${seconds(progress)}.`;
  }
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
