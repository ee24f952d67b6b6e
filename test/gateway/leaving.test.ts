import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Play } from '../support/fake-upstream.ts';
import type { RawExchange } from '../support/raw-client.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { eventsOf, FORMATS, openStage, until } from './stage.ts';
import type { Format, Stage } from './stage.ts';

const SSE = { 'content-type': 'text/event-stream' };
const PAIRS = FORMATS.flatMap((protocol) => FORMATS.map((dialect) => ({ protocol, dialect })));
const BIG = 'x'.repeat(60_000);
/** What the sockets on the way hold at most: their buffers, on loopback, and what the gateway keeps for one client. */
const HELD = 24_000_000;

async function leaves(stage: Stage, exchange: RawExchange, model: string): Promise<void> {
  const [call] = stage.upstream.for(model).slice(-1);
  exchange.socket.destroy();
  const left = performance.now();
  await call?.abandoned;
  expect(performance.now() - left).toBeLessThan(1000);
}

/** Writes big events as fast as they are taken, and counts them. */
function flooding(format: Format, count: { bytes: number }, limit = Number.POSITIVE_INFINITY): Play {
  return async (reply, request) => {
    let gone = false;
    void request.abandoned.then(() => {
      gone = true;
    });
    reply.head(200, SSE);
    const events = eventsOf(WIRES[format].stream({ text: [BIG] }));
    const at = events.findIndex((event) => event.includes(BIG));
    for (const event of events.slice(0, at)) await reply.write(event);
    for (; !isSet(() => gone) && count.bytes < limit; count.bytes += BIG.length)
      await Promise.race([reply.write(events[at] ?? ''), request.abandoned]);
    if (count.bytes >= limit) reply.end(events.slice(at + 1).join(''));
  };
}

function isSet(flag: () => boolean): boolean {
  return flag();
}

describe('a client that leaves stops its upstream within a second, and the record says so', () => {
  const silent: Play = () => undefined;
  const headOnly: Play = (reply) => reply.head(200, SSE);
  test.each([
    ['before the head', silent],
    ['before content', headOnly],
  ])('FM-01 %s', async (_, play) => {
    const stage = await openStage();
    stage.upstream.on('m', play);
    for (const stream of [true, false]) {
      for (const { protocol, dialect } of PAIRS) {
        const before = stage.upstream.received.length;
        const exchange = stage.ask(dialect, `${protocol}/m`, stream);
        await until(() => stage.upstream.received.length > before, 'the call');
        await leaves(stage, exchange, 'm');
      }
    }
    const ends = (await stage.records(2 * PAIRS.length)).map((record) => [
      record.at('ended').value,
      record.at('status').value,
    ]);
    expect(new Set(ends.map(String))).toEqual(new Set(['abandoned,499']));
  });

  test.each(PAIRS)(
    'FM-01 in the middle of the stream, and of a whole answer: $protocol to $dialect',
    async ({ protocol, dialect }) => {
      const stage = await openStage();
      const events = eventsOf(WIRES[protocol].stream({ text: ['one ', 'two '] }));
      stage.upstream.on('m', async (reply) => {
        reply.head(200, SSE);
        for (const event of events.slice(0, -3)) await reply.write(event);
      });
      const streamed = stage.ask(dialect, `${protocol}/m`);
      await streamed.until('one ');
      await leaves(stage, streamed, 'm');
      const whole = stage.ask(dialect, `${protocol}/m`, false);
      await until(() => stage.upstream.received.length === 2, 'the second call');
      await sleep(50);
      await leaves(stage, whole, 'm');
      const records = await stage.records(2);
      expect(records.map((record) => record.at('ended').value)).toEqual(['abandoned', 'abandoned']);
      // What the client had received was generated, and is paid for.
      expect(records[0]?.at('tokens', 'estimated').value).toBe(true);
    },
  );

  test.each(PAIRS)(
    'FM-31 a reader that stops holds the upstream, and leaving then still stops it: $protocol to $dialect',
    async ({ protocol, dialect }) => {
      const stage = await openStage();
      const count = { bytes: 0 };
      stage.upstream.on('m', flooding(protocol, count));
      const exchange = stage.ask(dialect, `${protocol}/m`);
      await exchange.until('xxx');
      exchange.socket.pause();
      let before = -1;
      await until(() => {
        const still = count.bytes === before;
        before = count.bytes;
        return still;
      }, 'the upstream to stand still');
      await sleep(200);
      expect(count.bytes).toBeLessThan(HELD);
      await leaves(stage, exchange, 'm');
      expect((await stage.records(1))[0]?.at('ended').value).toBe('abandoned');
    },
  );
});

test('the sandbox stops, too, when its client leaves: while it writes, and while it waits for a reader', async () => {
  const stage = await openStage();
  for (const dialect of FORMATS) {
    const writing = stage.ask(dialect, 'sandbox/echo:tokens=2000,rate=20');
    await writing.until('data: ');
    writing.socket.destroy();
    const waiting = stage.ask(dialect, 'sandbox/echo:tokens=50000');
    await waiting.until('data: ');
    waiting.socket.pause();
    await sleep(100);
    waiting.socket.destroy();
  }
  const ends = (await stage.records(6)).map((record) => record.at('ended').value);
  expect(ends).toEqual(ends.map(() => 'abandoned'));
  expect(stage.gateway.log.filter((line) => line.includes('"fault"'))).toEqual([]);
});

describe('a slow reader', () => {
  test('FM-31 gets everything once it reads again', async () => {
    const stage = await openStage({ top: 'limits: {stream_total: 100MB}', provider: ['idle_timeout: 300ms'] });
    for (const { protocol, dialect } of PAIRS.filter(
      (pair) => pair.protocol === 'openai-chat' || pair.protocol === pair.dialect,
    )) {
      const count = { bytes: 0 };
      const limit = 20_000_000;
      stage.upstream.on('m', flooding(protocol, count, limit));
      const exchange = stage.ask(dialect, `${protocol}/m`);
      await exchange.until('xxx');
      exchange.socket.pause();
      // Longer than the idle timeout: silence that the gateway itself made is not the upstream's.
      await sleep(500);
      expect(count.bytes).toBeLessThan(limit);
      exchange.socket.resume();
      const answer = await exchange.done;
      expect([answer.end, answer.body.toString().split(BIG).length > limit / BIG.length]).toEqual(['clean', true]);
    }
  });

  test('FM-31 that takes no byte for write_stall is cut off, and its upstream with it', async () => {
    const stage = await openStage({ top: 'timers: {write_stall: 300ms}' });
    stage.upstream.on('m', flooding('openai-chat', { bytes: 0 }));
    const exchange = stage.ask('openai-responses', 'openai-chat/m');
    await exchange.until('xxx');
    exchange.socket.pause();
    await stage.upstream.for('m')[0]?.abandoned;
    expect((await stage.records(1))[0]?.at('ended').value).toBe('abandoned');
  });

  test('FM-31 of a whole answer that takes no byte is cut off as well', async () => {
    const stage = await openStage({ top: 'timers: {write_stall: 300ms}' });
    stage.upstream.on('m', (reply) => {
      reply.head(200, { 'content-type': 'application/json' });
      reply.end(WIRES['openai-chat'].whole({ text: ['y'.repeat(30_000_000)] }));
    });
    const exchange = stage.ask('openai-chat', 'openai-chat/m', false);
    await exchange.until('yyy');
    exchange.socket.pause();
    await stage.records(1);
    await sleep(1000);
    exchange.socket.resume();
    expect((await exchange.done).end).toBe('aborted');
  });

  test('FM-31 that is slow but reads is not cut off by write_stall', async () => {
    const stage = await openStage({ top: 'timers: {write_stall: 400ms}' });
    const count = { bytes: 0 };
    stage.upstream.on('m', flooding('openai-chat', count, 16_000_000));
    const exchange = stage.ask('openai-chat', 'openai-chat/m');
    await exchange.until('xxx');
    const sips = setInterval(() => {
      exchange.socket.resume();
      setTimeout(() => exchange.socket.pause(), 3);
    }, 100);
    const answer = await exchange.done;
    clearInterval(sips);
    expect(answer.end).toBe('clean');
  });
});

test('OR-12 a client that hangs up right after the terminal event was answered, not lost', async () => {
  const stage = await openStage();
  for (const { protocol, dialect } of PAIRS) {
    stage.upstream.on('m', async (reply) => {
      reply.head(200, SSE);
      await reply.write(WIRES[protocol].stream({ text: ['one'] }));
    });
    const exchange = stage.ask(dialect, `${protocol}/m`);
    await exchange.until(dialect === 'openai-responses' ? 'event: response.completed' : '[DONE]');
    exchange.socket.destroy();
  }
  const ends = (await stage.records(PAIRS.length)).map((record) => record.at('ended').value);
  expect(ends).toEqual(PAIRS.map(() => 'finished'));
});
