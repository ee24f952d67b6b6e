import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { RawExchange } from '../support/raw-client.ts';
import { until } from '../gateway/stage.ts';
import { openWires, turnOver } from './wire-stage.ts';
import type { Served, WireStage } from './wire-stage.ts';

/** Far more than two sockets hold between them. */
const MUCH = 16_000_000;

interface Pair extends Served {
  readonly client: RawExchange;
}

async function connected(stage: WireStage): Promise<Pair> {
  const client = new RawExchange(stage.url, { path: '/' });
  return { client, ...(await stage.next(0)) };
}

test('what one turn brings leaves in one write, head and end included, and what several bring in their order', async () => {
  const stage = await openWires();
  const piece = fc.tuple(fc.constantFrom('a', 'é', '日本'), fc.integer({ min: 0, max: 1_000 }), fc.boolean());
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(piece, { maxLength: 6 }), { minLength: 1, maxLength: 6 }), async (turns) => {
      const { client, socket, down } = await connected(stage);
      const writes = vi.spyOn(socket, 'write');
      const answer = down();
      answer.open(200, {}, undefined);
      let said = '';
      for (const [turn, pieces] of turns.entries()) {
        for (const [unit, times, bytes] of pieces) {
          said += unit.repeat(times);
          answer.write(bytes ? Buffer.from(unit.repeat(times)) : unit.repeat(times));
          answer.flush();
        }
        if (turn === turns.length - 1) answer.end();
        const before = writes.mock.calls.length;
        await turnOver();
        const some = turn === turns.length - 1 || pieces.length > 0;
        // Nothing leaves before its turn is over; a turn that brings nothing, or only what is empty, may send the head.
        expect([before <= turn, writes.mock.calls.length - before <= (some ? 1 : 0)]).toEqual([true, true]);
      }
      const { end, body } = await client.done;
      expect([end, body.toString() === said]).toEqual(['clean', true]);
    }),
  );
});

test('each of many clients gets what one turn brought to it in one write', async () => {
  const stage = await openWires();
  // More than act in one batch.
  const pairs = await Promise.all(Array.from({ length: 40 }, () => connected(stage)));
  const counts = pairs.map(({ socket }) => vi.spyOn(socket, 'write'));
  const answers = pairs.map(({ down }) => down());
  for (const answer of answers) answer.open(200, {}, undefined);
  for (let turn = 1; turn <= 3; turn++) {
    for (const [index, answer] of answers.entries()) {
      for (let i = 0; i < 3; i++) {
        answer.write(`${turn}/${index}/${i} `);
        answer.flush();
      }
      if (turn === 3) answer.end();
    }
    await turnOver();
    expect(counts.map(({ mock }) => mock.calls.length)).toEqual(counts.map(() => turn));
  }
  for (const [index, { client }] of pairs.entries()) {
    const { body, end } = await client.done;
    const said = [1, 2, 3].flatMap((turn) => [0, 1, 2].map((i) => `${turn}/${index}/${i} `));
    expect([end, body.toString()]).toEqual(['clean', said.join('')]);
  }
});

test('what waits for a client that does not read is not touched by what others are sent meanwhile', async () => {
  const stage = await openWires();
  const pairs = await Promise.all(Array.from({ length: 4 }, () => connected(stage)));
  const answers = pairs.map(({ down }) => down());
  const said = pairs.map(() => [] as string[]);
  for (const { client } of pairs.slice(0, 3)) client.socket.pause();
  for (const answer of answers) answer.open(200, {}, undefined);
  // Sizes on both sides of what a write may be to be copied.
  const sizes = [20_000, 70_000, 200_000, 250_000, 300_000, 1_000];
  for (let round = 0; round < 180; round++) {
    for (const [index, answer] of answers.entries()) {
      const size = sizes[(round + index) % sizes.length] ?? 1;
      const unit = round % 5 === 4 ? `é${index}:${round};` : `${index}:${round};`;
      const text = unit.repeat(Math.ceil(size / unit.length));
      said[index]?.push(text);
      answer.write(round % 3 === 2 ? Buffer.from(text) : text);
      answer.flush();
    }
    await turnOver();
  }
  // Some of it still waits, or nothing was shown.
  expect(pairs.slice(0, 3).map(({ socket }) => socket.writableLength > 1_000_000)).toEqual([true, true, true]);
  for (const answer of answers) answer.end();
  for (const [index, { client }] of pairs.entries()) {
    client.socket.resume();
    const { body, end } = await client.done;
    expect([end, body.equals(Buffer.from((said[index] ?? []).join('')))]).toEqual(['clean', true]);
  }
});

test('who is slow is known once the turn is over, and told to go on when all was taken; it loses nothing', async () => {
  const stage = await openWires();
  const { client, socket, told, down } = await connected(stage);
  client.socket.pause();
  const answer = down();
  answer.open(200, {}, undefined);
  let bytes = 0;
  const piece = 'x'.repeat(100_000);
  do {
    answer.write(piece);
    bytes += piece.length;
    answer.flush();
    await turnOver();
  } while (answer.flush() && bytes < 10 * MUCH);
  expect([bytes < 10 * MUCH, socket.writableLength > 0, told]).toEqual([true, true, []]);
  client.socket.resume();
  await until(() => told.length > 0, 'the client to take all');
  expect([told, socket.writableLength, answer.flush()]).toEqual([['drained'], 0, true]);
  answer.write('last');
  answer.end();
  const { body, end } = await client.done;
  expect([end, body.length, body.subarray(-4).toString()]).toEqual(['clean', bytes + 4, 'last']);
});

/** Answers in one piece, or piece by piece. */
const WAYS: readonly (readonly [string, (pair: Pair, stall: number) => void])[] = [
  ['an answer that goes on', ({ down }, stall) => sendMuch(down(stall)).flush()],
  ['an answer that is whole', ({ down }, stall) => down(stall).whole(200, {}, 'x'.repeat(MUCH))],
  ['an answer that is whole, and bytes', ({ down }, stall) => down(stall).whole(200, {}, Buffer.alloc(MUCH, 'x'))],
  ['a stream that has ended', ({ down }, stall) => sendMuch(down(stall)).end()],
];

function sendMuch(answer: ReturnType<Served['down']>): ReturnType<Served['down']> {
  answer.open(200, {}, undefined);
  answer.write('x'.repeat(MUCH));
  return answer;
}

test.each(WAYS)('who takes nothing for the time it has is cut off: %s', async (_, send) => {
  const stage = await openWires();
  const pair = await connected(stage);
  const closed = new Promise((resolve) => pair.socket.once('close', resolve));
  pair.client.socket.pause();
  const start = performance.now();
  send(pair, 200);
  await closed;
  const took = performance.now() - start;
  expect(took).toBeGreaterThan(190);
  expect(took).toBeLessThan(5_000);
  pair.client.socket.resume();
  expect((await pair.client.done).end).toBe('aborted');
});

test.each(WAYS.slice(1))(
  'who takes something now and then is not cut off, however long it takes: %s',
  async (_, send) => {
    const stage = await openWires();
    const pair = await connected(stage);
    const { socket } = pair.client;
    let taken = 0;
    // A machine tells of room only when a third of what it holds is free, so that a sip is more than that.
    socket.on('data', (bytes: Buffer) => {
      taken += bytes.length;
      if (taken < 2_000_000) return;
      taken = 0;
      socket.pause();
      setTimeout(() => socket.resume(), 150);
    });
    const start = performance.now();
    send(pair, 400);
    const { end, body } = await pair.client.done;
    expect([end, body.length]).toEqual(['clean', MUCH]);
    expect(performance.now() - start).toBeGreaterThan(800);
  },
);

test('the time in which something must be taken says nothing about a client that has all', async () => {
  const stage = await openWires();
  const { client, told, down } = await connected(stage);
  const answer = down(100);
  sendMuch(answer).flush();
  await until(() => told.includes('drained'), 'the client to take all');
  // Three times as long as a client that takes nothing has.
  await new Promise((resolve) => setTimeout(resolve, 300));
  answer.write('last');
  answer.end();
  const { end, body } = await client.done;
  expect([end, body.length]).toEqual(['clean', MUCH + 4]);
});

test('SP-03 an answer that is broken off while its client does not read never looks like an end', async () => {
  const stage = await openWires();
  for (const turn of [true, false]) {
    const { client, down } = await connected(stage);
    client.socket.pause();
    const answer = sendMuch(down());
    answer.flush();
    if (turn) await turnOver();
    answer.abort();
    client.socket.resume();
    const { status, end, body } = await client.done;
    expect([end, body.length < MUCH, 'x'.repeat(body.length) === body.toString()]).toEqual(['aborted', true, true]);
    expect([0, 200]).toContain(status);
  }
});
