import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHead } from '../../src/transport/http1/response-head.ts';
import { ResponseReader } from '../../src/transport/http1/response-reader.ts';
import { bytesOf, cutByShares, everyCut, HEAD_LIMIT, readPieces, someChunks, someCuts } from './http1-bytes.ts';
import { SAMPLES } from './http1-samples.ts';
import type { Sample } from './http1-samples.ts';

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

  test('of one read become one piece of the read itself, and the next needs nothing of it', () => {
    const reader = new ResponseReader(HEAD_LIMIT);
    const buffer = Buffer.alloc(256);
    const read = (text: string): string | undefined => {
      reader.read(buffer.subarray(0, buffer.write(text, 'latin1')));
      const body = reader.body?.toString();
      expect(reader.body?.buffer).toBe(buffer.buffer);
      buffer.fill('#');
      return body;
    };
    const first = read(`${HEAD.toString('latin1')}1\r\na\r\n2\r\nbc\r\n4\r\nde`);
    const second = read('fg\r\n1\r\nh\r\n0\r\n\r\n');
    expect([first, second]).toEqual(['abcde', 'fgh']);
  });

  test('a read of nothing but framing brings no piece', () => {
    const reader = new ResponseReader(HEAD_LIMIT);
    reader.read(Buffer.concat([HEAD, bytesOf('5;x')]));
    expect([reader.head?.status, reader.body]).toEqual([200, undefined]);
    reader.read(bytesOf('=y\r\n'));
    expect([reader.head, reader.body]).toEqual([undefined, undefined]);
  });
});
