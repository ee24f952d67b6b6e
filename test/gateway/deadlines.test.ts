import { Worker } from 'node:worker_threads';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { streaming } from '../support/fake-upstream.ts';
import type { Play, Received, UpstreamReply } from '../support/fake-upstream.ts';
import { Peek } from '../support/peek.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { eventsOf, FORMATS, openStage } from './stage.ts';
import type { Format } from './stage.ts';

const SSE = { 'content-type': 'text/event-stream' };
const SAYING = { text: ['one ', 'two '] };

/** The events up to and with the first text, and the rest. */
function halves(format: Format): readonly [string, string] {
  const events = eventsOf(WIRES[format].stream(SAYING));
  const cut = events.findIndex((event) => event.includes('one ')) + 1;
  return [events.slice(0, cut).join(''), events.slice(cut).join('')];
}

/** Writes a piece again and again until nobody listens. */
async function repeat(reply: UpstreamReply, request: Received, piece: string, every: number): Promise<void> {
  const timer = setInterval(() => {
    if (piece !== '') void reply.write(piece);
  }, every);
  await request.abandoned;
  clearInterval(timer);
}

/** Writes the first text, then the same thing again and again until nobody listens. */
function saying(format: Format, again: string, every = 20): Play {
  return async (reply, request) => {
    reply.head(200, SSE);
    await reply.write(halves(format)[0]);
    await repeat(reply, request, again, every);
  };
}

describe('before content, a deadline that passes is 504 in the format of the client', () => {
  const silent: Play = () => undefined;
  const headOnly: Play = (reply) => reply.head(200, SSE);
  const talking =
    (piece: string): Play =>
    async (reply, request) => {
      reply.head(200, SSE);
      await repeat(reply, request, piece, 20);
    };
  const cases = [
    { name: 'no head', play: silent },
    { name: 'a head and no event', play: headOnly },
    { name: 'comments alone, which are no event', play: talking(': ping\n\n') },
    { name: 'pings alone, which are no event of the answer', play: talking('event: ping\ndata: {"type":"ping"}\n\n') },
    { name: 'an event that never ends', play: talking('data: x') },
  ];
  const formats = FORMATS.flatMap((protocol) => cases.map((row) => ({ protocol, ...row })));

  test.each(formats)('timeout: $protocol, $name', async ({ protocol, play }) => {
    const stage = await openStage({ provider: ['timeout: 200ms'] });
    stage.upstream.on('m', play);
    const answers = await Promise.all(FORMATS.map((dialect) => stage.ask(dialect, `${protocol}/m`).done));
    for (const answer of answers) {
      expect([answer.status, Peek.parse(answer.body.toString()).at('error', 'code').value]).toEqual([
        504,
        'upstream_timeout',
      ]);
    }
    await Promise.all(stage.upstream.received.map(({ abandoned }) => abandoned));
    expect((await stage.records(3)).map((record) => record.at('ended').value)).toEqual(['failed', 'failed', 'failed']);
  });

  test('whole_timeout bounds a call that is not streamed, and timeout does not', async () => {
    const stage = await openStage({ provider: ['timeout: 50ms', 'whole_timeout: 300ms'] });
    stage.upstream.on('slow', async (reply) => {
      await sleep(150);
      reply.head(200, { 'content-type': 'application/json' });
      reply.end(WIRES['openai-chat'].whole(SAYING));
    });
    stage.upstream.on('never', (reply) => reply.head(200, { 'content-type': 'application/json' }));
    expect((await stage.ask('openai-chat', 'openai-chat/slow', false).done).status).toBe(200);
    expect((await stage.ask('openai-chat', 'openai-chat/never', false).done).status).toBe(504);
  });

  test('connect_timeout bounds the wait for a connection that nobody accepts', async () => {
    const { port, close } = await blackHole();
    const stage = await openStage({ at: `http://127.0.0.1:${port}`, provider: ['connect_timeout: 300ms'] });
    const start = performance.now();
    const answer = await stage.ask('openai-chat', 'openai-chat/m').done;
    await close();
    expect([answer.status, Peek.parse(answer.body.toString()).at('error', 'code').value]).toEqual([
      504,
      'upstream_timeout',
    ]);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe('after content, a deadline that passes is told in the stream, which then has no normal end', () => {
  const pairs = FORMATS.flatMap((protocol) => FORMATS.map((dialect) => ({ protocol, dialect })));
  const COMMENT = ': ping\n\n';
  const cases = [
    { name: 'idle_timeout: silence', provider: ['idle_timeout: 200ms'], again: '' },
    {
      name: 'progress_timeout: comments alone',
      provider: ['idle_timeout: 10s', 'progress_timeout: 200ms'],
      again: COMMENT,
    },
    { name: 'max_stream_duration: an answer without end', provider: ['max_stream_duration: 300ms'], again: 'text' },
  ];

  test.each(cases)('$name', async ({ provider, again }) => {
    const stage = await openStage({ provider });
    for (const { protocol, dialect } of pairs) {
      const text = eventsOf(WIRES[protocol].stream(SAYING)).find((event) => event.includes('two ')) ?? '';
      stage.upstream.on('m', saying(protocol, again === 'text' ? text : again));
      const answer = await stage.ask(dialect, `${protocol}/m`).done;
      const told = TEXT_CLIENTS[dialect].read(answer, true);
      expect([protocol, dialect, answer.status, answer.end, told.normalEnd, told.error === undefined]).toEqual([
        protocol,
        dialect,
        200,
        'clean',
        false,
        false,
      ]);
      expect(told.text).toContain('one ');
    }
    const ends = (await stage.records(pairs.length)).map((record) => [
      record.at('ended').value,
      record.at('error', 'kind').value,
    ]);
    expect(new Set(ends.map(String))).toEqual(new Set(['failed,timeout']));
  });

  test('comments keep a stream alive, and a stream that goes on is never cut by timeout', async () => {
    const stage = await openStage({ provider: ['timeout: 200ms', 'idle_timeout: 200ms'] });
    stage.upstream.on('m', async (reply) => {
      const [first, rest] = halves('openai-chat');
      reply.head(200, SSE);
      await reply.write(first);
      for (let i = 0; i < 8; i++) {
        await sleep(60);
        await reply.write(COMMENT);
      }
      reply.end(rest);
    });
    for (const dialect of FORMATS) {
      const told = TEXT_CLIENTS[dialect].read(await stage.ask(dialect, 'openai-chat/m').done, true);
      expect([dialect, told.text, told.normalEnd]).toEqual([dialect, 'one two ', true]);
    }
  });
});

describe('commit_wait and keep-alives', () => {
  const timers = (more: string): string => `timers: {commit_wait: 100ms, ${more}}`;
  const plays: readonly (readonly [string, Play])[] = [
    [
      'no head',
      async (reply, request) => {
        await sleep(400);
        await streaming(WIRES['openai-chat'].stream(SAYING))(reply, request);
      },
    ],
    [
      'a head and no event',
      async (reply) => {
        reply.head(200, SSE);
        await sleep(400);
        reply.end(WIRES['openai-chat'].stream(SAYING));
      },
    ],
  ];

  test.each(plays)('WD-07 OR-11 %s: the head and comments reach the client before any content', async (_, play) => {
    const stage = await openStage({ top: timers('keep_alive: 50ms') });
    stage.upstream.on('m', play);
    for (const dialect of FORMATS) {
      const exchange = stage.ask(dialect, 'openai-chat/m');
      await exchange.until(': keep-alive\n\n');
      // Only responses have something to show before there is content (`reliability` §5).
      const shown = [...exchange.seen.matchAll(/^event: (.*)$/gm)].map(([, name]) => name);
      expect(shown).toEqual(dialect === 'openai-responses' ? ['response.created', 'response.in_progress'] : []);
      expect(exchange.seen.split('data:').length - 1).toBe(shown.length);
      const told = TEXT_CLIENTS[dialect].read(await exchange.done, true);
      expect([dialect, told.text, told.normalEnd, told.broken]).toEqual([dialect, 'one two ', true, []]);
    }
  });

  test('a failure after commit_wait is told in the stream, whatever it is', async () => {
    const failing: readonly Play[] = [
      (reply) => reply.head(503, {}),
      (reply) => reply.reset(),
      (reply) => {
        reply.head(200, SSE);
        reply.end('data: {"error":{"message":"busy"}}\n\n');
      },
    ];
    const stage = await openStage({ top: timers('keep_alive: 30ms'), provider: ['timeout: 10s'] });
    for (const dialect of FORMATS) {
      for (const fail of failing) {
        stage.upstream.on('m', async (reply, request) => {
          await sleep(200);
          await fail(reply, request);
          reply.end();
        });
        const answer = await stage.ask(dialect, 'openai-chat/m').done;
        const told = TEXT_CLIENTS[dialect].read(answer, true);
        expect([answer.status, answer.end, told.normalEnd, told.error === undefined]).toEqual([
          200,
          'clean',
          false,
          false,
        ]);
      }
    }
  });

  test('WD-07 OR-11 comments stand between events, in writes of their own, and none follows the terminal event', async () => {
    const stage = await openStage({ top: 'timers: {keep_alive: 40ms}' });
    for (const protocol of FORMATS) {
      stage.upstream.on('m', async (reply) => {
        reply.head(200, SSE);
        const [first, rest] = halves(protocol);
        await reply.write(first);
        const torn = rest.slice(0, 20);
        await reply.write(torn);
        await sleep(200);
        await reply.write(rest.slice(20));
        // The body stays open: nothing may follow what was the end.
        await sleep(300);
      });
      for (const dialect of FORMATS) {
        const answer = await stage.ask(dialect, `${protocol}/m`).done;
        const body = answer.body.toString();
        expect(body).toContain(': keep-alive\n\n');
        for (const chunk of answer.chunks)
          expect(chunk.toString()).toMatch(/^(?:: keep-alive\n\n)+$|^(?:(?:event: .*\n)?data: .*\n\n)+$/);
        expect(body.lastIndexOf(': keep-alive')).toBeLessThan(body.lastIndexOf('data: '));
        expect(TEXT_CLIENTS[dialect].read(answer, true).text).toBe('one two ');
      }
    }
  });

  test('OR-11 keep_alive 0 sends none', async () => {
    const stage = await openStage({ top: timers('keep_alive: 0s') });
    stage.upstream.on('m', plays[1]?.[1] ?? (() => undefined));
    const answer = await stage.ask('openai-chat', 'openai-chat/m').done;
    expect(answer.body.toString()).not.toContain(': keep-alive');
  });
});

/** A port whose queue of waiting connections is full, so that the next one hangs. */
async function blackHole(): Promise<{ readonly port: number; readonly close: () => Promise<unknown> }> {
  const script = `const { createServer } = require('node:net'); const { parentPort } = require('node:worker_threads');
    const server = createServer(); server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port); setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)); });`;
  const worker = new Worker(script, { eval: true });
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  await sleep(100);
  const fill = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await sleep(200);
  const close = async (): Promise<unknown> => {
    for (const socket of fill) socket.destroy();
    return worker.terminate();
  };
  return { port, close };
}
