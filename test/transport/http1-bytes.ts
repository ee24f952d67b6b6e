import * as fc from 'fast-check';
import { ResponseReader } from '../../src/transport/http1/response-reader.ts';
import type { ResponseHead } from '../../src/transport/http1/response-head.ts';

/** What a reader made of one response. */
export interface Reading {
  readonly heads: readonly ResponseHead[];
  readonly body: string;
  /** Whether the response was whole, before and after its connection ended. */
  readonly over: boolean;
  readonly overAtEnd: boolean;
  readonly surplus: boolean;
}

/** The limit of heads and trailers of all readers here. */
export const HEAD_LIMIT = 4096;

/** Gives one response to a reader, piece by piece; bytes read as latin1. */
export function readPieces(
  pieces: readonly Buffer[],
  reader: ResponseReader = new ResponseReader(HEAD_LIMIT),
): Reading {
  const heads: ResponseHead[] = [];
  const bodies: Buffer[] = [];
  let surplus = false;
  // All reads go through it, as those of sockets do; what a reader, or whoever it tells, kept of it would not survive the next.
  const shared = Buffer.alloc(Math.max(0, ...pieces.map((piece) => piece.length)));
  for (const piece of pieces) {
    const read = shared.subarray(0, piece.copy(shared));
    reader.read(read);
    if (reader.head !== undefined) heads.push(reader.head);
    if (reader.body !== undefined) bodies.push(Buffer.from(reader.body));
    surplus ||= reader.surplus;
    read.fill('#');
  }
  const { over } = reader;
  reader.connectionEnds();
  return { heads, body: Buffer.concat(bodies).toString('latin1'), over, overAtEnd: reader.over, surplus };
}

/** The bytes of a text in which each character is one. */
export const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Bytes, cut where it is said; places may come in any order, and twice. */
export function cutAt(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const inside = [...new Set(places)].filter((at) => at > 0 && at < bytes.length).toSorted((a, b) => a - b);
  return [0, ...inside].map((from, index) => bytes.subarray(from, inside[index] ?? bytes.length));
}

/** Every way to cut bytes into two, and the one into single bytes. */
export function everyCut(bytes: Buffer): readonly (readonly Buffer[])[] {
  const places = Array.from(bytes.keys());
  return [...places.map((at) => cutAt(bytes, [at])), cutAt(bytes, places)];
}

/** A place in something of whatever length: all are equally likely, which they are not among the doubles from 0 to 1. */
export const somePlace: fc.Arbitrary<number> = fc.noBias(fc.nat(2 ** 20 - 1)).map((at) => at / 2 ** 20);

/** Places to cut, as shares of whatever length. */
export const someCuts: fc.Arbitrary<readonly number[]> = fc.array(somePlace, { maxLength: 12 });

/** Bytes, cut at shares of their length. */
export function cutByShares(bytes: Buffer, shares: readonly number[]): readonly Buffer[] {
  return cutAt(
    bytes,
    shares.map((share) => Math.floor(share * bytes.length)),
  );
}

/** A body and one of the many ways to send it in chunks. */
export interface Chunked {
  readonly body: Buffer;
  readonly wire: Buffer;
}

const SIZE_FORMS: readonly ((size: number) => string)[] = [
  (size) => size.toString(16),
  (size) => size.toString(16).toUpperCase(),
  (size) => size.toString(16).padStart(8, '0'),
  (size) => `${size.toString(16)};name=value`,
  (size) => `${size.toString(16)};a;b="c;d"`,
];

/** Bodies in chunks of any size and bytes, with sizes written in all their forms, and trailers. */
export const someChunks: fc.Arbitrary<Chunked> = fc
  .tuple(
    fc.array(
      fc.record({ data: fc.uint8Array({ minLength: 1, maxLength: 300 }), form: fc.constantFrom(...SIZE_FORMS) }),
      { maxLength: 20 },
    ),
    fc.constantFrom('0\r\n\r\n', '000\r\n\r\n', '0;last\r\n\r\n', '0\r\nDigest: abc\r\nX-Sum: 1\r\n\r\n'),
  )
  .map(([chunks, last]) => ({
    body: Buffer.concat(chunks.map(({ data }) => data)),
    wire: Buffer.concat([
      ...chunks.flatMap(({ data, form }) => [bytesOf(`${form(data.length)}\r\n`), Buffer.from(data), bytesOf('\r\n')]),
      bytesOf(last),
    ]),
  }));
