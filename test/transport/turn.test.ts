import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { afterTurn } from '../../src/transport/turn.ts';

const MOST = 16;

function immediate(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test('things act once for each time they asked, in the order in which they asked, and none after a turn in which none did', async () => {
  const turns = fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 70, size: 'max' }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(turns, async (all) => {
      const acted: number[] = [];
      const things = [0, 1, 2, 3, 4].map((name) => ({ turned: () => void acted.push(name) }));
      for (const names of all) {
        for (const [index, thing] of names.map((name) => things[name] ?? expect.unreachable()).entries()) {
          afterTurn(thing);
          // Who asks never acts before it has asked, and no more wait than are a batch.
          expect(acted.length).toBeLessThanOrEqual(index);
          expect(index + 1 - acted.length).toBeLessThanOrEqual(MOST);
        }
        await immediate();
        expect(acted).toEqual(names);
        acted.length = 0;
      }
    }),
  );
  await immediate();
});

/** Pairs of connected sockets. */
async function openPairs(count: number): Promise<readonly (readonly [here: Socket, there: Socket])[]> {
  const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const pairs: [Socket, Socket][] = [];
  for (let i = 0; i < count; i++) {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const here = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [there] = await accepted;
    pairs.push([here, there]);
  }
  onTestFinished(() => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    server.close();
  });
  return pairs;
}

test.each([2, MOST, 40])('things act behind all reads of the turn that fit a batch: %i at a time', async (count) => {
  const pairs = await openPairs(count);
  const told: ('read' | 'act')[] = [];
  let batches = 0;
  const all = Promise.withResolvers<void>();
  for (const [, there] of pairs) {
    const thing = {
      turned: () => {
        if (told.at(-1) === 'read') batches++;
        told.push('act');
        if (told.length === 2 * count * 20) all.resolve();
      },
    };
    there.on('data', () => {
      told.push('read');
      afterTurn(thing);
    });
  }
  for (let round = 0; round < 20; round++) {
    const before = told.length;
    for (const [here] of pairs) here.write('x');
    while (told.length < before + 2 * count) await immediate();
  }
  await all.promise;
  // Here all is there before the first is read; seldom does the machine tell of it in two turns.
  expect(batches).toBeGreaterThanOrEqual(20);
  expect(batches).toBeLessThanOrEqual(20 * Math.ceil(count / MOST) + 10);
});

test('who asks again while it acts acts again, however many do so, and never inside of another', async () => {
  for (const count of [1, MOST - 1, MOST, MOST + 1, 100]) {
    const rounds = 300;
    let inside = 0;
    const times = Array.from({ length: count }, () => 0);
    const things = times.map((_, index) => ({
      turned(): void {
        expect(++inside).toBe(1);
        const acted = (times[index] ?? 0) + 1;
        times[index] = acted;
        if (acted < rounds) afterTurn(this);
        expect(times[index]).toBe(acted);
        inside--;
      },
    }));
    for (const thing of things) afterTurn(thing);
    for (let turn = 0; turn <= rounds; turn++) await immediate();
    expect(times).toEqual(times.map(() => rounds));
  }
});

test('who asks for others while it acts loses none', async () => {
  const acted: string[] = [];
  const leaf = (name: string) => ({ turned: () => void acted.push(name) });
  const trees = Array.from({ length: 40 }, (_, tree) => ({
    turned() {
      acted.push(`${tree}`);
      for (let i = 0; i < 40; i++) afterTurn(leaf(`${tree}/${i}`));
    },
  }));
  for (const tree of trees) afterTurn(tree);
  await immediate();
  await immediate();
  const expected = trees.flatMap((_, tree) => [`${tree}`, ...Array.from({ length: 40 }, (__, i) => `${tree}/${i}`)]);
  expect(acted.toSorted()).toEqual(expected.toSorted());
});
