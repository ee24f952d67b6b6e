import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { until } from '../gateway/stage.ts';
import { LONG, openYard, plain } from './lane-yard.ts';
import type { Asked, YardClient } from './lane-yard.ts';

/** A short time, and within what a client is cut off by it: the server looks once in a second. */
const SHORT = 300;
const LATE = SHORT + 1_000 + 2_000;
// So that the server looks right after.
const JUST_BEFORE = 1_850;
const TOO_LATE = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';
const WHOLE = plain('{"a":1}');
const HEAD = WHOLE.slice(0, WHOLE.indexOf('{'));

/** Sends a byte now and then until the end. */
async function dribble(client: YardClient | undefined, text: string): Promise<void> {
  for (const byte of text) {
    if (client?.over !== false) return;
    client.send(byte);
    await sleep(20);
  }
}

/** What clients have sent that wait for something, and which time is theirs. */
const WAITING: readonly (readonly ['head' | 'request' | 'idle', string])[] = [
  ['head', ''],
  ['head', 'P'],
  ['head', HEAD.slice(0, 60)],
  ['head', HEAD.slice(0, -1)],
  ['request', HEAD],
  ['request', WHOLE.slice(0, -3)],
  ['idle', WHOLE],
  ['head', WHOLE + HEAD.slice(0, 60)],
  ['request', WHOLE + WHOLE.slice(0, -3)],
];

test('the times for a head, a request and between two cut off whose time it is, and tell who was in the middle of something', async () => {
  await Promise.all((['head', 'request', 'idle'] as const).map(checkCutsOff));
});

async function checkCutsOff(time: 'head' | 'request' | 'idle'): Promise<void> {
  const yard = await openYard(undefined, { [time]: SHORT });
  const clients = WAITING.map(([, text]) => yard.open(text));
  const mine = clients.filter((_, index) => WAITING[index]?.[0] === time);
  for (const ended of await Promise.all(mine.map((client) => client.ended))) {
    expect(ended).toBeGreaterThan(SHORT - 10);
    expect(ended).toBeLessThan(LATE);
  }
  // Another round of looking: whose time it is not stays.
  await sleep(1_100);
  for (const [index, [whose, text]] of WAITING.entries()) {
    const { over, seen = '' } = clients[index] ?? {};
    const answered = text.startsWith(WHOLE) ? '{"a":1}' : '';
    const told = whose === time && ![WHOLE, ''].includes(text) ? TOO_LATE : '';
    expect([text, over]).toEqual([text, whose === time]);
    expect(seen.endsWith(answered + told) && seen.includes('408') === (told !== '')).toBe(true);
  }
}

test('who sends a byte now and then is cut off like one who sends none', async () => {
  const yard = await openYard(undefined, { head: SHORT, request: SHORT });
  const kept = yard.open(WHOLE);
  await kept.answers(1);
  const longHead = `${HEAD.slice(0, -2)}x-long: ${'x'.repeat(500)}`;
  const longBody = plain('x'.repeat(500));
  const clients = [yard.open(), yard.open(), kept];
  const start = performance.now();
  await Promise.all([longHead, longBody, longHead].map((text, index) => dribble(clients[index], text)));
  await Promise.all(clients.map((client) => client.ended));
  expect(performance.now() - start).toBeLessThan(LATE);
  expect(clients.map(({ seen }) => seen.endsWith(TOO_LATE))).toEqual([true, true, true]);
});

test('none of these times ends an answer that runs, or waits for its client, nor counts that time afterwards', async () => {
  await Promise.all([checkRunsOn(), checkTakenSlowly()]);
});

async function checkRunsOn(): Promise<void> {
  const running: Asked[] = [];
  const yard = await openYard((asked) => void running.push(asked), { head: SHORT, request: SHORT, idle: SHORT });
  const clients = [yard.open(plain('silent')), yard.open(plain('streams')), yard.open(plain('ahead') + HEAD)];
  await until(() => running.length === clients.length, 'the requests');
  const [silent, streaming, ahead] = ['silent', 'streams', 'ahead'].map(
    (name) => running.find(({ body }) => body === name)?.wire,
  );
  streaming?.head(200, {});
  const beats = setInterval(() => streaming?.write('beat ', 'ascii'), 100);
  await sleep(JUST_BEFORE);
  clearInterval(beats);
  expect(clients.map(({ over }) => over)).toEqual([false, false, false]);
  streaming?.end('end', 'ascii');
  for (const wire of [silent, ahead]) wire?.whole(200, {}, 'late');
  const over = performance.now();
  const answers = await Promise.all(clients.map((client) => client.answers(1)));
  expect(answers.map(([answer]) => answer?.body.replace(/^(?:beat )+/, ''))).toEqual(['late', 'end', 'late']);
  const took = await Promise.all(clients.map(({ ended }) => ended.then(() => performance.now() - over)));
  expect(took.every((each) => each > SHORT - 10 && each < LATE)).toBe(true);
  expect(clients.map((client) => client.endsWith(TOO_LATE))).toEqual([false, false, true]);
}

async function checkTakenSlowly(): Promise<void> {
  const body = 'x'.repeat(12_000_000);
  const yard = await openYard(
    ({ wire }) => {
      wire.listen({ drained: () => undefined, closed: () => undefined }, LONG);
      wire.whole(200, {}, body);
    },
    { head: SHORT, request: SHORT, idle: SHORT },
  );
  const client = yard.open(WHOLE);
  await until(() => client.bytes > 0, 'the first bytes');
  client.socket.pause();
  await sleep(JUST_BEFORE);
  client.socket.resume();
  await until(() => client.bytes > body.length, 'all of it');
  const taken = performance.now();
  await client.ended;
  expect(performance.now() - taken).toBeGreaterThan(SHORT - 10);
  const [answer] = await client.answers(1);
  expect([answer?.body === body, client.endsWith('x')]).toEqual([true, true]);
}

describe('an answer that fails for a reason of our own', () => {
  test.each<readonly [string, (asked: Asked) => unknown]>([
    [
      'at once',
      () => {
        throw new Error('ours');
      },
    ],
    ['later', () => Promise.reject(new Error('ours'))],
    [
      'in its middle',
      async ({ wire }) => {
        wire.head(200, {});
        wire.write('begun', 'ascii');
        await sleep(10);
        throw new Error('ours');
      },
    ],
    ['over a header', ({ wire }) => wire.whole(200, { 'x-a': 'a\nb' }, '')],
    ['over a header of a stream', ({ wire }) => wire.head(200, { 'x a': 'a' })],
  ])('is told, and costs its connection and nothing else: %s', async (_, failing) => {
    const yard = await openYard((asked) =>
      asked.body === 'fails' ? failing(asked) : asked.wire.whole(200, {}, 'fine'),
    );
    const other = yard.open(plain('one'));
    await other.answers(1);
    const client = yard.open(plain('one') + plain('fails') + plain('never'));
    await client.ended;
    expect([yard.faults.length, yard.asked.map(({ body }) => body)]).toEqual([1, ['one', 'one', 'fails']]);
    const answers = await client.answers(1);
    expect([answers[0]?.body, client.seen.includes('\r\n0\r\n'), answers.length <= 2]).toEqual(['fine', false, true]);
    other.send(plain('two'));
    expect((await other.answers(2)).map(({ status, body }) => [status, body])).toEqual([
      [200, 'fine'],
      [200, 'fine'],
    ]);
  });
});
