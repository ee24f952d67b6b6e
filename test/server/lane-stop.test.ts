import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { TEXT_CLIENTS, TEXT_DIALECTS } from '../support/text-requests.ts';
import type { TextDialect } from '../support/text-requests.ts';
import { stepsOf, WIRES } from '../support/upstream-bodies.ts';
import { until } from '../gateway/stage.ts';
import { openYard, plain, requestOf, YardClient } from './lane-yard.ts';
import type { Asked } from './lane-yard.ts';

const MUCH = 12_000_000;
/** What the sockets on the way hold. */
const LITTLE = 1_000_000;
const LONG = 20_000;

/** Whether something is over; never waits for it. */
function watched(promise: Promise<unknown>): () => boolean {
  let over = false;
  void promise.then(() => (over = true));
  return () => over;
}

describe('lanes that are closed', () => {
  test('end at once where nothing is answered, also in the middle of a request', async () => {
    const yard = await openYard();
    const whole = plain('{}');
    const texts = ['', 'PO', whole.slice(0, 40), whole.slice(0, -1), whole, whole + whole, whole + whole.slice(0, -1)];
    const clients = texts.map((text) => yard.open(text));
    await Promise.all(clients.map((client, index) => client.answers((texts[index] ?? '').split('{}').length - 1)));
    await until(() => yard.sockets.length === clients.length, 'all connections');
    const start = performance.now();
    await yard.lanes.close(LONG);
    await Promise.all(clients.map(({ ended }) => ended));
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(clients.map(({ seen }) => seen.split('200 OK').length)).toEqual([1, 1, 1, 1, 2, 3, 2]);
  });

  test('wait for answers that run, and for those who take them slowly; what was sent ahead is not begun', async () => {
    const running: Asked[] = [];
    const yard = await openYard((asked) => void running.push(asked));
    const streams = yard.open(plain('streams') + plain('ahead'));
    const slow = yard.open(plain('slow') + plain('ahead'));
    const late = yard.open(plain('late') + plain('ahead').repeat(300));
    await until(() => running.length === 3, 'the requests');
    const wireOf = (name: string): Asked['wire'] | undefined => running.find(({ body }) => body === name)?.wire;
    wireOf('streams')?.head(200, {});
    wireOf('streams')?.write('begun, ', 'ascii');
    for (const { socket } of [slow, late]) socket.pause();
    wireOf('slow')?.whole(200, {}, 'x'.repeat(MUCH));
    const closed = yard.lanes.close(LONG);
    const over = watched(closed);
    await sleep(50);
    wireOf('streams')?.end('ended', 'ascii');
    wireOf('late')?.whole(200, {}, 'x'.repeat(LITTLE));
    await streams.ended;
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    expect(over()).toBe(false);
    for (const { socket } of [slow, late]) socket.resume();
    await Promise.all([closed, slow.ended, late.ended]);
    const answers = await Promise.all([streams, slow, late].map((client) => client.answers(1)));
    expect(answers.map((all) => all.map(({ body, whole }) => [body.length, whole]))).toEqual([
      [['begun, ended'.length, true]],
      [[MUCH, true]],
      [[LITTLE, true]],
    ]);
    expect(yard.asked.length).toBe(3);
  });

  test('wait for nobody who came later', async () => {
    const yard = await openYard(({ wire }) => wire.whole(200, {}, 'x'.repeat(MUCH)));
    const slow = yard.open();
    slow.socket.pause();
    slow.send(plain('slow'));
    await until(() => yard.asked.length === 1, 'the request');
    const closed = yard.lanes.close(LONG);
    const newcomer = yard.open();
    await until(() => yard.sockets.length === 2, 'the newcomer');
    slow.socket.resume();
    await closed;
    await slow.ended;
    expect([newcomer.over, slow.bytes > MUCH]).toEqual([false, true]);
    yard.lanes.cut();
    await newcomer.ended;
  });

  test('end without those who take nothing, who are cut off then', async () => {
    const yard = await openYard(({ wire }) => wire.whole(200, {}, 'x'.repeat(MUCH)));
    const never = yard.open();
    never.socket.pause();
    never.send(plain('never'));
    await until(() => yard.asked.length === 1, 'the request');
    const start = performance.now();
    await yard.lanes.close(300);
    const took = performance.now() - start;
    expect([took > 290, took < 2_000]).toEqual([true, true]);
    yard.lanes.cut();
    never.socket.resume();
    await never.ended;
    expect(never.bytes).toBeLessThan(MUCH);
  });
});

const BIG = 'z'.repeat(5_000_000);

interface Place {
  readonly gateway: Gateway;
  /** A client on a connection that has carried an answer, and what it sends then. */
  readonly open: (text: string) => Promise<YardClient>;
  /** Lets the upstream go on behind `one `. */
  readonly goOn: () => void;
}

async function openPlace(): Promise<Place> {
  const upstream = await FakeUpstream.start();
  onTestFinished(() => upstream.close());
  const gateway = await startGateway(
    `timers: {drain: 20s}\nproviders: {up: {protocol: openai-chat, base_url: '${upstream.url}/v1'}}`,
  );
  const gate = Promise.withResolvers<void>();
  upstream.on('fast', (reply) => {
    reply.head(200, { 'content-type': 'application/json' });
    reply.end(WIRES['openai-chat'].whole({ text: ['fast'] }));
  });
  const [first = '', rest = ''] = stepsOf(WIRES['openai-chat'].stream({ text: ['one ', BIG] }), ['one ']);
  upstream.on('m', async (reply) => {
    reply.head(200, { 'content-type': 'text/event-stream' });
    await reply.write(first);
    await gate.promise;
    reply.end(rest);
  });
  const open = async (text: string): Promise<YardClient> => {
    const client = new YardClient(Number(new URL(gateway.url).port), requestOf('openai-chat', 'up/fast', false));
    await client.answers(1);
    client.send(text);
    return client;
  };
  return { gateway, open, goOn: gate.resolve };
}

/** Checks that a client was told, as its format says it, that nothing more is taken. */
async function checkRefused(client: YardClient, dialect: TextDialect): Promise<void> {
  await client.ended;
  const { status, headers, body } = (await client.answers(2))[1] ?? expect.unreachable();
  const told = TEXT_CLIENTS[dialect].read(
    { status, headers, body: Buffer.from(body, 'latin1'), chunks: [], reads: [], end: 'clean' },
    false,
  );
  const code = dialect === 'anthropic-messages' ? 529 : 503;
  expect([status, headers['connection'], told.broken]).toEqual([code, 'close', []]);
  expect(told.error).toContain('being stopped');
}

test('a gateway that is being stopped tells kept connections so in their own format and ends them, finishes what runs, and hangs on nothing', async () => {
  const { gateway, open, goOn } = await openPlace();
  const kept = await Promise.all(TEXT_DIALECTS.map(() => open('')));
  const waiting = await Promise.all(['', 'POST /v1/resp', requestOf('openai-chat', 'up/m').slice(0, -3)].map(open));
  const running = await Promise.all(TEXT_DIALECTS.map((dialect) => open(requestOf(dialect, 'up/m'))));
  await Promise.all(running.map((client) => until(() => client.seen.includes('one '), 'the first event')));
  // The format that says everything five times: more than two sockets hold between them.
  const slow = running[TEXT_DIALECTS.indexOf('openai-responses')];
  slow?.socket.pause();
  const closed = gateway.close();
  for (const [index, dialect] of TEXT_DIALECTS.entries())
    kept[index]?.send(requestOf(dialect, 'up/m', index % 2 === 0));
  for (const [index, client] of kept.entries()) await checkRefused(client, TEXT_DIALECTS[index] ?? 'openai-chat');
  const over = watched(closed);
  goOn();
  await Promise.all(running.filter((client) => client !== slow).map(({ ended }) => ended));
  const answers = 2 * kept.length + waiting.length + 2 * running.length;
  await until(() => gateway.log.length === answers, 'the end of all answers');
  expect(over()).toBe(false);
  slow?.socket.resume();
  await closed;
  await Promise.all([...waiting, ...running].map(({ ended }) => ended));
  for (const [index, client] of running.entries()) {
    const answer = (await client.answers(2))[1];
    expect([index, answer?.whole, answer?.body.includes(BIG)]).toEqual([index, true, true]);
  }
  expect(waiting.map(({ seen }) => seen.split('HTTP/1.1 ').length)).toEqual([2, 2, 2]);
  expect(gateway.log.filter((line) => line.includes('"fault"'))).toEqual([]);
});
