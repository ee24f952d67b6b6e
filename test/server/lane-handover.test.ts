import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { streaming } from '../support/fake-upstream.ts';
import { inParallel } from '../support/pool.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { OTHERS, PLAIN, named, askFor } from './lane-requests.ts';
import type { Asked } from './lane-requests.ts';
import { openLanes } from './lane-stage.ts';
import type { LaneStage } from './lane-stage.ts';

const WIDTH = 16;

/** A gateway whose upstream keeps the model `held` waiting until it is released. */
async function openHeld(): Promise<LaneStage & { readonly held: () => number; readonly release: () => void }> {
  const stage = await openLanes();
  const gate = Promise.withResolvers<void>();
  stage.upstream.on('held', async (reply, request) => {
    await gate.promise;
    await streaming(WIRES['openai-chat'].stream({ text: ['held'] }))(reply, request);
  });
  return { ...stage, held: () => stage.upstream.for('held').length, release: () => gate.resolve() };
}

/** Waits until something holds that is on its way; the test's own end is the limit. */
async function turnsUntil(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn();
}

function textOf(all: readonly Asked[]): string {
  return all.map(({ text }) => text).join('');
}

function callsOf(all: readonly Asked[]): number {
  return all.reduce((sum, { calls }) => sum + calls, 0);
}

const BEFORE = named('a whole answer');
const AFTER = named('a stream');
const REFUSED = named('no JSON');
// What goes on, and what is the last that its connection carries.
const SEQUENCES: readonly (readonly Asked[])[] = [
  ...['GET', 'chunks', 'a form'].map((name) => [BEFORE, named(name), AFTER]),
  ...['a WebSocket', 'two lengths', 'close, with chunks'].map((name) => [REFUSED, BEFORE, named(name)]),
];

test.each(SEQUENCES.map((all) => ({ all, names: all.map(({ name }) => name).join(', ') })))(
  'all that was sent in one write, cut in two at every byte, is answered once and in order, and asked of the upstream once: $names',
  async ({ all }) => {
    const stage = await openLanes();
    const goes = all.at(-1)?.last !== true;
    // A request that comes when all is over, where one may.
    const later = goes ? [BEFORE] : [];
    const expected = await stage.byNode([...all, ...later]);
    const text = textOf(all);
    const before = stage.upstream.received.length;
    const cuts = Array.from({ length: text.length }, (_, at) => at);
    await inParallel(cuts, WIDTH, async (at) => {
      const talk = await stage.open();
      await talk.send(text, at === 0 ? [] : [at]);
      await talk.answers(all.length);
      if (goes) await talk.send(textOf(later));
      await talk.answers(all.length + later.length);
      expect({ at, answers: await talk.end() }).toEqual({ at, answers: expected });
    });
    const calls = callsOf([...all, ...later]);
    expect(stage.upstream.received.length - before).toBe(calls * cuts.length);
  },
);

test.each(['GET', 'chunks', 'a stream', 'lines before it'].map((name) => ({ name })))(
  'what came while an answer was under way, up to any byte, is not lost and not answered before: $name',
  async ({ name }) => {
    const stage = await openHeld();
    const first = askFor('up/held');
    const second = named(name);
    const all = [second, AFTER];
    const expected = await stage.byNode(all);
    const before = stage.upstream.received.length;
    const places = Array.from({ length: second.text.length + 1 }, (_, at) => at);
    const talks = await Promise.all(
      places.map(async (at) => {
        const talk = await stage.open();
        await talk.send(first.text + second.text.slice(0, at));
        return { talk, at };
      }),
    );
    await turnsUntil(() => stage.held() === places.length);
    expect(stage.upstream.received.length - before).toBe(places.length);
    stage.release();
    await inParallel(talks, WIDTH, async ({ talk, at }) => {
      await talk.answers(1);
      await talk.send(second.text.slice(at));
      await talk.answers(2);
      await talk.send(AFTER.text);
      await talk.answers(3);
      const [held, ...answers] = await talk.end();
      expect([held?.status, held?.body.includes('held')]).toEqual([200, true]);
      expect({ at, answers }).toEqual({ at, answers: expected });
    });
    expect(stage.upstream.received.length - before).toBe((callsOf(all) + 1) * places.length);
  },
);

test.each([1, 2, 50, 379, 380, 1500, 4000])(
  '%i requests sent ahead, behind an answer that is under way and before what the lane leaves, are all answered in order',
  async (count) => {
    const stage = await openHeld();
    const many = Array.from({ length: count }, (_, index) => askFor(`no/m${index}`));
    const others = [named('chunks'), AFTER, named('an expectation')];
    const all = [askFor('up/held'), ...many, ...others, ...many, BEFORE];
    const talk = await stage.open();
    const sent = talk.send(textOf(all));
    await turnsUntil(() => stage.held() === 1);
    for (let i = 0; i < 50; i++) await nextTurn();
    // Who sends far too much ahead is not read for now.
    if (count >= 1500) expect(talk.unread).toBeGreaterThan(0);
    stage.release();
    await sent;
    await talk.answers(all.length);
    const answers = await talk.end();
    const models = answers.map(
      ({ body }) => /The model 'no\/(m\d+)'/.exec(body)?.[1] ?? (body.includes('held') ? 'held' : 'up'),
    );
    const names = many.map((_, index) => `m${index}`);
    expect(models).toEqual(['held', ...names, 'up', 'up', 'up', 'up', ...names, 'up']);
    expect(answers.slice(count + 1, count + 5)).toEqual(await stage.byNode(others));
    expect(stage.upstream.received.length).toBe(callsOf(all) + callsOf(others));
  },
);

test('whoever is to be told to go on is told between the answers, also when both are ready at once', async () => {
  const stage = await openHeld();
  const waiting = named('an expectation');
  const expected = await stage.byNode([waiting]);
  expect(expected.map(({ status }) => status)).toEqual([100, 200]);
  const talk = await stage.open();
  await talk.send(named('GET').text);
  await talk.answers(1);
  await talk.send(textOf([askFor('up/held'), waiting]));
  await turnsUntil(() => stage.held() === 1 && stage.upstream.for('whole').length === 2);
  // Its answer comes back before the one that it stands behind.
  for (let i = 0; i < 50; i++) await nextTurn();
  stage.release();
  await talk.answers(3);
  const [, held, ...answers] = await talk.end();
  expect([held?.status, answers]).toEqual([200, expected]);
});

test('a client that ends its half right behind its requests has the answers that node:http gives it', async () => {
  const stage = await openLanes();
  for (const first of [[], [REFUSED]])
    for (const second of [...PLAIN, ...OTHERS]) {
      const text = textOf([...first, second]);
      const forced = await stage.open();
      await forced.send(named('GET').text);
      await forced.answers(1);
      const [, ...expected] = await forced.end(text);
      const talk = await stage.open();
      expect({ text, answers: await talk.end(text) }).toEqual({ text, answers: expected });
    }
});

test('a client that ends its half in the middle of a request is told what node:http tells it, wherever that is', async () => {
  const stage = await openLanes();
  const { text } = named('a whole answer');
  for (const before of [[], [REFUSED]]) {
    await inParallel(
      Array.from({ length: text.length }, (_, at) => at),
      WIDTH,
      async (at) => {
        const part = text.slice(0, at);
        const forced = await stage.open();
        await forced.send(named('GET').text);
        await forced.answers(1);
        const [, ...expected] = await forced.end(textOf(before) + part);
        const talk = await stage.open();
        await talk.send(textOf(before));
        await talk.answers(before.length);
        expect({ part, answers: await talk.end(part) }).toEqual({ part, answers: expected });
      },
    );
  }
});
