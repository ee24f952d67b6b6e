import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { RawExchange } from '../support/raw-client.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { eventsOf, FORMATS, openStage } from './stage.ts';

const PIECES = ['piece-0 é ', 'piece-1 日本 ', 'piece-2 ', 'piece-3 🙂 ', 'piece-4 '];
const PAIRS = FORMATS.flatMap((protocol) => FORMATS.map((dialect) => ({ protocol, dialect })));
const WHOLE_EVENTS = /^(?:(?:event: .*\n)?data: .*\n\n)+$/;
const SSE = { 'content-type': 'text/event-stream' };

test.each(PAIRS)(
  'WD-02 OR-10 one write for each event that comes alone: $protocol to $dialect',
  async ({ protocol, dialect }) => {
    const stage = await openStage();
    const { promise: client, resolve } = Promise.withResolvers<RawExchange>();
    stage.upstream.on('m', async (reply) => {
      reply.head(200, SSE);
      const exchange = await client;
      for (const event of eventsOf(WIRES[protocol].stream({ text: PIECES }))) {
        await reply.write(event);
        const piece = PIECES.findIndex((_, index) => event.includes(`piece-${index}`));
        if (piece >= 0) await exchange.until(`piece-${piece}`);
      }
      reply.end();
    });
    resolve(stage.ask(dialect, `${protocol}/m`));
    const answer = await (await client).done;
    for (const chunk of answer.chunks) expect(chunk.toString()).toMatch(WHOLE_EVENTS);
    const firsts = PIECES.map((_, index) => answer.chunks.findIndex((chunk) => chunk.includes(`piece-${index}`)));
    expect(new Set(firsts).size).toBe(PIECES.length);
    expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
    expect(firsts).not.toContain(-1);
  },
);

test.each(PAIRS)(
  'WD-02 OR-10 no write holds a part of an event, however the upstream cuts it: $protocol to $dialect',
  async ({ protocol, dialect }) => {
    const stage = await openStage();
    stage.upstream.on('m', async (reply) => {
      reply.head(200, SSE);
      const bytes = Buffer.from(WIRES[protocol].stream({ text: PIECES }));
      for (let at = 0; at < bytes.length; at += 97) {
        await reply.write(bytes.subarray(at, at + 97));
        await sleep(1);
      }
      reply.end();
    });
    const answer = await stage.ask(dialect, `${protocol}/m`).done;
    for (const chunk of answer.chunks) expect(chunk.toString()).toMatch(WHOLE_EVENTS);
    const told = TEXT_CLIENTS[dialect].read(answer, true);
    expect([told.text, told.normalEnd]).toEqual([PIECES.join(''), true]);
  },
);

test.each(PAIRS)('what came in one read leaves in one write: $protocol to $dialect', async ({ protocol, dialect }) => {
  const stage = await openStage();
  stage.upstream.on('m', (reply) => {
    reply.head(200, SSE);
    reply.end(WIRES[protocol].stream({ text: PIECES }));
  });
  const answer = await stage.ask(dialect, `${protocol}/m`).done;
  expect(answer.chunks.length).toBeLessThanOrEqual(3);
  expect(TEXT_CLIENTS[dialect].read(answer, true).text).toBe(PIECES.join(''));
});
