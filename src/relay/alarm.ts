import { Roster } from '../model/roster.ts';
import type { Seat } from '../model/roster.ts';

// Firing a moment early and looking again would cost more than the moment.
const EARLY_MS = 0.5;
const LONGEST_MS = 2 ** 31 - 1;

const all = new Roster<Alarm>();
/** When the timer fires, in the time of `performance.now()`. */
let next = Infinity;
let timer: NodeJS.Timeout | undefined;

/**
 * Rings once when it is due, unless it was cleared before. Setting and clearing cost a few assignments: all alarms share one timer, which looks
 * through them when the first of them may be due. Nearly every deadline of an answer is cleared long before, and a timer of its own for each, in a
 * list for each length, cost more than many an answer's text.
 */
export class Alarm {
  readonly #ring: () => void;
  #due = Infinity;
  #seat: Seat<Alarm> | undefined;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Whether it is still to ring. */
  get isSet(): boolean {
    return this.#seat !== undefined;
  }

  /** Lets it ring after some milliseconds, and not when it was set to ring before. */
  set(ms: number): void {
    const now = performance.now();
    this.#due = now + ms;
    this.#seat ??= all.enter(this);
    if (this.#due < next) look(this.#due, now);
  }

  /** It does not ring. */
  clear(): void {
    if (this.#seat === undefined) return;
    all.leave(this.#seat);
    this.#seat = undefined;
    if (all.size > 0) return;
    clearTimeout(timer);
    timer = undefined;
    next = Infinity;
  }

  /** Rings all that are due, and looks again when the next one may be. */
  static readonly ringDue = (): void => {
    timer = undefined;
    next = Infinity;
    const now = performance.now();
    let earliest = Infinity;
    for (const alarm of all) {
      // One that rang before may have cleared or set it.
      if (alarm.#seat !== undefined && alarm.#due <= now + EARLY_MS) {
        alarm.clear();
        alarm.#ring();
      }
      if (alarm.#seat !== undefined) earliest = Math.min(earliest, alarm.#due);
    }
    if (earliest < next) look(earliest, performance.now());
  };
}

function look(due: number, now: number): void {
  clearTimeout(timer);
  next = due;
  timer = setTimeout(Alarm.ringDue, Math.min(LONGEST_MS, Math.max(1, Math.ceil(due - now))));
}
