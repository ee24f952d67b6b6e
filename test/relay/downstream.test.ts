import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Downstream } from '../../src/relay/downstream.ts';
import { NodeWire } from '../../src/relay/node-wire.ts';
import { RawExchange } from '../support/raw-client.ts';

const KEEP_ALIVE = ': keep-alive\n\n';
const EVENT = 'data: {"a":"\u00e9"}\n\n';

let server: Server;
let url: string;
let play: (response: ServerResponse) => void;

beforeEach(async () => {
  server = createServer((_request, response) => play(response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

/** Serves the next request with a downstream; resolves with it, and notes what its owner is told. */
function serve(timers: { keepAlive: number; writeStall: number }, told: string[] = []): Promise<Downstream> {
  return new Promise((resolve) => {
    play = (response) => {
      resolve(
        new Downstream(new NodeWire(response), timers, {
          drained: () => told.push('drained'),
          gone: () => told.push('gone'),
        }),
      );
    };
  });
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};

test('WD-02 what was taken since the last flush leaves as one piece, text and bytes in order', async () => {
  const served = serve({ keepAlive: 0, writeStall: 60_000 });
  const client = new RawExchange(url, { path: '/' });
  const down = await served;
  down.write(EVENT);
  expect([down.flush(), down.opened]).toEqual([true, false]);
  down.open(200, {}, ': keep-alive\n\n');
  down.write(Buffer.from('data: 1\n\n'));
  down.write('data: 2\n\n');
  down.flush();
  for (const size of [1, 1_000, 100_000]) {
    down.write(EVENT);
    down.write(Buffer.from(`data: ${'x'.repeat(size)}\n\n`));
    down.write('');
    down.flush();
  }
  down.flush();
  down.end();
  const { chunks, end } = await client.done;
  const piece = (size: number): string => `${EVENT}data: ${'x'.repeat(size)}\n\n`;
  expect([end, chunks.map(String)]).toEqual([
    'clean',
    [`${EVENT}data: 1\n\ndata: 2\n\n`, piece(1), piece(1_000), piece(100_000)],
  ]);
});

test('OR-11 WD-07 silence is filled with comments, whole and between events, until the end', async () => {
  const served = serve({ keepAlive: 20, writeStall: 60_000 });
  const client = new RawExchange(url, { path: '/' });
  const down = await served;
  down.open(200, {}, ': keep-alive\n\n');
  down.write(EVENT);
  down.flush();
  await client.until(KEEP_ALIVE);
  down.write(EVENT);
  down.flush();
  await until(() => client.seen.lastIndexOf(KEEP_ALIVE) > client.seen.lastIndexOf(EVENT));
  down.end();
  const { body, chunks, end } = await client.done;
  expect(end).toBe('clean');
  expect(body.toString().replaceAll(KEEP_ALIVE, '')).toBe(EVENT + EVENT);
  expect(chunks.every((chunk) => [KEEP_ALIVE, EVENT].includes(chunk.toString()))).toBe(true);
});

test.each([
  ['0 turns them off', 0, KEEP_ALIVE],
  ['what is no event stream has none', 10, undefined],
])('WD-07 %s', async (_what, keepAlive, sign) => {
  const served = serve({ keepAlive, writeStall: 60_000 });
  const client = new RawExchange(url, { path: '/' });
  const down = await served;
  down.open(200, {}, sign);
  down.write(EVENT);
  down.flush();
  await new Promise((resolve) => setTimeout(resolve, 60));
  down.signOfLife();
  down.end();
  const { body } = await client.done;
  expect(body.toString().includes(KEEP_ALIVE)).toBe(false);
});

test('a client that reads slowly is waited for, and its owner is told when it takes more', async () => {
  const told: string[] = [];
  const served = serve({ keepAlive: 5, writeStall: 60_000 }, told);
  const client = new RawExchange(url, { path: '/' });
  client.socket.pause();
  const down = await served;
  down.open(200, {}, ': keep-alive\n\n');
  // More than the buffers of the machine hold.
  const events = `data: ${'x'.repeat(10_000)}\n\n`.repeat(2_000);
  down.write(events);
  expect(down.flush()).toBe(false);
  // Nothing is added for a client that does not read, whatever the silence.
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(told).toEqual([]);
  client.socket.resume();
  await until(() => told.length > 0);
  down.end();
  const { body, end } = await client.done;
  expect([end, told[0], body.toString().replaceAll(KEEP_ALIVE, '')]).toEqual(['clean', 'drained', events]);
});

test('a client that takes nothing for too long is given up', async () => {
  const told: string[] = [];
  const served = serve({ keepAlive: 0, writeStall: 50 }, told);
  const client = new RawExchange(url, { path: '/' });
  client.socket.pause();
  const down = await served;
  down.open(200, {}, ': keep-alive\n\n');
  down.write('x'.repeat(16 << 20));
  expect(down.flush()).toBe(false);
  await until(() => told.length > 0);
  expect([told, down.over]).toEqual([['gone'], true]);
  client.socket.destroy();
});

test('what was discarded is never sent; after the end, and after a client has left, nothing is', async () => {
  const told: string[] = [];
  const served = serve({ keepAlive: 5, writeStall: 60_000 }, told);
  const client = new RawExchange(url, { path: '/' });
  const down = await served;
  down.write('first attempt');
  down.discard();
  down.whole(503, { 'content-type': 'application/json' }, '{}');
  down.write(EVENT);
  down.flush();
  down.end();
  const { status, body } = await client.done;
  expect([status, body.toString(), told]).toEqual([503, '{}', []]);
  const leaving = serve({ keepAlive: 5, writeStall: 60_000 }, told);
  const other = new RawExchange(url, { path: '/' });
  const left = await leaving;
  left.open(200, {}, ': keep-alive\n\n');
  left.flush();
  other.socket.destroy();
  await until(() => told.length > 0);
  left.write(EVENT);
  expect([left.flush(), left.over, told]).toEqual([true, true, ['gone']]);
});
