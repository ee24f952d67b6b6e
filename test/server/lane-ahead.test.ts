import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { until } from '../gateway/stage.ts';
import { openYard, plain } from './lane-yard.ts';
import type { Asked } from './lane-yard.ts';

/** What is read ahead at most: what a lane holds, one read and what a stream keeps. */
const AHEAD = 256 * 1024;

/** Ways to answer a request with what it said; `over` is told right before the last of it. */
const WAYS: readonly ((asked: Asked, over?: () => void) => unknown)[] = [
  ({ wire, body }, over) => {
    over?.();
    wire.whole(200, {}, body);
  },
  async ({ wire, body }, over) => {
    await nextTurn();
    over?.();
    wire.whole(200, {}, Buffer.from(body));
  },
  async ({ wire, body }, over) => {
    wire.head(200, {});
    wire.write(body.slice(0, 3), 'ascii');
    await nextTurn();
    over?.();
    wire.end(body.slice(3), 'ascii');
  },
  async ({ wire, body }, over) => {
    wire.head(200, {});
    wire.sendHead();
    wire.write(body, 'ascii');
    await nextTurn();
    over?.();
    wire.end('', 'ascii');
  },
];

test('requests that were sent ahead are answered one after the other, each when the one before is whole, whatever their sizes', async () => {
  let running = 0;
  const yard = await openYard((asked) => {
    expect(running++).toBe(0);
    return WAYS[Number(asked.body[0])]?.(asked, () => running--);
  });
  const size = fc.oneof(fc.integer({ min: 4, max: 200 }), fc.constantFrom(70_000, 150_000, 900_000));
  const request = fc.tuple(fc.constantFrom(0, 1, 2, 3), size);
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1 }), async (all, cut) => {
      const bodies = all.map(([way, length], index) => `${way}${index}`.padEnd(length, '.'));
      const text = bodies.map((body) => plain(body)).join('');
      const client = yard.open(text.slice(0, cut % text.length));
      await nextTurn();
      client.send(text.slice(cut % text.length));
      const answers = await client.answers(bodies.length);
      expect(answers.map(({ body }) => body.slice(0, 9))).toEqual(bodies.map((body) => body.slice(0, 9)));
      expect(answers.every(({ body }, index) => body === bodies[index])).toBe(true);
      client.socket.destroy();
    }),
    { numRuns: 40, endOnFailure: true },
  );
  expect(yard.faults).toEqual([]);
});

test('what is sent ahead is read up to a bound, however much was answered before, and nothing of it is lost', async () => {
  const count = 6_000;
  const waiting: Asked[] = [];
  const yard = await openYard((asked) => void waiting.push(asked));
  const requests = Array.from({ length: count }, (_, index) => plain(`${index}`.padStart(100, '.')));
  const client = yard.open(requests.join(''));
  const { length } = requests[0] ?? '';
  let before = -1;
  await until(() => {
    const still = yard.sockets[0] !== undefined && yard.sockets[0].bytesRead === before;
    before = yard.sockets[0]?.bytesRead ?? -1;
    return still && before > 0;
  }, 'the lane to stand still');
  for (let answered = 0; answered < count; answered++) {
    const read = yard.sockets[0]?.bytesRead ?? 0;
    expect(read - answered * length).toBeLessThan(AHEAD);
    while (waiting.length <= answered) await nextTurn();
    expect(waiting.length).toBe(answered + 1);
    const asked = waiting[answered];
    asked?.wire.whole(200, {}, asked.body);
  }
  const answers = await client.answers(count);
  expect(answers.map(({ body }) => Number(body.replace(/^\.+/, '')))).toEqual(requests.map((_, index) => index));
});

test('many who send ahead what is answered at once are all answered', async () => {
  // More than act in one batch, and each time again.
  const [many, count] = [40, 400];
  const yard = await openYard();
  const clients = Array.from({ length: many }, (_, who) =>
    yard.open(Array.from({ length: count }, (__, index) => plain(`${who}/${index}`)).join('')),
  );
  await until(() => yard.asked.length === many * count, 'all requests');
  for (const [who, client] of clients.entries()) {
    const answers = await client.answers(count);
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: count }, (_, index) => `${who}/${index}`));
  }
});

const BIG = 1_000_000;

test('who asks and asks and takes no answer is asked for no more, until it takes them', async () => {
  const count = 60;
  const yard = await openYard(({ wire, body }) => wire.whole(200, {}, body.padEnd(BIG, '.')));
  const client = yard.open();
  client.socket.pause();
  for (let index = 0; index < count; index++) client.send(plain(`${index};`));
  let before = -1;
  let rounds = 0;
  await until(() => {
    rounds = yard.asked.length === before && before > 0 ? rounds + 1 : 0;
    before = yard.asked.length;
    return rounds > 40;
  }, 'the lane to stand still');
  // What two sockets hold between them, and one answer more.
  expect(yard.asked.length).toBeLessThan(20);
  expect(yard.sockets[0]?.writableLength).toBeLessThan(2 * BIG);
  client.socket.resume();
  await until(() => yard.asked.length === count, 'all requests');
  const answers = await client.answers(count);
  expect(answers.map(({ body }) => body.split(';')[0])).toEqual(answers.map((_, index) => `${index}`));
  expect(answers.every(({ body }) => body.length === BIG)).toBe(true);
});

test('who takes no answer, be it none that an upstream was asked for, is cut off', async () => {
  const yard = await openYard(({ wire }) => wire.whole(400, {}, '.'.repeat(12 * BIG)), { idle: 200 });
  const client = yard.open();
  client.socket.pause();
  client.send(plain('refused') + plain('never'));
  await until(() => yard.sockets[0]?.destroyed === true, 'the end');
  expect(yard.asked.length).toBe(1);
  client.socket.resume();
  await client.ended;
  expect(client.bytes).toBeLessThan(12 * BIG);
});

test('who asked that the connection end with an answer gets all of it, however slowly it reads, and then the end', async () => {
  for (const way of WAYS) {
    const yard = await openYard((asked) => way({ ...asked, body: asked.body.padEnd(12 * BIG, '.') }));
    const client = yard.open(plain('kept') + plain('last', 'connection: Close\r\n') + plain('never'));
    await until(() => yard.asked.length === 2 && client.bytes > 0, 'the last request');
    client.socket.pause();
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    client.socket.resume();
    await client.ended;
    const answers = await client.answers(2);
    expect(answers.map(({ body, headers, whole }) => [body.length, headers['connection'], whole])).toEqual([
      [12 * BIG, 'keep-alive', true],
      [12 * BIG, 'close', true],
    ]);
    expect(yard.asked.map(({ body }) => body)).toEqual(['kept', 'last']);
  }
});
