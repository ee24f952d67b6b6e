import { request } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesOf, cutByShares, readPieces, someChunks, someCuts, somePlace } from './http1-bytes.ts';

interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly whole: boolean;
}

// What every connection is answered with, and then closed.
let wire: Buffer = Buffer.alloc(0);
const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', () => socket.end(wire));
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** What Node's own client makes of the bytes; nothing where it refuses them. */
function asNodeReads(bytes: Buffer): Promise<Answer | undefined> {
  wire = bytes;
  return new Promise((resolve) => {
    const { port } = server.address() as AddressInfo;
    const sent = request({ host: '127.0.0.1', port, agent: false });
    sent.on('error', () => resolve(undefined));
    sent.on('response', (response) => {
      const pieces: Buffer[] = [];
      const { rawHeaders: raw } = response;
      const pairs = raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []));
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', () => undefined);
      response.on('close', () => {
        const body = Buffer.concat(pieces).toString('latin1');
        resolve({ status: response.statusCode ?? 0, headers: joined(pairs), body, whole: response.complete });
      });
    });
    sent.end();
  });
}

/** What our reader makes of them. */
function asWeRead(pieces: readonly Buffer[]): Answer | undefined {
  try {
    const { heads, body, overAtEnd, surplus } = readPieces(pieces);
    const [head] = heads;
    // What follows a response counts against it there, and against its connection here.
    if (head === undefined || surplus) return undefined;
    const pairs = Object.entries(head.headers).map(([name, value]) => [name, [value].flat().join(', ')] as const);
    return { status: head.status, headers: joined(pairs), body, whole: overAtEnd };
  } catch {
    return undefined;
  }
}

function joined(pairs: readonly (readonly [name: string, value: string])[]): readonly (readonly [string, string])[] {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) values.set(name.toLowerCase(), [...(values.get(name.toLowerCase()) ?? []), value]);
  return [...values].map(([name, list]) => [name, list.join(', ')] as const).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

const field = fc.tuple(
  fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,12}$/).map((name) => `x-${name}`),
  fc.stringMatching(/^[\t !-~\x80-\xff]{0,24}$/),
);
const framed = fc.oneof(
  someChunks.map(({ wire: chunks }) => ({ line: 'Transfer-Encoding: chunked', rest: chunks })),
  fc
    .uint8Array({ maxLength: 400 })
    .map((body) => ({ line: `Content-Length: ${body.length}`, rest: Buffer.from(body) })),
  fc.uint8Array({ maxLength: 400 }).map((body) => ({ line: 'x-ends: with the connection', rest: Buffer.from(body) })),
);
const response = fc
  .record({
    announced: fc.constantFrom('', 'HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n'),
    version: fc.constantFrom('1.1', '1.0'),
    status: fc.constantFrom('200 OK', '200', '201 ', '404 Not Found', '529 Overloaded', '204 No Content', '304 x'),
    fields: fc.array(field, { maxLength: 6 }),
    framing: framed,
  })
  .filter(({ status, framing }) => !/^[23]04/.test(status) || framing.line.startsWith('x-ends'))
  .map(({ announced, version, status, fields, framing: { line, rest } }) => {
    const lines = [...fields.map(([name, value]) => `${name}:${value}`), line].map((each) => `${each}\r\n`).join('');
    const body = /^[23]04/.test(status) ? Buffer.alloc(0) : rest;
    return Buffer.concat([bytesOf(`${announced}HTTP/${version} ${status}\r\n${lines}\r\n`), body]);
  });

test('responses read as the parser of Node reads them, whole or cut off', async () => {
  await fc.assert(
    fc.asyncProperty(response, someCuts, fc.option(somePlace), async (bytes, cuts, end) => {
      const sent = bytes.subarray(0, end === null ? bytes.length : Math.floor(bytes.length * end));
      const ours = asWeRead(cutByShares(sent, cuts));
      expect(ours).toEqual(await asNodeReads(sent));
      if (end === null) expect(ours?.whole).toBe(true);
    }),
    { numRuns: 300 },
  );
});

// Node's parser has a grammar for what follows the size of a chunk, which is read over here as spaces are (RFC 9112 §7.1.1), and hears no
// announcement of an older version.
const MORE_PATIENT = /^[0-9a-f]+[ \t;]|HTTP\/1\.0 1/im;
// A tab behind a value is no part of it (RFC 9112 §5), which Node's parser forgets where the value says how the body ends.
const TAB_BEHIND = /^(?:Transfer-Encoding|Content-Length):.*\t\r/im;

test('what is broken is refused, or reads as the parser of Node reads it', async () => {
  const change = fc.record({
    at: somePlace,
    to: fc.constantFrom('', '\r', '\n', '\r\n', '\0', ' ', '\t', ':', ';', ',', '0', '1', 'a', 'G', '\x80', '\r\n '),
    over: fc.option(fc.integer({ min: 0, max: 2 })),
  });
  await fc.assert(
    fc.asyncProperty(
      response,
      fc.array(change, { minLength: 1, maxLength: 3 }),
      someCuts,
      async (bytes, changes, cuts) => {
        const broken = changes.reduce((text, { at, to, over }) => {
          const place = Math.floor(at * text.length);
          return text.slice(0, place) + to + text.slice(place + (over ?? to.length));
        }, bytes.toString('latin1'));
        const ours = asWeRead(cutByShares(bytesOf(broken), cuts));
        if (ours?.whole !== true || TAB_BEHIND.test(broken)) return;
        const theirs = await asNodeReads(bytesOf(broken));
        if (theirs !== undefined || !MORE_PATIENT.test(broken)) expect(ours, JSON.stringify(broken)).toEqual(theirs);
      },
    ),
    { numRuns: 600 },
  );
});
