import { validateHeaderName, validateHeaderValue } from 'node:http';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Downstream } from '../../src/relay/downstream.ts';
import { RawExchange } from '../support/raw-client.ts';
import { bodyOf, openWires, turnOver } from './wire-stage.ts';
import type { WireStage } from './wire-stage.ts';

/** A piece of an answer, short enough to be shown where it fails; `pass` is bytes as a text with one character for each. */
interface Piece {
  readonly way: 'text' | 'bytes' | 'pass';
  readonly of: string;
  readonly times: number;
}

type Step = Piece | 'flush' | 'turn';

const LARGE = 300_000;
const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 40 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(16_383, 16_384, 16_385, 65_536, 262_143, 262_144, 262_145, LARGE) },
);
// Among them what would end a chunk, what is nothing, and a half of a pair, which is sent as U+FFFD.
const UNITS = [
  'a',
  'é',
  '日本',
  '😀',
  '\u2028',
  'data: {"a":1}\n\n',
  '\r\n0\r\n\r\n',
  '\0',
  'ÿ',
  '\ud83d',
  'aé😀\n',
  '',
];
const piece: fc.Arbitrary<Piece> = fc
  .tuple(fc.constantFrom('text', 'bytes', 'pass'), fc.constantFrom(...UNITS), size)
  .map(([way, of, length]) => ({ way, of, times: Math.ceil(length / Math.max(1, Buffer.byteLength(of))) }));
const steps = fc.array(fc.oneof({ weight: 2, arbitrary: piece }, fc.constantFrom<Step>('flush', 'turn')), {
  maxLength: 12,
});

async function take(down: Downstream, each: Step): Promise<void> {
  if (each === 'flush') down.flush();
  else if (each === 'turn') {
    down.flush();
    await turnOver();
  } else if (each.way === 'text') down.write(each.of.repeat(each.times));
  else if (each.way === 'bytes') down.write(bytesOf(each));
  else down.pass(bytesOf(each).toString('latin1'));
}

function bytesOf(each: Step): Buffer {
  return Buffer.from(typeof each === 'string' ? '' : each.of.repeat(each.times));
}

/** What leaves together, chunk by chunk. */
function chunksOf(all: readonly Step[]): readonly Buffer[] {
  const chunks: Buffer[][] = [[]];
  for (const each of all) {
    if (typeof each === 'string') chunks.push([]);
    else chunks.at(-1)?.push(bytesOf(each));
  }
  return chunks.map((pieces) => Buffer.concat(pieces)).filter((chunk) => chunk.length > 0);
}

test('whatever an answer is given, in whatever pieces and turns, its client reads exactly those bytes, one answer behind the other', async () => {
  const stage = await openWires();
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (all, flushed) => {
      const asking = stage.ask();
      const { down, told } = await stage.next();
      const answer = down();
      answer.open(200, { 'content-type': 'text/event-stream' }, undefined);
      for (const each of all) await take(answer, each);
      if (flushed) answer.flush();
      answer.end();
      const got = await asking;
      const body = await bodyOf(got);
      expect(body.equals(Buffer.concat(all.map(bytesOf)))).toBe(true);
      expect([got.complete, got.statusCode, got.headers['transfer-encoding']]).toEqual([true, 200, 'chunked']);
      expect(told.filter((each) => each !== 'drained')).toEqual(['kept']);
    }),
    { numRuns: 150, endOnFailure: true },
  );
  expect(stage.sockets).toHaveLength(1);
});

test('what is taken between two flushes is one chunk; nothing is no chunk', async () => {
  const stage = await openWires();
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const client = new RawExchange(stage.url, { path: '/' });
      const answer = (await stage.next(0)).down();
      answer.open(200, {}, undefined);
      for (const each of all) await take(answer, each);
      answer.end();
      const { end, chunks } = await client.done;
      const expected = chunksOf(all);
      expect([end, chunks.map((chunk) => chunk.length)]).toEqual(['clean', expected.map((chunk) => chunk.length)]);
      expect(Buffer.concat(chunks).equals(Buffer.concat(expected))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('an answer in one piece, of text or of bytes, has its length and arrives as it is, one behind the other', async () => {
  const stage = await openWires();
  const status = fc.constantFrom(200, 400, 429, 502, 599);
  await fc.assert(
    fc.asyncProperty(piece, status, async (each, code) => {
      const body = each.way === 'text' ? each.of.repeat(each.times) : bytesOf(each);
      const asking = stage.ask();
      const { down, told } = await stage.next();
      down().whole(code, { 'x-one': '1', 'x-number': 7, 'x-none': undefined }, body);
      const got = await asking;
      const { headers } = got;
      expect((await bodyOf(got)).equals(Buffer.from(body))).toBe(true);
      expect([got.complete, got.statusCode, headers['x-one'], headers['x-number']]).toEqual([true, code, '1', '7']);
      expect(headers).not.toHaveProperty('x-none');
      expect(headers).not.toHaveProperty('transfer-encoding');
      expect([headers['content-length'], told]).toEqual([String(Buffer.byteLength(body)), ['kept']]);
    }),
    { numRuns: 100, endOnFailure: true },
  );
  expect(stage.sockets).toHaveLength(1);
});

/** Sends the plainest answer. */
type Send = (down: Downstream, headers: Readonly<Record<string, string>>) => void;

const WAYS: readonly (readonly [string, Send])[] = [
  ['in one piece', (down, headers) => down.whole(200, headers, 'hello')],
  [
    'piece by piece',
    (down, headers) => {
      down.open(200, headers, undefined);
      down.write('hello');
      down.end();
    },
  ],
];

test.each(WAYS)('the head says when, and whether the connection is kept; and so it is: %s', async (_, send) => {
  const stage = await openWires();
  const cases = [
    { keepAlive: 75, headers: {}, says: ['keep-alive', 'timeout=75'], over: 'kept' },
    { keepAlive: 75, headers: { connection: 'close' }, says: ['close', undefined], over: 'closes' },
    { keepAlive: 0, headers: {}, says: ['close', undefined], over: 'closes' },
    { keepAlive: 0, headers: { connection: 'close' }, says: ['close', undefined], over: 'closes' },
  ];
  for (const { keepAlive, headers, says, over } of cases) {
    const asking = stage.ask();
    const { down, told, socket } = await stage.next(keepAlive);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    send(down(), headers);
    const got = await asking;
    expect((await bodyOf(got)).toString()).toBe('hello');
    // A name that came twice would be seen here.
    const names = got.rawHeaders.filter((_name, index) => index % 2 === 0).map((name) => name.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
    expect([got.headers.connection, got.headers['keep-alive'], told]).toEqual([...says, [over]]);
    const age = Date.now() - Date.parse(got.headers.date ?? '');
    expect(age > -1 && age < 10_000).toBe(true);
    expect(got.headers.date).toBe(new Date(Date.parse(got.headers.date ?? '')).toUTCString());
    if (over === 'closes') await closed;
  }
  expect(stage.sockets).toHaveLength(cases.length - 1);
});

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

const PARTS = ['a', 'Z', '7', '-', '_', '!', ' ', '\t', 'é', 'ÿ', '\0', '\r', '\n', '\x7f', '日', '\u0100', ':', '"'];
const field = fc.string({ unit: fc.constantFrom(...PARTS), maxLength: 6 });
const sane = fc.string({ unit: fc.constantFrom(...PARTS.slice(0, 6)), minLength: 1, maxLength: 6 });

test.each(WAYS)(
  'a header that HTTP cannot carry is refused, and nothing is sent; one that it can arrives as it is: %s',
  async (_, send) => {
    const stage = await openWires();
    const header = fc.oneof(fc.tuple(sane, field), fc.tuple(field, sane), fc.tuple(sane, sane));
    await fc.assert(
      fc.asyncProperty(header, async ([name, value]) => {
        const asking = stage.ask();
        const { down, socket, wire, told } = await stage.next();
        const answer = down();
        const before = socket.bytesWritten;
        const sendable = holds(() => validateHeaderName(name)) && holds(() => validateHeaderValue(name, value));
        expect(holds(() => send(answer, { 'x-first': '1', [name]: value }))).toBe(sendable);
        if (!sendable) {
          await turnOver();
          expect([socket.bytesWritten - before, wire.opened, told]).toEqual([0, false, []]);
          // So that the client can still be told.
          wire.whole(500, { 'x-second': '2' }, 'sorry');
        }
        const got = await asking;
        const body = (await bodyOf(got)).toString();
        const { headers, statusCode } = got;
        if (sendable) expect([statusCode, headers[name.toLowerCase()], body]).toEqual([200, value.trim(), 'hello']);
        else
          expect([statusCode, headers['x-first'], headers['x-second'], body]).toEqual([500, undefined, '2', 'sorry']);
      }),
      { numRuns: 150, endOnFailure: true },
    );
  },
);

test('the head leaves by itself when it is flushed, and once', async () => {
  const stage = await openWires();
  const asking = stage.ask();
  const answer = (await stage.next()).down();
  answer.open(201, { 'x-a': '\xe9' }, undefined);
  for (let i = 0; i < 3; i++) answer.flush();
  const got = await asking;
  expect([got.statusCode, got.headers['x-a'], got.complete]).toEqual([201, 'é', false]);
  answer.flush();
  answer.write('body');
  answer.end();
  expect((await bodyOf(got)).toString()).toBe('body');
});

async function broken(stage: WireStage, all: readonly Step[]): Promise<void> {
  const client = new RawExchange(stage.url, { path: '/' });
  const { down, told } = await stage.next();
  const answer = down();
  answer.open(200, {}, undefined);
  for (const each of all) await take(answer, each);
  answer.flush();
  answer.abort();
  const { status, end, body } = await client.done;
  expect([status, end, told.filter((each) => each !== 'drained')]).toEqual([200, 'aborted', []]);
  expect(body.equals(Buffer.concat(all.map(bytesOf)))).toBe(true);
}

test('SP-03 an answer that is broken off sends what it was given, and never looks like an end', async () => {
  const stage = await openWires();
  // What it was given by then and the machine has no room for is lost with it.
  const few = fc.array(piece, { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(few, (all) => broken(stage, all)),
    { numRuns: 60 },
  );
});

test('what is given to a client that has left goes nowhere and harms nobody; its owner is told once', async () => {
  const stage = await openWires();
  for (const leave of ['destroy', 'resetAndDestroy'] as const) {
    const client = new RawExchange(stage.url, { path: '/' });
    const { down, socket, wire, told } = await stage.next();
    const answer = down();
    answer.open(200, {}, undefined);
    answer.write('first');
    answer.flush();
    await client.until('first');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    client.socket[leave]();
    await closed;
    const before = socket.bytesWritten;
    expect([told, wire.closed, answer.over]).toEqual([['gone'], true, true]);
    answer.write('x'.repeat(LARGE));
    expect(answer.flush()).toBe(true);
    wire.sendHead();
    answer.end();
    answer.abort();
    wire.drained();
    wire.left();
    await turnOver();
    expect([socket.bytesWritten, told]).toEqual([before, ['gone']]);
  }
});
