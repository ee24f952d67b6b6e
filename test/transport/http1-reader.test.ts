import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHead } from '../../src/transport/http1/response-head.ts';
import { ResponseReader } from '../../src/transport/http1/response-reader.ts';
import { bytesOf, cutByShares, everyCut, HEAD_LIMIT, readPieces, someChunks, someCuts } from './http1-bytes.ts';

interface Sample {
  readonly name: string;
  readonly wire: string;
  readonly status: number;
  readonly ends: 'chunked' | 'length' | 'close' | 'none';
  readonly body: string;
  readonly keeps: number;
  readonly surplus?: boolean;
}

const always = { keeps: Infinity, status: 200 };
const SAMPLES: readonly Sample[] = [
  {
    ...always,
    name: 'a length',
    wire: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    ends: 'length',
    body: 'hello',
  },
  {
    ...always,
    name: 'a body of no bytes',
    wire: 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
    ends: 'none',
    body: '',
  },
  {
    ...always,
    name: 'chunks, sizes in both cases, extensions and trailers',
    wire:
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n' +
      '3\r\nabc\r\nA\r\n0123456789\r\nb;ext\r\nhello world\r\n5 \t;a="b"\r\n\r\n0\r\n\r\n0000001\r\n!\r\n' +
      '0;done\r\nDigest: x\r\nExpires: y\r\n\r\n',
    ends: 'chunked',
    body: 'abc0123456789hello world\r\n0\r\n!',
  },
  {
    ...always,
    name: 'chunks of no body',
    wire: 'HTTP/1.1 200 OK\r\ntransfer-encoding:chunked\r\n\r\n0\r\n\r\n',
    ends: 'chunked',
    body: '',
  },
  {
    name: 'a body up to the end of the connection',
    wire: 'HTTP/1.1 502 Bad Gateway\r\nServer: x\r\n\r\n0\r\n\r\nno chunks',
    status: 502,
    ends: 'close',
    body: '0\r\n\r\nno chunks',
    keeps: 0,
  },
  { ...always, name: '204', wire: 'HTTP/1.1 204 No Content\r\n\r\n', status: 204, ends: 'none', body: '' },
  {
    ...always,
    name: '304, whatever length it names',
    wire: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n',
    status: 304,
    ends: 'none',
    body: '',
  },
  {
    ...always,
    name: 'an answer that was announced',
    wire: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 201\r\nContent-Length: 2\r\n\r\nok',
    status: 201,
    ends: 'length',
    body: 'ok',
  },
  {
    name: 'HTTP/1.0, which keeps no connection',
    wire: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok',
    status: 200,
    ends: 'length',
    body: 'ok',
    keeps: 0,
  },
  {
    name: 'the last of a connection',
    wire: 'HTTP/1.1 429 Slow\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nno',
    status: 429,
    ends: 'length',
    body: 'no',
    keeps: 0,
  },
  {
    name: 'a connection that is kept for a while',
    wire: 'HTTP/1.1 200 OK\r\nKeep-Alive: max=9, Timeout=5\r\nContent-Length: 2\r\n\r\nok',
    status: 200,
    ends: 'length',
    body: 'ok',
    keeps: 4000,
  },
  {
    ...always,
    name: 'more than one length told',
    wire: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200',
    ends: 'length',
    body: 'ok',
    surplus: true,
  },
  {
    ...always,
    name: 'more than its chunks',
    wire: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n\r\n',
    ends: 'chunked',
    body: 'ok',
    surplus: true,
  },
  {
    ...always,
    name: 'a body where there may be none',
    wire: 'HTTP/1.1 204 No Content\r\n\r\nbody',
    status: 204,
    ends: 'none',
    body: '',
    surplus: true,
  },
];

function expectSample({ wire, status, ends, body, keeps, surplus = false }: Sample, pieces: readonly Buffer[]): void {
  const reading = readPieces(pieces);
  const where = pieces.map((piece) => piece.length).join('+');
  expect(reading, where).toMatchObject({ body, surplus, over: ends !== 'close', overAtEnd: true });
  // As the whole head, and once.
  const from = wire.lastIndexOf('HTTP/1.', wire.indexOf('\r\n\r\n', wire.indexOf(` ${status}`)));
  const whole = readHead(wire.slice(from, wire.indexOf('\r\n\r\n', from)));
  expect(whole).toMatchObject({ status, ends, keeps });
  expect(reading.heads, where).toEqual([whole]);
}

describe('one response', () => {
  test.each(SAMPLES.map((sample) => [sample.name, sample] as const))(
    'reads the same however it is cut: %s',
    (_, sample) => {
      const bytes = bytesOf(sample.wire);
      for (const pieces of everyCut(bytes)) expectSample(sample, pieces);
      fc.assert(fc.property(someCuts, (shares) => expectSample(sample, cutByShares(bytes, shares))));
    },
  );

  test('is over with its last byte and not before', () => {
    for (const { wire, surplus, ends, name } of SAMPLES) {
      if (surplus === true || ends === 'close') continue;
      const bytes = bytesOf(wire);
      for (let size = 0; size < bytes.length; size++) {
        const { over, overAtEnd } = readPieces([bytes.subarray(0, size)]);
        expect([over, overAtEnd], `${name}, ${size} bytes`).toEqual([false, false]);
      }
    }
  });

  test('has begun as soon as anything of it came, be it only an announcement', () => {
    const reader = new ResponseReader(HEAD_LIMIT);
    expect(reader.begun).toBe(false);
    readPieces([bytesOf('HTTP/1.1 102 Processing\r\n\r\n')], reader);
    expect(reader.begun).toBe(true);
    readPieces([bytesOf('HTTP/1.1 204 No Content\r\n\r\n')], reader);
    reader.next();
    expect(reader.begun).toBe(false);
    expect(() => reader.read(bytesOf('nonsense'))).toThrow('status line');
    expect(reader.begun).toBe(true);
  });
});

test('responses on one connection do not disturb each other', () => {
  const list = SAMPLES.filter(({ surplus, ends }) => surplus !== true && ends !== 'close');
  const some = fc.array(fc.tuple(fc.constantFrom(...list), someCuts), { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(some, (steps) => {
      const reader = new ResponseReader(HEAD_LIMIT);
      for (const [{ wire, status, body }, shares] of steps) {
        const reading = readPieces(cutByShares(bytesOf(wire), shares), reader);
        expect(reading).toMatchObject({ heads: [{ status }], body, over: true, surplus: false });
        reader.next();
        expect(reader.over).toBe(false);
      }
    }),
  );
});

describe('chunks', () => {
  const HEAD = bytesOf('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');

  test('of any size and any bytes are moved together unharmed, however they are cut', () => {
    fc.assert(
      fc.property(someChunks, someCuts, ({ wire, body }, shares) => {
        const reading = readPieces(cutByShares(Buffer.concat([HEAD, wire]), shares));
        expect(reading.body).toBe(body.toString('latin1'));
        expect(reading).toMatchObject({ over: true, surplus: false });
      }),
      { numRuns: 500 },
    );
  });

  test('of one read become one piece, which stays what it is when the next read comes', () => {
    const reader = new ResponseReader(HEAD_LIMIT);
    const buffer = Buffer.alloc(256);
    const read = (text: string): Buffer | undefined => {
      reader.read(buffer.subarray(0, buffer.write(text, 'latin1')));
      return reader.body;
    };
    const first = read(`${HEAD.toString('latin1')}1\r\na\r\n2\r\nbc\r\n4\r\nde`);
    const second = read('fg\r\n1\r\nh\r\n0\r\n\r\n');
    buffer.fill('#');
    expect([first?.toString(), second?.toString()]).toEqual(['abcde', 'fgh']);
  });

  test('a read of nothing but framing brings no piece', () => {
    const reader = new ResponseReader(HEAD_LIMIT);
    reader.read(Buffer.concat([HEAD, bytesOf('5;x')]));
    expect([reader.head?.status, reader.body]).toEqual([200, undefined]);
    reader.read(bytesOf('=y\r\n'));
    expect([reader.head, reader.body]).toEqual([undefined, undefined]);
  });
});

describe('headers', () => {
  const headersOf = (...lines: readonly string[]): Record<string, unknown> => ({
    ...readHead(['HTTP/1.1 200 OK', ...lines].join('\r\n')).headers,
  });

  test('have lower-case names, and values without the spaces and tabs around', () => {
    expect(headersOf('X-Request-ID: \t a b\t ', 'Empty:', 'x_y:1:2')).toEqual({
      'x-request-id': 'a b',
      empty: '',
      x_y: '1:2',
    });
  });

  test('lose no byte of a value, though it may look like a space of another kind', () => {
    const utf8 = Buffer.from('voilà').toString('latin1');
    expect(headersOf(`x: \xa0${utf8}\xa0`)).toEqual({ x: `\xa0${utf8}\xa0` });
  });

  test('that come more than once are joined, but for cookies', () => {
    expect(headersOf('a: 1', 'set-cookie: x=1', 'A: 2', 'Set-Cookie: y=2, z', 'a:')).toEqual({
      a: '1, 2, ',
      'set-cookie': ['x=1', 'y=2, z'],
    });
  });

  test('with names that objects have for themselves are harmless', () => {
    const { headers } = readHead(
      'HTTP/1.1 200 OK\r\n__proto__: a\r\n__PROTO__: b\r\nconstructor: c\r\nhasOwnProperty: d',
    );
    expect(Object.entries(headers)).toEqual([
      ['constructor', 'c'],
      ['hasownproperty', 'd'],
    ]);
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
    expect(Object.keys({})).toEqual([]);
  });

  test.each([
    ['timeout=5', 4000],
    ['timeout=1', 0],
    ['timeout=0', 0],
    ['timeout=999999999', 999_999_998_000],
    ['max=100', Infinity],
    ['', Infinity],
  ])('say for how long a connection is kept: keep-alive: %s', (hint, keeps) => {
    expect(readHead(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\nkeep-alive: ${hint}`).keeps).toBe(keeps);
  });
});
