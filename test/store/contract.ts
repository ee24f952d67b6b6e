import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ResponseStore, Retention, StoredResponse } from '../../src/store/responses.ts';

/** How a driver is made and, where it outlives its process, opened again. */
export interface Driver {
  readonly name: string;
  open(retention: Retention, now: () => number): Promise<ResponseStore>;
  /** Forgets everything. */
  clear(): Promise<void>;
}

const DAY = 86_400_000;
const WIDE: Retention = { age: 30 * DAY, size: 1_000_000 };

/** A stored answer with little in it. */
export function stored(id: string, more: Partial<StoredResponse> = {}): StoredResponse {
  const body = `{"id":"${id}"}`;
  return { id, owner: 'ada', at: 1_000_000_000_000, origin: 'one', body, input: '[]', ...more };
}

/** A store that is open for one test, and a clock that the test turns. */
class Bench {
  readonly #driver: Driver;
  now = 1_000_000_000_000;
  store!: ResponseStore;

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  async open(retention: Retention = WIDE): Promise<void> {
    this.now = 1_000_000_000_000;
    this.store = await this.#driver.open(retention, () => this.now);
  }

  async close(): Promise<void> {
    await this.store.close();
    await this.#driver.clear();
  }

  async reopen(retention: Retention): Promise<void> {
    await this.close();
    await this.open(retention);
  }
}

/** What every driver of the store of answers must do. */
export function storeContract(driver: Driver): void {
  describe(`responses kept in ${driver.name}`, () => {
    const bench = new Bench(driver);
    beforeEach(() => bench.open());
    afterEach(() => bench.close());
    keeps(bench);
    follows(bench);
    forgets(bench);
  });
}

function keeps(bench: Bench): void {
  test('OR-55 what is put is found as it was, every character of it', async () => {
    const body = '{"text":"a\\u0000b \u0000 é 🦀 \u2028","n":2512292042121000001,"x":1.0}';
    const whole = stored('resp_1', { body, input: '[{"id":"msg_\u0000"}]', previous: 'resp_0' });
    await bench.store.put(whole, []);
    expect(await bench.store.get('ada', 'resp_1')).toEqual(whole);
    expect(await bench.store.get('ada', 'resp_2')).toBeUndefined();
  });

  test('OR-55 it is there for who asks while it is still being written', async () => {
    const writing = bench.store.put(stored('resp_1'), []);
    expect(await bench.store.get('ada', 'resp_1')).toEqual(stored('resp_1'));
    await writing;
  });

  test('OR-55 another owner finds, follows and deletes nothing of it', async () => {
    await bench.store.put(stored('resp_1'), ['msg_1']);
    expect(await bench.store.get('bob', 'resp_1')).toBeUndefined();
    expect(await bench.store.chain('bob', 'resp_1')).toEqual([]);
    expect(await bench.store.holding('bob', 'msg_1')).toBeUndefined();
    expect(await bench.store.delete('bob', 'resp_1')).toBe(false);
    await bench.store.put(stored('resp_1', { owner: 'bob', body: '{}' }), []);
    expect(await bench.store.get('ada', 'resp_1')).toEqual(stored('resp_1'));
  });

  test('OR-55 what is deleted is gone, with its items, and cannot be deleted twice', async () => {
    await bench.store.put(stored('resp_1'), ['msg_1']);
    expect(await bench.store.delete('ada', 'resp_1')).toBe(true);
    expect(await bench.store.get('ada', 'resp_1')).toBeUndefined();
    expect(await bench.store.holding('ada', 'msg_1')).toBeUndefined();
    expect(await bench.store.delete('ada', 'resp_1')).toBe(false);
  });

  test('OR-55 what is put again takes the place of what was there', async () => {
    await bench.store.put(stored('resp_1'), ['msg_1']);
    await bench.store.put(stored('resp_1', { body: '{"v":2}' }), ['msg_2']);
    expect((await bench.store.get('ada', 'resp_1'))?.body).toBe('{"v":2}');
    expect(await bench.store.holding('ada', 'msg_1')).toBeUndefined();
  });

  test('many at once are all kept', async () => {
    await Promise.all(Array.from({ length: 300 }, (_, i) => bench.store.put(stored(`resp_${i}`), [`msg_${i}`])));
    const found = await Promise.all(Array.from({ length: 300 }, (_, i) => bench.store.get('ada', `resp_${i}`)));
    expect(found.every((each, i) => each?.id === `resp_${i}`)).toBe(true);
  });
}

function follows(bench: Bench): void {
  test('OR-56 a chain comes oldest first and begins where an earlier answer is gone', async () => {
    await bench.store.put(stored('resp_1'), []);
    await bench.store.put(stored('resp_2', { previous: 'resp_1' }), []);
    await bench.store.put(stored('resp_3', { previous: 'resp_2' }), []);
    await bench.store.put(stored('resp_9', { previous: 'resp_1' }), []);
    const ids = async (id: string): Promise<readonly string[]> =>
      (await bench.store.chain('ada', id)).map((each) => each.id);
    expect(await ids('resp_3')).toEqual(['resp_1', 'resp_2', 'resp_3']);
    expect(await ids('resp_1')).toEqual(['resp_1']);
    await bench.store.delete('ada', 'resp_1');
    expect(await ids('resp_3')).toEqual(['resp_2', 'resp_3']);
    expect(await ids('resp_1')).toEqual([]);
  });

  test('OR-56 a chain that leads back to itself ends', async () => {
    await bench.store.put(stored('resp_1', { previous: 'resp_2' }), []);
    await bench.store.put(stored('resp_2', { previous: 'resp_1' }), []);
    expect((await bench.store.chain('ada', 'resp_2')).map(({ id }) => id)).toEqual(['resp_1', 'resp_2']);
  });

  test('OR-58 an item leads to the newest answer that holds it', async () => {
    await bench.store.put(stored('resp_1'), ['msg_1', 'msg_2', 'msg_1']);
    await bench.store.put(stored('resp_2'), ['msg_2']);
    expect((await bench.store.holding('ada', 'msg_1'))?.id).toBe('resp_1');
    expect((await bench.store.holding('ada', 'msg_2'))?.id).toBe('resp_2');
    expect(await bench.store.holding('ada', 'msg_3')).toBeUndefined();
  });
}

function forgets(bench: Bench): void {
  test('OR-55 after its time an answer is gone for every way of asking', async () => {
    await bench.store.put(stored('resp_1'), ['msg_1']);
    bench.now += 30 * DAY;
    expect((await bench.store.get('ada', 'resp_1'))?.id).toBe('resp_1');
    bench.now += 1;
    expect(await bench.store.get('ada', 'resp_1')).toBeUndefined();
    expect(await bench.store.chain('ada', 'resp_1')).toEqual([]);
    expect(await bench.store.holding('ada', 'msg_1')).toBeUndefined();
    expect(await bench.store.delete('ada', 'resp_1')).toBe(false);
  });

  test('OR-55 beyond its size the oldest go, and only as many as must', async () => {
    await bench.reopen({ age: 30 * DAY, size: 1000 });
    for (let i = 0; i < 6; i++)
      await bench.store.put(stored(`resp_${i}`, { body: 'x'.repeat(290), input: '[]' }), [`msg_${i}`]);
    const there = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => bench.store.get('ada', `resp_${i}`)));
    expect(there.map((each) => each !== undefined)).toEqual([false, false, false, true, true, true]);
    expect(await bench.store.holding('ada', 'msg_2')).toBeUndefined();
  });
}
