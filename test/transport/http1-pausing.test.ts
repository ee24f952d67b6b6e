import { expect, test } from 'vitest';
import type { Pool } from '../../src/transport/pools.ts';
import { answer, Asked, CHUNKED_HEAD, openOtherPool, openPeer, poolAt } from './http1-stage.ts';

const at = (port: number): string => `http://127.0.0.1:${port}`;

/** Asks, and holds the answer in its head; resolves when that was told. */
async function held(pool: Pool): Promise<Asked> {
  const { promise, resolve } = Promise.withResolvers<Asked>();
  const hold = (asked: Asked): void => {
    asked.exchange.pause();
    resolve(asked);
  };
  const asked = new Asked(pool, {}, { head: hold });
  void asked.over.then(resolve);
  return promise;
}

test.each([
  ['a length', answer('hello'), ['head', 'data', 'end']],
  ['chunks', `${CHUNKED_HEAD}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`, ['head', 'data', 'end']],
  ['no body', 'HTTP/1.1 204 No Content\r\n\r\n', ['head', 'end']],
])('who holds an answer in its head is told nothing more until it is let go: %s', async (_, wire, told) => {
  const passing = await openOtherPool();
  const peer = await openPeer(async (line) => {
    await line.asked(1);
    await line.send(wire);
    await line.asked(2);
    await line.send(answer('next'));
  });
  const pool = poolAt(at(peer.port));
  const asked = await held(pool);
  await passing();
  expect(asked.told).toEqual(['head']);
  asked.exchange.resume();
  // Not inside of the call that lets it go.
  expect(asked.told).toEqual(['head']);
  expect(await asked.over).toMatchObject({ told, body: told.includes('data') ? 'hello' : '' });
  expect((await new Asked(pool).over).body).toBe('next');
  expect(peer.lines).toHaveLength(1);
});

test('who holds an answer before there is a connection is told nothing of it until it is let go', async () => {
  const passing = await openOtherPool();
  const peer = await openAnswering();
  const asked = new Asked(poolAt(at(peer.port)));
  asked.exchange.pause();
  await passing();
  expect(asked.told).toEqual([]);
  asked.exchange.resume();
  expect(await asked.over).toMatchObject({ told: ['head', 'data', 'end'], body: 'hello' });
});

const LARGE = Buffer.alloc(48 * 1024 * 1024, 'streamweir ').toString('latin1');
const LARGE_CHUNKS = `${CHUNKED_HEAD}${`${(1024 * 1024).toString(16)}\r\n${LARGE.slice(0, 1024 * 1024)}\r\n`.repeat(48)}0\r\n\r\n`;

test.each([
  ['a length', answer(LARGE), LARGE],
  ['chunks', LARGE_CHUNKS, LARGE.slice(0, 1024 * 1024).repeat(48)],
])(
  'who holds an answer in its data slows its upstream, and gets every byte when it is let go: %s',
  async (_, wire, body) => {
    const passing = await openOtherPool();
    const peer = await openPeer(async (line) => {
      await line.asked(1);
      await line.send(wire);
    });
    const holding = Promise.withResolvers<void>();
    let holds = 0;
    const asked = new Asked(
      poolAt(at(peer.port)),
      {},
      {
        // Held at the first piece, and at some later ones for a moment.
        data: ({ exchange, pieces }) => {
          if (pieces === 1) holding.resolve();
          if (pieces !== 1 && pieces % 50 !== 0) return;
          exchange.pause();
          holds++;
          if (pieces > 1) setImmediate(() => exchange.resume());
        },
      },
    );
    await holding.promise;
    await passing();
    // What two systems hold between them is far less than the answer.
    expect(asked.pieces).toBe(1);
    expect(peer.lines[0]?.socket.writableLength).toBeGreaterThan(LARGE.length / 4);
    asked.exchange.resume();
    await asked.over;
    expect(asked.told).toEqual(['head', 'data', 'end']);
    expect(asked.body === body).toBe(true);
    expect(holds).toBeGreaterThan(5);
  },
);

function openAnswering(): ReturnType<typeof openPeer> {
  return openPeer(async (line) => {
    await line.asked(1);
    await line.send(answer('hello'));
  });
}

test.each([
  ['all of it', answer('hello'), ['head', 'data', 'end'], 'hello'],
  ['an answer that ends with it', 'HTTP/1.1 200 OK\r\n\r\nhello', ['head', 'data', 'end'], 'hello'],
  ['half an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', ['head', 'data', 'fail'], 'hello'],
  ['half a chunk', `${CHUNKED_HEAD}9\r\nhello`, ['head', 'data', 'fail'], 'hello'],
  ['nonsense behind a chunk', `${CHUNKED_HEAD}5\r\nhello\r\n`, ['head', 'data', 'fail'], 'hello'],
  ['no body at all', 'HTTP/1.1 200 OK\r\n\r\n', ['head', 'end'], ''],
])(
  'an upstream that closes while it is held gave first what it gave, and then its ending: %s',
  async (name, wire, told, body) => {
    const passing = await openOtherPool();
    const headed = Promise.withResolvers<void>();
    const peer = await openPeer(async (line) => {
      await line.asked(1);
      await line.send(wire);
      await headed.promise;
      line.socket.end(name.startsWith('nonsense') ? 'nonsense' : '');
    });
    const asked = await held(poolAt(at(peer.port)));
    headed.resolve();
    await passing();
    expect(asked.told).toEqual(['head']);
    asked.exchange.resume();
    expect(await asked.over).toMatchObject({ told, body });
  },
);

test('who is let go and holds again at once is told nothing', async () => {
  const passing = await openOtherPool();
  const peer = await openAnswering();
  const asked = await held(poolAt(at(peer.port)));
  asked.exchange.resume();
  asked.exchange.pause();
  await passing();
  expect(asked.told).toEqual(['head']);
  asked.exchange.resume();
  asked.exchange.resume();
  expect((await asked.over).told).toEqual(['head', 'data', 'end']);
});

test('who gives up while holding is told nothing more, and the upstream sees it', async () => {
  const passing = await openOtherPool();
  const peer = await openAnswering();
  const asked = await held(poolAt(at(peer.port)));
  asked.exchange.resume();
  asked.exchange.abort();
  await peer.lines[0]?.closed;
  await passing();
  expect(asked.told).toEqual(['head']);
});

test('who gives up in what was held for it is told nothing more', async () => {
  const passing = await openOtherPool();
  const peer = await openAnswering();
  const asked = new Asked(
    poolAt(at(peer.port)),
    {},
    {
      head: ({ exchange }) => {
        exchange.pause();
        setImmediate(() => exchange.resume());
      },
      data: ({ exchange }) => exchange.abort(),
    },
  );
  await passing();
  await peer.lines[0]?.closed;
  expect(asked.told).toEqual(['head', 'data']);
});
