import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Alarm } from '../../src/relay/alarm.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An alarm and what it did, beside a timer of its own that is set and cleared with it. */
class Pair {
  readonly rung: number[] = [];
  readonly fired: number[] = [];
  readonly alarm = new Alarm(() => this.rung.push(performance.now()));
  #timer: NodeJS.Timeout | undefined;

  set(ms: number): void {
    this.alarm.set(ms);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.fired.push(performance.now()), ms);
  }

  clear(): void {
    this.alarm.clear();
    clearTimeout(this.#timer);
  }
}

test('alarms ring when timers of their own would, however they are set, set anew and cleared', () => {
  const step = fc.record({
    who: fc.nat(4),
    ms: fc.integer({ min: 1, max: 500 }),
    clears: fc.boolean(),
    wait: fc.nat(300),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pairs = Array.from({ length: 5 }, () => new Pair());
      for (const { who, ms, clears, wait } of steps) {
        if (clears) pairs[who]?.clear();
        else pairs[who]?.set(ms);
        vi.advanceTimersByTime(wait);
      }
      vi.advanceTimersByTime(1_000);
      expect(pairs.map(({ rung }) => rung)).toEqual(pairs.map(({ fired }) => fired));
      expect(vi.getTimerCount()).toBe(0);
    }),
  );
});

test('FM-07 ten thousand alarms are one timer, and none once they are cleared', () => {
  const alarms = Array.from({ length: 10_000 }, () => new Alarm(() => undefined));
  alarms.forEach((alarm, index) => alarm.set(10_000 + index));
  expect(vi.getTimerCount()).toBe(1);
  for (const alarm of alarms) alarm.clear();
  expect(vi.getTimerCount()).toBe(0);
});

test('an alarm that rings may set itself and others, and clear what was to ring with it', () => {
  const told: string[] = [];
  const other = new Alarm(() => told.push('other'));
  const third = new Alarm(() => told.push('third'));
  const first: Alarm = new Alarm(() => {
    told.push('first');
    if (told.length < 3) first.set(100);
    other.clear();
    third.set(50);
  });
  first.set(100);
  other.set(100);
  vi.advanceTimersByTime(100);
  expect(told).toEqual(['first']);
  expect([first.isSet, other.isSet, third.isSet]).toEqual([true, false, true]);
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual(['first', 'third', 'first', 'third']);
});
