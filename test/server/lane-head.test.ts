import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HEAD_END, readLaneHead } from '../../src/server/lane-head.ts';
import type { LaneHead } from '../../src/server/lane-head.ts';
import {
  BODY,
  byteMutant,
  byteMutantsOf,
  fieldMutants,
  lineMutants,
  longMutants,
  requestOf,
  SAMPLES,
} from './lane-head-mutants.ts';
import { readByNode } from './node-reading.ts';
import type { NodeReading } from './node-reading.ts';

const LINES = ['POST /v1/messages HTTP/1.1', 'host: h', 'content-type: application/json', 'content-length: 5'];
const PLAIN = LINES.join('\r\n');

/** The plain head with one of its lines changed, which begins as the new one does. */
function changed(line: string): string {
  const name = line.slice(0, line.indexOf(':') + 1).toLowerCase();
  const at = LINES.findIndex((each) => name !== '' && each.startsWith(name));
  return LINES.with(at < 0 ? 0 : at, line).join('\r\n');
}

function withLine(line: string): string {
  return `${PLAIN}\r\n${line}`;
}

describe('what the lane takes', () => {
  test('a POST of JSON, with its target, its headers by lower-case name and without the white space around them, and its length', () => {
    const head = [
      'POST /v1/messages?beta=true&q="a" HTTP/1.1',
      'HOST:  h:8080',
      'Content-Type:\tApplication/JSON ; charset=utf-8 \t',
      'content-LENGTH: 1048576',
      "!#$%&'*+.^`|~-_9: a, b\t c",
      'x-empty:',
      'x-latin: caf\xe9\xa0',
      'x-colon: a:b',
    ].join('\r\n');
    expect(readLaneHead(head)).toEqual({
      url: '/v1/messages?beta=true&q="a"',
      headers: {
        host: 'h:8080',
        'content-type': 'Application/JSON ; charset=utf-8',
        'content-length': '1048576',
        "!#$%&'*+.^`|~-_9": 'a, b\t c',
        'x-empty': '',
        'x-latin': 'caf\xe9\xa0',
        'x-colon': 'a:b',
      },
      length: 1_048_576,
      closes: false,
    });
  });

  test.each([
    ['connection: keep-alive', false],
    ['Connection: Keep-Alive', false],
    ['connection: close', true],
    ['CONNECTION: CLOSE', true],
    ['x-other: close', false],
    ['sec-fetch-site: same-origin', false],
    ['accept-encoding: gzip', false],
  ])('%s, after which the connection closes: %s', (line, closes) => {
    expect(readLaneHead(withLine(line))?.closes).toBe(closes);
  });
});

describe('what the lane leaves to node:http', () => {
  test.each([
    ['another method', changed('PUT / HTTP/1.1')],
    ['a method in small letters', changed('post / HTTP/1.1')],
    ['HTTP/1.0', changed('POST / HTTP/1.0')],
    ['HTTP/2.0', changed('POST / HTTP/2.0')],
    ['no version', changed('POST /')],
    ['a target that is no path', changed('POST *')],
    ['a whole URL', changed('POST http://h/a HTTP/1.1')],
    ['a target with a fragment', changed('POST /a#b HTTP/1.1')],
    ['a target with a space', changed('POST /a b HTTP/1.1')],
    ['a target beyond ASCII', changed('POST /\xe9 HTTP/1.1')],
    ['a first line that begins with a space', changed(' POST / HTTP/1.1')],
    ['a line before the first', `\r\n${PLAIN}`],
    ['no host', PLAIN.replace('host: h\r\n', '')],
    ['an empty host', changed('host:')],
    ['no type', PLAIN.replace('content-type: application/json\r\n', '')],
    ['another type', changed('content-type: multipart/form-data; boundary=b')],
    ['a type that only begins like JSON', changed('content-type: application/jsonl')],
    ['a type that is JSON by its ending', changed('content-type: application/vnd.api+json')],
    ['two types', changed('content-type: application/json, text/plain')],
    ['no length', PLAIN.replace('\r\ncontent-length: 5', '')],
    ['a body of nothing', changed('content-length: 0')],
    ['a length with a zero before it', changed('content-length: 05')],
    ['a length with a sign', changed('content-length: +5')],
    ['a length that is no number', changed('content-length: five')],
    ['two lengths in one', changed('content-length: 5, 5')],
    ['a length beyond all numbers', changed('content-length: 18446744073709551621')],
    ['chunks', withLine('transfer-encoding: chunked')],
    ['chunks that are none', withLine('transfer-encoding:')],
    ['an expectation', withLine('expect: 100-continue')],
    ['another protocol', withLine('upgrade: websocket')],
    ['a compressed body', withLine('content-encoding: gzip')],
    ['a body that says it is not compressed', withLine('content-encoding: identity')],
    ['te', withLine('te: trailers')],
    ['trailers', withLine('trailer: x-sum')],
    ['a connection with more words', withLine('connection: keep-alive, te')],
    ['a connection without a word', withLine('connection:')],
    ['what Node takes for the connection', withLine('proxy-connection: close')],
    ['what Node makes a list of', withLine('set-cookie: a=b')],
    ['a page of another site', withLine('sec-fetch-site: cross-site')],
    ['a header that comes twice', withLine('x: 1\r\nx: 1')],
    ['a header that comes twice, once without a value', withLine('x:\r\nx: 1')],
    ['a header that comes twice in other letters', withLine('x-a: 1\r\ny: 2\r\nX-A: 3')],
    ['two lengths', withLine('content-length: 5')],
    ['two hosts', withLine('Host: h')],
    ['a name of every object', withLine('__proto__: 1')],
    ['another name of every object', withLine('constructor: 1')],
    ['a folded line', withLine('x: 1\r\n 2')],
    ['a line that begins with a space', withLine(' x: 1')],
    ['white space before a colon', withLine('x : 1')],
    ['a line without a colon', withLine('x')],
    ['a line without a name', withLine(': 1')],
    ['an empty line', withLine('')],
    ['lines that end without a return', PLAIN.replaceAll('\r\n', '\n')],
    ['one line that ends without a return', PLAIN.replace('h\r\n', 'h\n')],
    ['one line that ends without a new line', PLAIN.replace('h\r\n', 'h\r')],
    ['a NUL in a value', withLine('x: a\0b')],
    ['a DEL in a value', withLine('x: a\x7fb')],
    ['a name beyond ASCII', withLine('\xe9: 1')],
    ['more headers than Node takes', longMutants(PLAIN).at(-1) ?? ''],
    ['nothing', ''],
  ])('%s', (_, head) => {
    expect(readLaneHead(PLAIN)).toBeDefined();
    expect(readLaneHead(head)).toBeUndefined();
  });
});

/** What is read of a request by the lane, as far as it came. */
function readByLane(head: LaneHead, rest: string): NodeReading {
  const { url, headers, length, closes } = head;
  return { method: 'POST', url, headers, body: rest.slice(0, length), complete: rest.length >= length, closes };
}

/** Holds that `node:http` reads what the lane takes, and reads the same; resolves with how many those were. */
async function checkTaken(requests: readonly string[]): Promise<number> {
  const taken = [...new Set(requests)].flatMap((request) => {
    const end = request.indexOf(HEAD_END);
    const head = readLaneHead(request.slice(0, end));
    return head === undefined ? [] : [{ request, expected: readByLane(head, request.slice(end + HEAD_END.length)) }];
  });
  const readings = await readByNode(taken.map(({ request }) => request));
  // A request that differs is shown as it was sent.
  for (const [index, { request, expected }] of taken.entries())
    expect({ request, reading: readings[index] }).toEqual({ request, reading: expected });
  return taken.length;
}

describe('what the lane takes, node:http takes too and reads the same', () => {
  test('whatever byte of a head is replaced by a telling one, or preceded by it', async () => {
    const mutants = SAMPLES.flatMap((head) =>
      Array.from({ length: byteMutantsOf(head) }, (_, choice) => byteMutant(head, choice)),
    );
    const taken = await checkTaken(mutants.map(requestOf));
    expect([taken > 3000, taken < mutants.length / 2]).toEqual([true, true]);
  });

  test('whatever field or line of a head is left out, moved, folded, written twice or in another way, or added', async () => {
    const mutants = SAMPLES.flatMap((head) => [...fieldMutants(head), ...lineMutants(head), ...longMutants(head)]);
    expect(await checkTaken([...SAMPLES, ...mutants].map(requestOf))).toBeGreaterThan(500);
  });

  test('whatever several of them do together', async () => {
    const byByte = fc.nat().map((choice) => (head: string) => byteMutant(head, choice % byteMutantsOf(head)));
    const byField = fc.nat().map((choice) => (head: string) => {
      const all = fieldMutants(head);
      return all[choice % all.length] ?? head;
    });
    const changes = fc.array(fc.oneof(byByte, byField), { minLength: 2, maxLength: 3 });
    const mutant = fc
      .tuple(fc.constantFrom(...SAMPLES), changes)
      .map(([sample, all]) => all.reduce((head, change) => change(head), sample));
    expect(await checkTaken(fc.sample(mutant, 2000).map(requestOf))).toBeGreaterThan(20);
  });
});

test('a reading of Node shows what it refuses, what is short, and what is read otherwise', async () => {
  const [refused, short, folded, whole] = await readByNode([
    requestOf(withLine('x : 1')),
    requestOf(PLAIN).slice(0, -1),
    requestOf(withLine('x: 1\r\n 2')),
    requestOf(PLAIN),
  ]);
  expect([refused, short?.complete, short?.body]).toEqual([undefined, false, BODY.slice(0, -1)]);
  expect([whole?.complete, whole?.body, folded?.headers['x']]).toEqual([true, BODY, undefined]);
});
