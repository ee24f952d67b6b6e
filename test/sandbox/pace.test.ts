import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';

import type { Event } from '../../src/model/event.ts';
import { asking, eventsOf } from './run.ts';

test('an abort inside an event is heard before the next one, at full speed', async () => {
  const stop = new AbortController();
  const seen: Event[] = [];
  await eventsOf('echo:tokens=1000000', asking('on and on'), {
    signal: stop.signal,
    emit: (event) => {
      seen.push(event);
      if (seen.length === 100) stop.abort();
    },
  });
  expect(seen).toHaveLength(100);
});

test('an abort from outside is heard although nothing slows the answer', async () => {
  const stop = new AbortController();
  let count = 0;
  const running = eventsOf('echo:tokens=1000000', asking('on and on'), { signal: stop.signal, emit: () => count++ });
  await setTimeout(1);
  stop.abort();
  const before = count;
  await running;
  expect(count - before).toBeLessThanOrEqual(1);
  expect(count).toBeLessThan(1_000_000);
});

test.each(['echo:ttft=1m', 'echo:rate=0.01', 'echo:fail=stall', 'echo:fail=stall@1', 'echo:ttft=1m,status=429'])(
  '%s waits without an event and ends quietly when the client leaves',
  async (model) => {
    const events = await eventsOf(model, asking('one two three'), { signal: AbortSignal.timeout(30) });
    expect(events.filter((event) => event.type === 'finish' || event.type === 'error')).toEqual([]);
    expect(events.filter((event) => event.type === 'text-delta').length).toBeLessThanOrEqual(1);
  },
);

test('nothing is emitted while the reader is not ready, and all of it once it is', async () => {
  let open: (() => void) | undefined;
  let blocked: Promise<void> | undefined;
  let whileBlocked = 0;
  const events: Event[] = [];
  const running = eventsOf('echo', asking('one two three four'), {
    ready: () => blocked,
    emit: (event) => {
      if (blocked !== undefined) whileBlocked++;
      events.push(event);
      blocked = new Promise((resolve) => (open = resolve));
    },
  });
  for (let turn = 0; turn < 40; turn++) {
    await setTimeout(0);
    blocked = undefined;
    open?.();
  }
  await running;
  expect(whileBlocked).toBe(0);
  expect(events.at(-1)).toEqual({ type: 'finish', reason: 'stop' });
});

test('a reader that never gets ready does not outlive its client', async () => {
  const seen = await eventsOf('echo', asking('x'), {
    ready: () => new Promise(() => undefined),
    signal: AbortSignal.timeout(20),
  });
  expect(seen.filter((event) => event.type !== 'start')).toEqual([]);
});

test('rate spreads the tokens over time', async () => {
  const started = performance.now();
  await eventsOf('echo:rate=100,ttft=20ms', asking('one two three four five'));
  // Four steps of 10 ms after the first token: timers may be late, never early.
  expect(performance.now() - started).toBeGreaterThan(55);
});
