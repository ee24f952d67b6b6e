import { expect, test } from 'vitest';
import { MalformedResponse } from '../../src/transport/http1/response-head.ts';
import { bytesOf, everyCut, HEAD_LIMIT, readPieces } from './http1-bytes.ts';
import { answer, Asked, CHUNKED_HEAD, openPeer, poolAt } from './http1-stage.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const REFUSED: readonly (readonly [name: string, wire: string])[] = [
  ['a length beside a coding', `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  [
    'a coding beside a length, where no body is',
    'HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n',
  ],
  ['two lengths', `${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`],
  ['two lengths in a line', `${OK}Content-Length: 5, 6\r\n\r\nhello`],
  ['a length with a sign', `${OK}Content-Length: +5\r\n\r\nhello`],
  ['a negative length', `${OK}Content-Length: -5\r\n\r\nhello`],
  ['a length in hex', `${OK}Content-Length: 0x5\r\n\r\nhello`],
  ['an empty length', `${OK}Content-Length:\r\n\r\nhello`],
  ['a length that no number holds', `${OK}Content-Length: 99999999999999999999\r\n\r\nhello`],
  ['a coding other than chunked', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['chunks in chunks', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['a coding that is not quite chunked', `${OK}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['a bare LF in the head', `${OK}a: 1\nContent-Length: 0\r\n\r\n`],
  ['a bare LF behind the status', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
  ['a bare CR in the head', `${OK}a: 1\rContent-Length: 0\r\n\r\n`],
  ['a NUL in a value', `${OK}a: 1\0\r\n\r\n`],
  ['a NUL in the reason', 'HTTP/1.1 200 O\0K\r\n\r\n'],
  ['a line that goes on', `${OK}a: 1\r\n 2\r\nContent-Length: 0\r\n\r\n`],
  ['a line that goes on at a tab', `${OK}a: 1\r\n\t2\r\nContent-Length: 0\r\n\r\n`],
  ['a space before the colon', `${OK}Content-Length : 0\r\n\r\n`],
  ['a space before a name', `${OK} Content-Length: 0\r\n\r\n`],
  ['no name', `${OK}: 0\r\n\r\n`],
  ['no colon', `${OK}Content-Length 0\r\n\r\n`],
  ['a name of other letters', `${OK}L\xe4nge: 0\r\n\r\n`],
  ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'],
  ['another version', 'HTTP/2 200\r\n\r\n'],
  ['a version that is none', 'HTTP/1.2 200 OK\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a status below all', 'HTTP/1.1 099 OK\r\n\r\n'],
  ['an empty line first', `\r\n${OK}\r\n`],
  ['garbage', 'hello, I speak something else\r\n'],
  ['an announcement that is broken', 'HTTP/1.1 103 x\r\na\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a size that is none', `${CHUNKED_HEAD}xyz\r\nhello\r\n0\r\n\r\n`],
  ['no size', `${CHUNKED_HEAD}\r\nhello\r\n0\r\n\r\n`],
  ['an extension of no size', `${CHUNKED_HEAD};a\r\n\r\n`],
  ['a size with a sign', `${CHUNKED_HEAD}-5\r\nhello\r\n0\r\n\r\n`],
  ['a size as programs write it', `${CHUNKED_HEAD}0x5\r\nhello\r\n0\r\n\r\n`],
  ['two sizes', `${CHUNKED_HEAD}5 5\r\nhello\r\n0\r\n\r\n`],
  ['a size that no number holds', `${CHUNKED_HEAD}fffffffffffffff\r\n`],
  ['a size that ends with a bare LF', `${CHUNKED_HEAD}5\nhello\r\n0\r\n\r\n`],
  ['an extension that ends with a bare LF', `${CHUNKED_HEAD}5;a\nhello\r\n0\r\n\r\n`],
  ['a size that ends with a bare CR', `${CHUNKED_HEAD}5\rhello\r\n0\r\n\r\n`],
  ['a chunk that is too long', `${CHUNKED_HEAD}5\r\nhello!\r\n0\r\n\r\n`],
  ['a chunk without its end', `${CHUNKED_HEAD}5\r\nhello0\r\n\r\n`],
  ['a chunk that ends with a bare LF', `${CHUNKED_HEAD}5\r\nhello\n0\r\n\r\n`],
  ['a chunk that ends with a bare CR', `${CHUNKED_HEAD}5\r\nhello\r0\r\n\r\n`],
  ['a last line that is none', `${CHUNKED_HEAD}0\r\n\rX`],
  ['a trailer that is none', `${CHUNKED_HEAD}0\r\nhello\r\n\r\n`],
  ['a trailer that ends with a bare LF', `${CHUNKED_HEAD}0\r\na: b\n\r\n`],
  ['a trailer that goes on', `${CHUNKED_HEAD}0\r\na: b\r\n c\r\n\r\n`],
  ['a trailer with a space before the colon', `${CHUNKED_HEAD}0\r\na : b\r\n\r\n`],
];

test.each(REFUSED)('is refused however it is cut: %s', (name, wire) => {
  for (const pieces of everyCut(bytesOf(wire)))
    expect(() => readPieces(pieces), `${name}: ${pieces.map((piece) => piece.length).join('+')}`).toThrow(
      MalformedResponse,
    );
});

const filled = (start: string, fill: string, size: number): string =>
  start + fill.repeat(size).slice(0, size - start.length);
const AS_LONG_AS_MAY_BE: readonly (readonly [name: string, start: string, fill: string, end: string, limit: number])[] =
  [
    ['a head', OK, 'a: b\r\n', '\r\n\r\n', HEAD_LIMIT],
    ['a header', `${OK}a: `, 'b', '\r\n\r\n', HEAD_LIMIT],
    ['a reason', 'HTTP/1.1 200 ', 'x', '\r\n\r\n', HEAD_LIMIT],
    ['an extension', `${CHUNKED_HEAD}1;`, 'x', '\r\n!\r\n0\r\n\r\n', CHUNKED_HEAD.length + 4096],
    ['spaces behind a size', `${CHUNKED_HEAD}1 `, ' ', '\r\n!\r\n0\r\n\r\n', CHUNKED_HEAD.length + 4096],
    ['zeros before a size', CHUNKED_HEAD, '0', '1\r\n!\r\n0\r\n\r\n', CHUNKED_HEAD.length + 15],
    ['trailers', `${CHUNKED_HEAD}0\r\n`, 'a: b\r\n', '\r\n', CHUNKED_HEAD.length + HEAD_LIMIT],
    ['a trailer', `${CHUNKED_HEAD}0\r\na: `, 'b', '\r\n\r\n', CHUNKED_HEAD.length + HEAD_LIMIT],
  ];

test.each(AS_LONG_AS_MAY_BE)(
  '%s has an end, or is refused, and how it was cut says nothing',
  (_, start, fill, end, limit) => {
    // A whole number of fills, so that the rest begins where a line does.
    const fitting = Math.floor((limit - start.length - end.length) / fill.length) * fill.length;
    const within = bytesOf(start + fill.repeat(fitting / fill.length) + end);
    const beyond = bytesOf(filled(start, fill, limit * 2));
    const cuts = [
      (bytes: Buffer) => [bytes],
      (bytes: Buffer) => [bytes.subarray(0, limit - 3), bytes.subarray(limit - 3)],
      (bytes: Buffer) => [bytes.subarray(0, limit / 2), bytes.subarray(limit / 2)],
      (bytes: Buffer) => Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1)),
    ];
    for (const cut of cuts) {
      expect(readPieces(cut(within)).overAtEnd).toBe(true);
      expect(() => readPieces(cut(beyond))).toThrow(MalformedResponse);
      expect(() => readPieces(cut(Buffer.concat([beyond, bytesOf(end)])))).toThrow(MalformedResponse);
    }
  },
);

test('the limit of a head is one number of bytes, whatever a read brings', () => {
  const of = (size: number): Buffer => bytesOf(`${filled(`${OK}a: `, 'b', size - 4)}\r\n\r\n`);
  for (const at of [1, 100, HEAD_LIMIT / 2, HEAD_LIMIT - 1]) {
    const [fits, not] = [of(HEAD_LIMIT), of(HEAD_LIMIT + 1)];
    expect(readPieces([fits.subarray(0, at), fits.subarray(at)]).heads).toHaveLength(1);
    expect(() => readPieces([not.subarray(0, at), not.subarray(at)])).toThrow('4096 bytes');
  }
});

test('over a socket, what is refused fails the exchange once, closes the connection, and leaves the next one alone', async () => {
  const wires = REFUSED.map(([, wire]) => wire);
  const peer = await openPeer(async (line, index) => {
    const wire = wires[index];
    await line.asked(1);
    // Kept open: that the gateway closes it is what is to be seen.
    await line.send(wire ?? answer('fine'));
  });
  const pool = poolAt(`http://127.0.0.1:${peer.port}`);
  for (const [index, [name]] of REFUSED.entries()) {
    const asked = await new Asked(pool).over;
    expect(
      asked.told.filter((each) => each === 'fail' || each === 'end'),
      name,
    ).toEqual(['fail']);
    expect(asked.told.at(-1), name).toBe('fail');
    expect(asked.error, name).toMatchObject({ kind: 'bad_response' });
    expect(asked.error?.message, name).toContain('not HTTP');
    expect(asked.fault, name).toEqual({ stale: false });
    await peer.lines[index]?.closed;
  }
  expect(await new Asked(pool).over).toMatchObject({ body: 'fine', told: ['head', 'data', 'end'] });
  expect(peer.lines).toHaveLength(REFUSED.length + 1);
});

test('what came before the fault is told before the failure', async () => {
  const came = Promise.withResolvers<void>();
  const peer = await openPeer(async (line) => {
    await line.asked(1);
    await line.send(`${CHUNKED_HEAD}5\r\nhello\r\n`);
    await came.promise;
    await line.send('nonsense');
  });
  const asked = await new Asked(poolAt(`http://127.0.0.1:${peer.port}`), {}, { data: () => came.resolve() }).over;
  expect(asked).toMatchObject({ told: ['head', 'data', 'fail'], body: 'hello', error: { kind: 'bad_response' } });
});

test('U47 a kept connection on which nonsense comes in answer is not asked again for free', async () => {
  const peer = await openPeer(async (line) => {
    await line.asked(1);
    await line.send(answer('one'));
    await line.asked(2);
    await line.send('nonsense\r\n\r\n');
  });
  const pool = poolAt(`http://127.0.0.1:${peer.port}`);
  expect((await new Asked(pool).over).body).toBe('one');
  const second = await new Asked(pool).over;
  expect(second).toMatchObject({ error: { kind: 'bad_response' }, fault: { stale: false } });
  expect(peer.lines).toHaveLength(1);
});
