import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { UpstreamCall } from '../../src/transport/dispatch.ts';
import { requestHead } from '../../src/transport/http1/request-writer.ts';
import { answer, Asked, openOtherPool, openPeer, poolAt } from './http1-stage.ts';

const call = (parts: Partial<UpstreamCall> = {}): UpstreamCall => ({
  method: 'POST',
  path: '/chat',
  headers: {},
  body: null,
  ...parts,
});
const place = { basePath: '/v1', host: 'api.example' };
const linesOf = (parts: Partial<UpstreamCall>): readonly string[] => requestHead(call(parts), place).split('\r\n');

const INJECTIONS: readonly (readonly [name: string, parts: Partial<UpstreamCall>])[] = [
  ...['\r', '\n', '\r\nx-other: 1', '\0', '\u0100', '€', '\u{1f600}', '\x7f', '\x1b'].map(
    (text) => [`a value with ${JSON.stringify(text)}`, { headers: { a: `b${text}c` } }] as const,
  ),
  ...['', 'a b', 'a:', 'a\r\nb', 'ä', 'a\0', '(a)', ' a'].map(
    (name) => [`the name ${JSON.stringify(name)}`, { headers: { [name]: 'b' } }] as const,
  ),
  ...['/a b', '/a\r\n', '/a HTTP/1.1\r\nx: y', '/ü', '/a\0', '/a\tb', '/€', '/a\x7f'].map(
    (path) => [`the path ${JSON.stringify(path)}`, { path }] as const,
  ),
];

test.each(INJECTIONS)('what would not be one request is refused before anything is sent: %s', async (_, parts) => {
  const peer = await openPeer(() => undefined);
  const pool = poolAt(`http://127.0.0.1:${peer.port}`);
  let thrown: unknown;
  try {
    void new Asked(pool, parts);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(GatewayFailure);
  expect(thrown).toMatchObject({ error: { kind: 'invalid_request' } });
  await (
    await openOtherPool()
  )();
  expect(peer.lines).toHaveLength(0);
});

test('no header adds a line to a request, whatever is in it', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  fc.assert(
    fc.property(fc.dictionary(text, text, { maxKeys: 4 }), text, (headers, path) => {
      try {
        const lines = linesOf({ headers, path: `/${path}` });
        expect(lines).toHaveLength(3 + Object.keys(headers).length + 3);
        expect(lines[0]).toBe(`POST /v1/${path} HTTP/1.1`);
      } catch (error) {
        expect(error).toMatchObject({ error: { kind: 'invalid_request' } });
      }
    }),
    { numRuns: 1000 },
  );
});

describe('the head of a request', () => {
  test('has its lines, and what the caller says, and nothing else', () => {
    expect(linesOf({ method: 'GET', headers: { accept: '*/*', 'X-Odd': 'caf\xe9\t!' } })).toEqual([
      'GET /v1/chat HTTP/1.1',
      'host: api.example',
      'connection: keep-alive',
      'accept: */*',
      'X-Odd: caf\xe9\t!',
      '',
      '',
    ]);
  });

  test.each([
    ['a text', 'hello', 'content-length: 5'],
    ['a text of more bytes than letters', 'grüße, 世界 😀', `content-length: ${Buffer.byteLength('grüße, 世界 😀')}`],
    ['an empty text', '', 'content-length: 0'],
    ['bytes', new Uint8Array(300), 'content-length: 300'],
    ['a part of a buffer', Buffer.alloc(300).subarray(3, 9), 'content-length: 6'],
    ['no body', null, 'content-length: 0'],
    ['a stream', Readable.from(['a']), 'transfer-encoding: chunked'],
  ])('says how its body ends: %s', (_, body, line) => {
    const framing = linesOf({ body }).filter((each) => /^(content-length|transfer-encoding)/i.test(each));
    expect(framing).toEqual([line]);
  });

  test.each([
    ['http://api.example:8080/v1', 'host: api.example:8080'],
    ['http://api.example:80/v1', 'host: api.example'],
    ['https://api.example:443/v1', 'host: api.example'],
    ['https://api.example:80/v1', 'host: api.example:80'],
    ['http://[::1]:8080/v1', 'host: [::1]:8080'],
    ['http://[::1]/v1', 'host: [::1]'],
    ['http://127.0.0.1:9/v1', 'host: 127.0.0.1:9'],
  ])('names its host as the base URL does: %s', (url, line) => {
    const lines = requestHead(call(), poolAt(url)).split('\r\n');
    expect(lines.filter((each) => each.startsWith('host:'))).toEqual([line]);
    expect(lines[0]).toBe('POST /v1/chat HTTP/1.1');
  });

  test('has the path below a base URL that has none', () => {
    expect(requestHead(call(), poolAt('http://api.example'))).toMatch(/^POST \/chat HTTP\/1\.1\r\n/);
  });
});

test('a server of Node reads the request that was meant, again and again on one connection', async () => {
  const read: { method: string; url: string; headers: IncomingHttpHeaders; body: Buffer }[] = [];
  const sockets = new Set<unknown>();
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    const { method = '', url = '', headers, socket } = request;
    sockets.add(socket);
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      read.push({ method, url, headers, body: Buffer.concat(pieces) });
      response.end('ok');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close().closeAllConnections();
  });
  const pool = poolAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
  const body = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc.uint8Array({ maxLength: 500 }),
    fc.constant(Buffer.alloc(2 * 1024 * 1024, 'large')),
    fc.array(fc.uint8Array({ minLength: 1, maxLength: 500 }), { maxLength: 5 }),
  );
  const value = fc.stringMatching(/^[!-~\x80-\xff]([\t -~\x80-\xff]{0,20}[!-~\x80-\xff])?$/);
  await fc.assert(
    fc.asyncProperty(body, value, fc.stringMatching(/^[!-"$->@-~]{0,20}$/), async (sent, field, path) => {
      const list = Array.isArray(sent) ? sent : [Buffer.from(sent)];
      const given = Array.isArray(sent) ? Readable.from(sent) : sent;
      const asked = await new Asked(pool, { path: `/${path}`, headers: { 'x-field': field }, body: given }).over;
      expect(asked).toMatchObject({ told: ['head', 'data', 'end'], body: 'ok' });
      const got = read.pop();
      expect(got).toMatchObject({ method: 'POST', url: `/v1/${path}`, headers: { 'x-field': field } });
      expect(got?.body.equals(Buffer.concat(list))).toBe(true);
    }),
    { numRuns: 150 },
  );
  expect([read.length, sockets.size]).toEqual([0, 1]);
});

describe('a connection that does not come about', () => {
  test.each([
    ['nobody listens', 'http://127.0.0.1:1', /ECONNREFUSED/],
    ['nobody listens at an address of IPv6', 'http://[::1]:1', /ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH|EAFNOSUPPORT/],
  ])('is told as unreachable, without the address: %s', async (_, url, code) => {
    const asked = await new Asked(poolAt(url)).over;
    expect(asked).toMatchObject({ told: ['fail'], error: { kind: 'unreachable' }, fault: { stale: false } });
    expect(asked.error?.message).toMatch(code);
    expect(asked.error?.message).not.toMatch(/127\.0\.0\.1|::1/);
  });

  test('is told as a timeout when it takes longer than it may, be it that TLS does not come about', async () => {
    const peer = await openPeer(() => undefined);
    const pool = poolAt(`https://127.0.0.1:${peer.port}`, ['connect_timeout: 50ms']);
    const asked = await new Asked(pool).over;
    expect(asked).toMatchObject({ told: ['fail'], error: { kind: 'timeout' }, fault: { stale: false } });
    await peer.lines[0]?.closed;
  });

  test('says nothing of how long an answer may take', async () => {
    const peer = await openPeer(async (line) => {
      await line.asked(1);
      // The clock of the connection is shorter than the life of the first, which has ended when the second is answered.
      const first = await new Asked(poolAt(`https://127.0.0.1:${silent.port}`, ['connect_timeout: 100ms'])).over;
      await line.send(answer(first.error?.kind ?? ''));
    });
    const silent = await openPeer(() => undefined);
    const asked = await new Asked(poolAt(`http://127.0.0.1:${peer.port}`, ['connect_timeout: 100ms'])).over;
    expect(asked).toMatchObject({ told: ['head', 'data', 'end'], body: 'timeout' });
  });
});
