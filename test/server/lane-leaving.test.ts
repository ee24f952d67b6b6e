import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Play } from '../support/fake-upstream.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import { stepsOf, WIRES } from '../support/upstream-bodies.ts';
import { FORMATS, openStage, until } from '../gateway/stage.ts';
import type { Stage, StageOptions } from '../gateway/stage.ts';
import { requestOf, YardClient } from './lane-yard.ts';

const SSE = { 'content-type': 'text/event-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };
const CHAT = WIRES['openai-chat'];
/** What the sockets on the way hold at most: their buffers, on loopback, and what the gateway keeps for one client. */
const HELD = 24_000_000;

/** A stage, and a client on a connection that has carried an answer before. */
async function openKept(options: StageOptions = {}): Promise<{ stage: Stage; open: () => Promise<YardClient> }> {
  const stage = await openStage(options);
  stage.upstream.on('before', (reply) => {
    reply.head(200, JSON_TYPE);
    reply.end(CHAT.whole({ text: ['before'] }));
  });
  const open = async (): Promise<YardClient> => {
    const client = new YardClient(
      Number(new URL(stage.gateway.url).port),
      requestOf('openai-chat', 'openai-chat/before', false),
    );
    expect((await client.answers(1)).map(({ status }) => status)).toEqual([200]);
    return client;
  };
  return { stage, open };
}

const LEAVING: readonly (readonly [string, (client: YardClient) => unknown])[] = [
  ['ends its half', ({ socket }) => socket.end()],
  ['closes', ({ socket }) => socket.destroy()],
  ['resets', ({ socket }) => socket.resetAndDestroy()],
];

test.each(LEAVING)('FM-01 a client that %s stops its upstream within a second, whatever has come', async (_, leave) => {
  const { stage, open } = await openKept();
  const begun = stepsOf(CHAT.stream({ text: ['one ', 'two '] }), ['one '])[0] ?? '';
  const plays: readonly Play[] = [
    () => undefined,
    (reply) => reply.head(200, SSE),
    async (reply) => {
      reply.head(200, SSE);
      await reply.write(begun);
    },
  ];
  for (const dialect of FORMATS) {
    for (const [index, play] of plays.entries()) {
      stage.upstream.on('m', play);
      for (const stream of [true, false]) {
        const before = stage.upstream.for('m').length;
        const client = await open();
        client.send(requestOf(dialect, 'openai-chat/m', stream));
        await until(() => stage.upstream.for('m').length > before, 'the call');
        if (index === 2 && stream) await until(() => client.seen.includes('one '), 'the first event');
        const left = performance.now();
        leave(client);
        await stage.upstream.for('m')[before]?.abandoned;
        expect(performance.now() - left).toBeLessThan(1_000);
        await client.ended;
        // Not even a client that still reads sees an end of what was broken off.
        expect(client.endsWith('0\r\n\r\n')).toBe(false);
      }
    }
  }
  const records = await stage.records(2 * 2 * FORMATS.length * plays.length);
  const ends = records.map((record) => record.at('ended').text);
  expect(ends).toEqual(ends.map((_end, index) => (index % 2 === 0 ? 'finished' : 'abandoned')));
  expect(stage.gateway.log.filter((line) => line.includes('"fault"'))).toEqual([]);
});

/** Writes numbered pieces of text as fast as they are taken, and counts what it wrote. */
function numbered(count: { bytes: number }, limit: number): Play {
  return async (reply, { abandoned }) => {
    let gone = false;
    void abandoned.then(() => (gone = true));
    reply.head(200, SSE);
    const [first = '', piece = '', rest = ''] = stepsOf(CHAT.stream({ text: ['one ', 'N'] }), ['one ', '"N"']);
    await reply.write(first);
    for (let number = 0; count.bytes < limit && !((): boolean => gone)(); number++) {
      const text = piece.replace('"N"', `"<${number}>${'x'.repeat(50_000)}"`);
      count.bytes += text.length;
      await Promise.race([reply.write(text), abandoned]);
    }
    reply.end(rest);
  };
}

async function stands(count: { bytes: number }): Promise<void> {
  let before = -1;
  let rounds = 0;
  await until(() => {
    rounds = count.bytes === before ? rounds + 1 : 0;
    before = count.bytes;
    return rounds > 30;
  }, 'the upstream to stand still');
}

// One format passes, the other is written anew.
test.each(['openai-chat', 'openai-completions'] as const)(
  'FM-31 a client that stops reading holds its upstream, and misses nothing when it goes on: %s',
  async (dialect) => {
    const { stage, open } = await openKept({ top: 'limits: {stream_total: 100MB}' });
    const client = await open();
    const count = { bytes: 0 };
    const limit = 1.5 * HELD;
    stage.upstream.on('m', numbered(count, limit));
    client.send(requestOf(dialect, 'openai-chat/m'));
    await until(() => client.seen.includes('<1>'), 'the second piece');
    client.socket.pause();
    await stands(count);
    expect(count.bytes).toBeLessThan(HELD);
    // For a while, and for a moment.
    client.socket.resume();
    const { bytes } = client;
    await until(() => client.bytes > bytes + 2_000_000, 'some more');
    client.socket.pause();
    await sleep(20);
    client.socket.resume();
    await until(() => client.endsWith('\r\n0\r\n\r\n'), 'the end');
    const answer = (await client.answers(2))[1];
    const numbers = Array.from((answer?.body ?? '').matchAll(/<(\d+)>(x+)(?=")/g), ([, number, rest]) => [
      Number(number),
      rest?.length,
    ]);
    const sent = numbers.slice(0, Math.ceil(limit / 51_000));
    expect(sent.length).toBeGreaterThan(HELD / 51_000);
    expect(sent).toEqual(sent.map((_, index) => [index, 50_000]));
    const told = TEXT_CLIENTS[dialect].read(
      {
        status: 200,
        headers: { 'content-type': 'text/event-stream; charset=utf-8' },
        body: Buffer.from(answer?.body ?? '', 'latin1'),
        chunks: [],
        reads: [],
        end: 'clean',
      },
      true,
    );
    expect([told.normalEnd, told.broken]).toEqual([true, []]);
  },
);

test('FM-31 a client of a kept connection that takes no byte for write_stall is cut off, and what others are sent is not', async () => {
  const { stage, open } = await openKept({ top: 'timers: {write_stall: 300ms}' });
  const whole = (mark: string): string => CHAT.whole({ text: [mark.repeat(10_000_000)] });
  for (const mark of 'yz')
    stage.upstream.on(mark, (reply) => {
      reply.head(200, JSON_TYPE);
      reply.end(whole(mark));
    });
  stage.upstream.on('m', numbered({ bytes: 0 }, Number.POSITIVE_INFINITY));
  const waits = await open();
  const flooded = await open();
  for (const client of [waits, flooded]) client.socket.pause();
  waits.send(requestOf('openai-chat', 'openai-chat/y', false));
  flooded.send(requestOf('openai-chat', 'openai-chat/m'));
  for (let round = 0; round < 5; round++) {
    const other = await open();
    other.send(requestOf('openai-chat', 'openai-chat/z', false));
    expect((await other.answers(2))[1]?.body === whole('z')).toBe(true);
    other.socket.destroy();
  }
  await stage.upstream.for('m')[0]?.abandoned;
  // Whoever reads again, and had not been cut off, would get all of it.
  await sleep(1_000);
  for (const { socket } of [waits, flooded]) socket.resume();
  await Promise.all([waits.ended, flooded.ended]);
  expect(waits.bytes).toBeLessThan(10_000_000);
  expect(/^[^]*?\r\n\r\n[^y]*y*$/.test(waits.seen.slice(waits.seen.lastIndexOf('HTTP/1.1')))).toBe(true);
  expect(flooded.endsWith('0\r\n\r\n')).toBe(false);
});
