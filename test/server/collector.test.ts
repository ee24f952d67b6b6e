import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Collector, ownMemory } from '../../src/server/collector.ts';

const MB = 1024 * 1024;
let resident = 0;
let collections = 0;
const memory = {
  resident: () => resident,
  collect: () => {
    collections++;
    resident -= 50 * MB;
  },
};
const quiet = (): boolean => true;

beforeEach(() => {
  vi.useFakeTimers();
  resident = 100 * MB;
  collections = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

test('memory that a burst took is given back once, when nothing has been under way for twenty seconds', () => {
  const collector = new Collector(memory);
  resident = 300 * MB;
  collector.rested(quiet);
  vi.advanceTimersByTime(19_999);
  expect(collections).toBe(0);
  vi.advanceTimersByTime(1);
  expect(collections).toBe(1);
  collector.rested(quiet);
  vi.advanceTimersByTime(60_000);
  expect(collections).toBe(1);
  resident += 65 * MB;
  collector.rested(quiet);
  vi.advanceTimersByTime(20_000);
  expect(collections).toBe(2);
});

test('nothing is collected between requests that follow one another, but after the last of them', () => {
  const collector = new Collector(memory);
  resident = 300 * MB;
  for (let count = 0; count < 10; count++) {
    collector.rested(quiet);
    vi.advanceTimersByTime(19_900);
  }
  expect(collections).toBe(0);
  vi.advanceTimersByTime(100);
  expect(collections).toBe(1);
});

test('a request that is under way when the time has passed is left in peace', () => {
  const collector = new Collector(memory);
  resident = 300 * MB;
  collector.rested(() => false);
  vi.advanceTimersByTime(100_000);
  expect(collections).toBe(0);
});

test('nothing is collected where little was taken', () => {
  const collector = new Collector(memory);
  resident += 63 * MB;
  collector.rested(quiet);
  vi.advanceTimersByTime(100_000);
  expect(collections).toBe(0);
});

test('the memory of this process can be measured and collected', async () => {
  vi.useRealTimers();
  const own = ownMemory();
  expect(own.resident()).toBeGreaterThan(MB);
  const gone = new WeakRef(new ArrayBuffer(MB));
  // What a weak reference was made of stays until the turn is over.
  await new Promise((resolve) => setImmediate(resolve));
  own.collect();
  expect(gone.deref() === undefined).toBe(true);
});
