import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import { readPieces } from './http1-bytes.ts';
import { answer, Asked, CHUNKED_HEAD, openOtherPool, openPeer, poolAt } from './http1-stage.ts';
import type { Line } from './http1-stage.ts';

const at = (port: number): string => `http://127.0.0.1:${port}`;
const lastChunk = (seen: string): boolean => seen.endsWith('\r\n0\r\n\r\n');
const REFUSAL = { kind: 'too_large', message: 'The file is too large.' } as const;

/** What a server makes of an upload: the chunks of a request read as those of a response do. */
function uploaded(seen: string): { readonly body: string; readonly over: boolean; readonly surplus: boolean } {
  const end = seen.indexOf('\r\n\r\n') + 4;
  return readPieces([Buffer.from(CHUNKED_HEAD + seen.slice(end), 'latin1')]);
}

test('an upload goes in chunks that give its bytes back, whatever its pieces', async () => {
  let line: Line | undefined;
  const peer = await openPeer(async (next) => {
    line = next;
    await next.until(lastChunk);
    await next.send(answer('done', 'Connection: close'));
  });
  const pool = poolAt(at(peer.port));
  const pieces = fc.array(fc.oneof(fc.uint8Array({ maxLength: 5000 }), fc.string({ unit: 'binary', maxLength: 50 })), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(pieces, async (list) => {
      const asked = await new Asked(pool, { body: Readable.from(list) }).over;
      expect(asked).toMatchObject({ told: ['head', 'data', 'end'], body: 'done' });
      const whole = Buffer.concat(list.map((piece) => Buffer.from(piece)));
      expect(line?.seen).toMatch(/^POST \/ask HTTP\/1\.1\r\n(\S+: .*\r\n)*transfer-encoding: chunked\r\n\r\n/);
      expect(line?.seen).not.toMatch(/content-length/i);
      expect(uploaded(line?.seen ?? '')).toMatchObject({ body: whole.toString('latin1'), over: true, surplus: false });
    }),
    { numRuns: 60 },
  );
});

test('a connection is used again after an upload that was sent whole', async () => {
  const peer = await openPeer(async (line) => {
    await line.until(lastChunk);
    await line.send(answer('one'));
    await line.asked(1);
    await line.send(answer('two'));
  });
  const pool = poolAt(at(peer.port));
  expect((await new Asked(pool, { body: Readable.from([Buffer.from('abc')]) }).over).body).toBe('one');
  expect((await new Asked(pool).over).body).toBe('two');
  expect(peer.lines).toHaveLength(1);
});

test('an upstream that takes slowly slows the upload, and gets every byte', async () => {
  const passing = await openOtherPool();
  const piece = Buffer.alloc(64 * 1024, 'upload ');
  const count = 512;
  const came: Buffer[] = [];
  let read = 0;
  const body = new Readable({
    read() {
      this.push(read++ < count ? piece : null);
    },
  });
  const peer = await openPeer(async (line) => {
    line.socket.pause();
    await passing();
    await passing();
    // What two systems hold between them is far less than the upload.
    taken.resolve(read);
    // Looked at as bytes: a text that grows by pieces is put together anew at each look.
    line.socket.on('data', (bytes: Buffer) => {
      came.push(bytes);
      if (lastChunk(Buffer.concat(came.slice(-2)).toString('latin1'))) void line.send(answer('done'));
    });
    line.socket.resume();
  });
  const taken = Promise.withResolvers<number>();
  const asked = new Asked(poolAt(at(peer.port)), { body });
  expect(await taken.promise).toBeLessThan(count / 2);
  expect((await asked.over).body).toBe('done');
  expect(uploaded(Buffer.concat(came).toString('latin1')).body === piece.toString('latin1').repeat(count)).toBe(true);
});

test.each([
  ['before there is a connection', (body: PassThrough) => body.destroy(new GatewayFailure(REFUSAL)), undefined],
  ['on its way', undefined, (body: PassThrough) => body.destroy(new GatewayFailure(REFUSAL))],
])('an upload that fails %s breaks its exchange with what it says, and its connection', async (_, before, onTheWay) => {
  const body = new PassThrough();
  const peer = await openPeer(async (line) => {
    await line.until((seen) => seen.includes('first'));
    onTheWay?.(body);
  });
  body.write('first');
  const asked = new Asked(poolAt(at(peer.port)), { body });
  before?.(body);
  expect(await asked.over).toMatchObject({ told: ['fail'], error: REFUSAL, fault: { stale: false } });
  for (const line of peer.lines) {
    await line.closed;
    expect(lastChunk(line.seen)).toBe(false);
  }
});

test('an upload that had failed before it was given breaks its exchange with what it says', async () => {
  const peer = await openPeer(() => undefined);
  const body = new PassThrough();
  body.on('error', () => undefined);
  body.destroy(new GatewayFailure(REFUSAL));
  await new Promise((resolve) => void body.once('close', resolve));
  expect(await new Asked(poolAt(at(peer.port)), { body }).over).toMatchObject({ told: ['fail'], error: REFUSAL });
});

test('an upload that closes without an end is never sent as a whole one', async () => {
  const body = new PassThrough();
  const peer = await openPeer(async (line) => {
    await line.until((seen) => seen.includes('first'));
    body.destroy();
  });
  body.write('first');
  const asked = await new Asked(poolAt(at(peer.port)), { body }).over;
  expect(asked).toMatchObject({ told: ['fail'], error: { kind: 'bad_response' } });
  await peer.lines[0]?.closed;
  expect(lastChunk(peer.lines[0]?.seen ?? '')).toBe(false);
});

test('U47 an upload is never asked for again: a kept connection that breaks under it is not told as stale', async () => {
  const peer = await openPeer(async (line) => {
    await line.asked(1);
    await line.send(answer('one'));
    await line.until((seen) => seen.includes('chunked'));
    line.socket.resetAndDestroy();
  });
  const pool = poolAt(at(peer.port));
  await new Asked(pool).over;
  const body = new PassThrough();
  body.write('first');
  const asked = await new Asked(pool, { body }).over;
  expect(asked).toMatchObject({ told: ['fail'], fault: { stale: false } });
  expect(body.destroyed).toBe(true);
});

test('an answer that comes before the upload is whole stops it, and its connection is not used again', async () => {
  const body = new PassThrough();
  const peer = await openPeer(async (line, index) => {
    if (index === 0) await line.until((seen) => seen.includes('first'));
    else await line.asked(1);
    await line.send(answer(index === 0 ? 'enough' : 'next'));
  });
  const pool = poolAt(at(peer.port));
  body.write('first');
  const asked = await new Asked(pool, { body }).over;
  expect(asked).toMatchObject({ told: ['head', 'data', 'end'], body: 'enough' });
  expect(body.destroyed).toBe(true);
  await peer.lines[0]?.closed;
  expect(lastChunk(peer.lines[0]?.seen ?? '')).toBe(false);
  expect((await new Asked(pool).over).body).toBe('next');
  expect(peer.lines).toHaveLength(2);
});

test('a body of known length that nobody took whole is not followed by another request', async () => {
  const peer = await openPeer(async (line, index) => {
    if (index > 0) await line.asked(1);
    else {
      await line.until((seen) => seen.includes('content-length'));
      line.socket.pause();
    }
    await line.send(answer(index === 0 ? 'enough' : 'next'));
  });
  const pool = poolAt(at(peer.port));
  const asked = await new Asked(pool, { body: Buffer.alloc(32 * 1024 * 1024) }).over;
  expect(asked).toMatchObject({ told: ['head', 'data', 'end'], body: 'enough' });
  expect((await new Asked(pool).over).body).toBe('next');
  expect(peer.lines).toHaveLength(2);
});

test.each(['refused', 'given up'])('an upload whose connection is %s is not read on', async (how) => {
  const port = how === 'refused' ? 1 : (await openPeer(() => undefined)).port;
  const body = new PassThrough();
  body.write('first');
  const asked = new Asked(poolAt(at(port)), { body });
  const closed = once(body, 'close');
  if (how === 'given up') asked.exchange.abort();
  else expect(await asked.over).toMatchObject({ told: ['fail'], error: { kind: 'unreachable' } });
  await closed;
  expect(body.destroyed).toBe(true);
});

test('an upstream that hangs up on an upload it does not read fails it at once', async () => {
  const body = new Readable({
    read() {
      this.push(Buffer.alloc(64 * 1024));
    },
  });
  const peer = await openPeer(async (line) => {
    line.socket.pause();
    await (
      await openOtherPool()
    )();
    // Its half of the connection; the other stays open, and full.
    line.socket.end();
  });
  const asked = await new Asked(poolAt(at(peer.port)), { body }).over;
  expect(asked).toMatchObject({ told: ['fail'], error: { kind: 'bad_response' } });
  expect(body.destroyed).toBe(true);
});
