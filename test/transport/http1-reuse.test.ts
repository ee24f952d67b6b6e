import { expect, onTestFinished, test, vi } from 'vitest';
import { answer, Asked, CHUNKED_HEAD, openOtherPool, openPeer, poolAt } from './http1-stage.ts';
import type { Line } from './http1-stage.ts';

const at = (port: number): string => `http://127.0.0.1:${port}`;

/** Answers every request of a connection with the next text. */
function answering(...texts: readonly string[]): (line: Line) => Promise<void> {
  return async (line) => {
    for (const [index, text] of texts.entries()) {
      await line.asked(index + 1);
      await line.send(text);
    }
  };
}

test.each([
  ['a length', answer('ok')],
  ['a body of no bytes', answer('')],
  ['chunks', `${CHUNKED_HEAD}2\r\nok\r\n0\r\n\r\n`],
  ['trailers', `${CHUNKED_HEAD}2\r\nok\r\n0\r\nDigest: x\r\n\r\n`],
  ['no body', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ['a refusal', 'HTTP/1.1 429 Too Many\r\nContent-Length: 2\r\n\r\nno'],
  ['an announcement', `HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n${answer('ok')}`],
])('a connection is used again after a whole answer: %s', async (_, text) => {
  const peer = await openPeer(answering(text, text, answer('last')));
  const pool = poolAt(at(peer.port));
  const first = await new Asked(pool).over;
  const second = await new Asked(pool).over;
  expect(second).toMatchObject({ told: first.told, status: first.status, body: first.body });
  expect((await new Asked(pool).over).body).toBe('last');
  expect(peer.lines).toHaveLength(1);
});

test('the next exchange may begin in the moment in which one ends, and uses its connection', async () => {
  const peer = await openPeer(answering(answer('one'), answer('two')));
  const pool = poolAt(at(peer.port));
  const { promise, resolve } = Promise.withResolvers<Asked>();
  const first = new Asked(pool, {}, { end: () => resolve(new Asked(pool)) });
  const second = await (await promise).over;
  expect([first.body, second.body]).toEqual(['one', 'two']);
  expect(peer.lines).toHaveLength(1);
});

test('exchanges at the same time have a connection each, and none more than these is opened later', async () => {
  const peer = await openPeer(answering(answer('a'), answer('b'), answer('c')));
  const pool = poolAt(at(peer.port));
  for (const body of ['a', 'b', 'c']) {
    const all = await Promise.all([new Asked(pool), new Asked(pool), new Asked(pool)].map(({ over }) => over));
    expect(all.map((asked) => asked.body)).toEqual([body, body, body]);
  }
  expect(peer.lines).toHaveLength(3);
});

const UNKEPT: readonly (readonly [name: string, wire: string])[] = [
  ['connection: close', answer('one', 'Connection: close')],
  ['connection: close among others', answer('one', 'Connection: keep-alive, CLOSE')],
  ['HTTP/1.0', answer('one').replace('1.1', '1.0')],
  ['HTTP/1.0 that would keep it', answer('one', 'Connection: keep-alive').replace('1.1', '1.0')],
  ['no second for it to be kept', answer('one', 'Keep-Alive: timeout=0')],
  ['a second, which the way of the answer may have used up', answer('one', 'Keep-Alive: timeout=1')],
  ['more than the answer', `${answer('one')}HTTP/1.1 200 OK\r\n`],
  ['more than the chunks', `${CHUNKED_HEAD}3\r\none\r\n0\r\n\r\n\r\n`],
];

test.each(UNKEPT)('a connection is closed at once after: %s', async (_, text) => {
  const passing = await openOtherPool();
  const peer = await openPeer(answering(text));
  expect(await new Asked(poolAt(at(peer.port))).over).toMatchObject({ told: ['head', 'data', 'end'], body: 'one' });
  await passing();
  expect(peer.lines[0]?.socket.destroyed).toBe(true);
});

test.each(UNKEPT)('a connection is not used again after: %s', async (_, text) => {
  const peer = await openPeer(async (line, index) => {
    await line.asked(1);
    await line.send(index === 0 ? text : answer('two'));
  });
  const pool = poolAt(at(peer.port));
  // Begun in the moment in which the first ends, before anything was seen of the closing.
  const { promise, resolve } = Promise.withResolvers<Asked>();
  const first = new Asked(pool, {}, { end: () => resolve(new Asked(pool)) });
  const second = await (await promise).over;
  expect([first.told.at(-1), first.body, second.body]).toEqual(['end', 'one', 'two']);
  await peer.lines[0]?.closed;
  expect(peer.lines).toHaveLength(2);
});

test('a body up to the end of the connection is whole when that ends', async () => {
  const peer = await openPeer(async (line, index) => {
    await line.asked(1);
    line.socket.end(index === 0 ? 'HTTP/1.1 200 OK\r\n\r\nall of it' : answer('two'));
  });
  const pool = poolAt(at(peer.port));
  expect(await new Asked(pool).over).toMatchObject({ told: ['head', 'data', 'end'], body: 'all of it' });
  expect((await new Asked(pool).over).body).toBe('two');
  expect(peer.lines).toHaveLength(2);
});

test.each([
  ['as long as its upstream says, less a second for the way', 'Keep-Alive: timeout=5', 4_000],
  ['half a minute where its upstream says nothing', 'X-Other: 1', 30_000],
  ['half a minute where its upstream would keep it for longer', 'Keep-Alive: timeout=300', 30_000],
])('an idle connection is used again for %s', async (_, field, kept) => {
  const peer = await openPeer(answering(answer('one', field), answer('two', field), answer('three', field)));
  const pool = poolAt(at(peer.port));
  let ahead = 0;
  const now = performance.now.bind(performance);
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
  onTestFinished(() => clock.mockRestore());
  await new Asked(pool).over;
  // No machine is so slow that an exchange takes a second of it.
  ahead = kept - 1_000;
  expect((await new Asked(pool).over).body).toBe('two');
  expect(peer.lines).toHaveLength(1);
  ahead += kept + 1;
  expect((await new Asked(pool).over).body).toBe('one');
  expect(peer.lines).toHaveLength(2);
  await peer.lines[0]?.closed;
});

test.each([
  ['closes', (line: Line) => line.socket.end()],
  ['resets', (line: Line) => line.socket.resetAndDestroy()],
  ['speaks unasked over', (line: Line) => line.send('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n')],
] as const)(
  'an idle connection that its upstream %s is let go, and the next exchange has a new one',
  async (_, act) => {
    const peer = await openPeer(async (line, index) => {
      await line.asked(1);
      await line.send(answer(index === 0 ? 'one' : 'two'));
    });
    const pool = poolAt(at(peer.port));
    await new Asked(pool).over;
    const [line] = peer.lines;
    if (line === undefined) throw new Error('no connection');
    const closed = line.closed;
    await act(line);
    await closed;
    // A reset is seen here at once, and there when it arrives: what another exchange takes is longer.
    const other = poolAt(at((await openPeer(answering(answer('else')))).port));
    await new Asked(other).over;
    const second = await new Asked(pool).over;
    expect(second).toMatchObject({ told: ['head', 'data', 'end'], body: 'two' });
    expect(peer.lines).toHaveLength(2);
  },
);

test('closing all connections cuts what runs and what is idle, and tells nobody', async () => {
  const peer = await openPeer(async (line, index) => {
    await line.asked(1);
    await line.send(index === 0 ? `${CHUNKED_HEAD}3\r\nabc\r\n` : answer('idle'));
  });
  const pool = poolAt(at(peer.port));
  const { promise, resolve } = Promise.withResolvers<void>();
  const running = new Asked(pool, {}, { data: () => resolve() });
  await promise;
  await new Asked(pool).over;
  pool.connections.destroy();
  await Promise.all(peer.lines.map(({ closed }) => closed));
  expect(running.told).toEqual(['head', 'data']);
  expect(peer.lines).toHaveLength(2);
});
