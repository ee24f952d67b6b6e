import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf, cutAt, someCuts, somePlace } from './http1-bytes.ts';
import { answer, Asked, CHUNKED_HEAD, openOtherPool, openPeer, poolAt } from './http1-stage.ts';
import type { Line } from './http1-stage.ts';

const at = (port: number): string => `http://127.0.0.1:${port}`;
const WHOLE = [answer('hello, this is all'), `${CHUNKED_HEAD}5\r\nhello\r\n6;x\r\n again\r\n0\r\nDigest: x\r\n\r\n`];

test('an answer of known end that is closed at any byte before fails, and never ends', async () => {
  const cut = WHOLE.flatMap((wire) => Array.from(bytesOf(wire), (_byte, size) => wire.slice(0, size)));
  const peer = await openPeer(async (line, index) => {
    await line.asked(1);
    line.socket.end(bytesOf(cut[index] ?? answer('last')));
  });
  const pool = poolAt(at(peer.port));
  for (const wire of cut) {
    const asked = await new Asked(pool).over;
    const [, body = ''] = wire.split('\r\n\r\n');
    const told = [...(wire.includes('\r\n\r\n') ? ['head'] : []), ...(asked.body === '' ? [] : ['data']), 'fail'];
    expect(asked, JSON.stringify(wire)).toMatchObject({
      told,
      error: { kind: 'bad_response' },
      fault: { stale: false },
    });
    if (wire.includes('Content-Length')) expect(asked.body).toBe(body);
  }
  expect((await new Asked(pool).over).body).toBe('last');
});

test.each([
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello'],
  ['chunks', `${CHUNKED_HEAD}32\r\nhello`],
  ['between chunks', `${CHUNKED_HEAD}5\r\nhello\r\n`],
  ['up to the end of the connection', 'HTTP/1.1 200 OK\r\n\r\nhello'],
])('an answer whose connection is reset in the middle fails: %s', async (_, wire) => {
  const came = Promise.withResolvers<void>();
  const peer = await openPeer(async (line) => {
    await line.asked(1);
    await line.send(wire);
    await came.promise;
    line.socket.resetAndDestroy();
  });
  const asked = await new Asked(poolAt(at(peer.port)), {}, { data: () => came.resolve() }).over;
  expect(asked).toMatchObject({ told: ['head', 'data', 'fail'], body: 'hello', error: { kind: 'bad_response' } });
});

/** When an exchange is given up: what the upstream does before, and where in what is told. */
const MOMENTS: readonly (readonly [name: string, wire: string, where: 'at once' | 'asked' | 'head' | 'data'])[] = [
  ['before it is connected', '', 'at once'],
  ['when it was asked', '', 'asked'],
  ['in its head', answer('hello'), 'head'],
  ['in its head, with more to come', CHUNKED_HEAD, 'head'],
  ['in its data', `${CHUNKED_HEAD}5\r\nhello\r\n`, 'data'],
  ['in its last data', answer('hello'), 'data'],
];

test.each(MOMENTS)(
  'an exchange that is given up %s is told nothing more, and its connection closes',
  async (_, wire, where) => {
    const passing = await openOtherPool();
    const closing = Promise.withResolvers<Line>();
    const peer = await openPeer(async (line, index) => {
      // Who gives up before there is a connection may never be seen.
      if (index > 0 || where === 'at once') {
        await line.asked(1);
        await line.send(answer('next'));
        return;
      }
      closing.resolve(line);
      await line.asked(1);
      if (where === 'asked') asked.exchange.abort();
      await line.send(wire);
    });
    const pool = poolAt(at(peer.port));
    const asked: Asked = new Asked(
      pool,
      {},
      {
        head: ({ exchange }) => where === 'head' && exchange.abort(),
        data: ({ exchange }) => where === 'data' && exchange.abort(),
      },
    );
    if (where === 'at once') asked.exchange.abort();
    else await (await closing.promise).closed;
    await passing();
    const told = { 'at once': [], asked: [], head: ['head'], data: ['head', 'data'] }[where];
    expect(asked.told).toEqual(told);
    for (const { closed } of peer.lines) await closed;
    // Given up twice, or held and let go after that, it says nothing either, and takes nobody's connection.
    asked.exchange.abort();
    asked.exchange.pause();
    asked.exchange.resume();
    expect((await new Asked(pool).over).body).toBe('next');
    expect(asked.told).toEqual(told);
  },
);

test('what is done to an exchange that is over does not reach the one that has its connection now', async () => {
  const passing = await openOtherPool();
  const peer = await openPeer(async (line) => {
    await line.asked(1);
    await line.send(answer('one'));
    await line.asked(2);
    await passing();
    await line.send(answer('two'));
  });
  const pool = poolAt(at(peer.port));
  const first = await new Asked(pool).over;
  const second = new Asked(pool);
  first.exchange.pause();
  first.exchange.abort();
  expect(await second.over).toMatchObject({ told: ['head', 'data', 'end'], body: 'two' });
  expect(peer.lines).toHaveLength(1);
});

type Ending = 'end' | 'reset' | 'leave';
interface Behaviour {
  readonly wire: string;
  readonly shares: readonly number[];
  readonly stop: number;
  readonly ending: Ending;
}

const junk = fc.stringMatching(/^[\r\n0-9a-f;: HTP/.]{0,40}$/);
const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  wire: fc.oneof(
    fc.constantFrom(
      ...WHOLE,
      'HTTP/1.1 200 OK\r\n\r\nto the end',
      answer('x', 'Connection: close'),
      'HTTP/1.1 204 x\r\n\r\n',
    ),
    fc.tuple(fc.constantFrom(...WHOLE), junk).map(([wire, more]) => wire + more),
    fc.tuple(fc.constantFrom('', 'HTTP/1.1 200 OK\r\n', CHUNKED_HEAD), junk).map(([start, more]) => start + more),
  ),
  shares: someCuts,
  stop: fc.oneof(fc.constant(1), somePlace),
  ending: fc.constantFrom<Ending>('end', 'reset', 'leave'),
});
/** What a handler does at each thing it is told: hold for a moment, or not. */
const holds = fc.array(fc.boolean(), { maxLength: 8 });

async function play(line: Line, { wire, shares, stop, ending }: Behaviour): Promise<void> {
  await line.asked(1);
  const bytes = bytesOf(wire.slice(0, Math.ceil(stop * wire.length)));
  for (const piece of cutAt(
    bytes,
    shares.map((share) => Math.floor(share * bytes.length)),
  ))
    await line.send(piece.toString('latin1'));
  if (ending === 'end') line.socket.end();
  else if (ending === 'reset') line.socket.resetAndDestroy();
}

test('whatever an upstream does and however it is held, an exchange is told of a head, its data, and one ending, in this order', async () => {
  let script: Behaviour | undefined;
  const peer = await openPeer((line) => script && play(line, script));
  await fc.assert(
    fc.asyncProperty(behaviour, holds, async (next, pauses) => {
      // What has no end of its own waits for that of its connection.
      const endless = next.ending === 'leave' && !(WHOLE.includes(next.wire) && next.stop === 1);
      script = endless ? { ...next, ending: 'end' } : next;
      const left = pauses[Symbol.iterator]();
      const hold = ({ exchange }: Asked): void => {
        if (left.next().value !== true) return;
        exchange.pause();
        setImmediate(() => exchange.resume());
      };
      const asked = new Asked(poolAt(at(peer.port)), {}, { head: hold, data: hold });
      const { told, body } = await asked.over;
      expect(told.join(' ')).toMatch(/^(head (data )?)?(end|fail)$/);
      const [, whole] = WHOLE;
      if (script.wire === whole && told.at(-1) === 'end') expect(body).toBe('hello again');
    }),
    { numRuns: 150 },
  );
});
