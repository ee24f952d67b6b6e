import { expect, test } from 'vitest';
import { answer, Asked, openPeer, poolAt } from './http1-stage.ts';
import type { Line } from './http1-stage.ts';

const at = (port: number): string => `http://127.0.0.1:${port}`;

test.each([
  ['is closed', (line: Line) => line.socket.end()],
  ['is reset', (line: Line) => line.socket.resetAndDestroy()],
] as const)('U47 a kept connection that %s before anything of an answer came fails as stale', async (_, act) => {
  const peer = await openPeer(async (line) => {
    await line.asked(1);
    await line.send(answer('one'));
    await line.asked(2);
    act(line);
  });
  const pool = poolAt(at(peer.port));
  await new Asked(pool).over;
  const second = await new Asked(pool).over;
  expect(second).toMatchObject({ told: ['fail'], fault: { stale: true }, error: { kind: 'bad_response' } });
});

test.each([
  ['a first byte', 'H'],
  ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
  ['an announcement', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ['a head', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
])('U47 a kept connection that breaks after %s does not: the upstream is at work', async (_, text) => {
  const peer = await openPeer(async (line) => {
    await line.asked(1);
    await line.send(answer('one'));
    await line.asked(2);
    line.socket.end(text);
  });
  const pool = poolAt(at(peer.port));
  await new Asked(pool).over;
  const second = await new Asked(pool).over;
  expect(second).toMatchObject({ fault: { stale: false }, error: { kind: 'bad_response' } });
  expect(second.told.at(-1)).toBe('fail');
  expect(peer.lines).toHaveLength(1);
});

test.each([
  ['is closed', (line: Line) => line.socket.end()],
  ['is reset', (line: Line) => line.socket.resetAndDestroy()],
] as const)('U47 a fresh connection that %s is not stale, whatever came', async (_, act) => {
  const peer = await openPeer(async (line) => {
    await line.asked(1);
    act(line);
  });
  const asked = await new Asked(poolAt(at(peer.port))).over;
  expect(asked).toMatchObject({ told: ['fail'], fault: { stale: false }, error: { kind: 'bad_response' } });
});
