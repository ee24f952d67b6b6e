import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import { answer, Asked, openOtherPool, openPeer, poolAt } from './http1-stage.ts';

const at = (port: number): string => `http://127.0.0.1:${port}`;
const lastChunk = (seen: string): boolean => seen.endsWith('\r\n0\r\n\r\n');
const REFUSAL = { kind: 'too_large', message: 'The file is too large.' } as const;

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
