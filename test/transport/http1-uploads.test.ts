import { PassThrough, Readable } from 'node:stream';
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { readPieces } from './http1-bytes.ts';
import { answer, Asked, CHUNKED_HEAD, openOtherPool, openPeer, poolAt } from './http1-stage.ts';
import type { Line } from './http1-stage.ts';

const at = (port: number): string => `http://127.0.0.1:${port}`;
const lastChunk = (seen: string): boolean => seen.endsWith('\r\n0\r\n\r\n');

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

test('a connection is used again after an upload that was sent whole, and remembers nothing of it', async () => {
  const count = 12;
  const peer = await openPeer(async (line) => {
    for (let done = 1; done <= count; done++) {
      await line.until((seen) => lastChunk(seen) && seen.split('\r\n0\r\n\r\n').length > done);
      await line.send(answer('one'));
    }
    await line.asked(1);
    await line.send(answer('two'));
  });
  const warnings: Error[] = [];
  const warned = (warning: Error): void => void warnings.push(warning);
  process.on('warning', warned);
  onTestFinished(() => void process.off('warning', warned));
  const pool = poolAt(at(peer.port));
  for (let done = 1; done <= count; done++)
    expect((await new Asked(pool, { body: Readable.from([Buffer.from('abc')]) }).over).body).toBe('one');
  expect((await new Asked(pool).over).body).toBe('two');
  expect(peer.lines).toHaveLength(1);
  // Node warns of listeners that pile up.
  expect(warnings).toEqual([]);
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
