import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { UsageRecord } from '../../src/model/record.ts';
import { NO_USAGE } from '../../src/model/usage.ts';
import { AccessLog } from '../../src/telemetry/log.ts';

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"', '\\', '\n', 'é日😀\u2028', '\ud800'),
);
const count = fc.nat(1_000_000);

const record: fc.Arbitrary<UsageRecord> = fc.record({
  requestId: text,
  at: count,
  path: text,
  dialect: maybe(fc.constantFrom('openai-chat' as const, 'gemini' as const)),
  model: maybe(text),
  provider: maybe(text),
  protocol: maybe(fc.constantFrom('openai-chat' as const, 'bedrock-converse' as const)),
  gear: maybe(fc.constantFrom('bytes' as const, 'events' as const)),
  stream: fc.boolean(),
  status: fc.integer({ min: 100, max: 599 }),
  ended: fc.constantFrom('finished' as const, 'failed' as const, 'abandoned' as const, 'refused' as const),
  finish: maybe(fc.constantFrom('stop' as const, 'length' as const)),
  error: maybe(fc.record({ kind: fc.constant('timeout' as const), message: text })),
  usage: maybe(
    fc
      .record({ input: count, output: count, cacheRead: count, reasoning: fc.nat(3), estimated: fc.boolean() })
      .map(({ estimated, ...some }) => ({ ...NO_USAGE, ...some, ...(estimated && { estimated }) })),
  ),
  firstContentMs: maybe(fc.double({ min: 0, max: 1e9, noNaN: true })),
  totalMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
  lost: count,
  attempts: fc.nat(3),
});

test('a line of the access log is one line of JSON that says what its record says, whatever is in it', () => {
  const lines: string[] = [];
  const log = new AccessLog('info', (line) => lines.push(line));
  fc.assert(
    fc.property(record, (given) => {
      log.settled(given);
      const line = lines.pop() ?? '';
      expect(line).not.toMatch(/[\n\r]/);
      const { level, time, msg, tokens, firstContentMs, totalMs, ...said } = JSON.parse(line) as Record<
        string,
        unknown
      >;
      expect([level, msg]).toEqual(['info', 'request']);
      expect(Date.parse(String(time))).toBeGreaterThan(0);
      const { at: _at, usage, firstContentMs: first, totalMs: total, ...rest } = given;
      expect(said).toEqual(JSON.parse(JSON.stringify(rest)));
      expect(totalMs).toBe(Math.round(total * 10) / 10);
      expect(firstContentMs).toBe(first === undefined ? undefined : Math.round(first * 10) / 10);
      expect(tokens !== undefined).toBe(usage !== undefined);
    }),
  );
});

test('the time of a line is that of its writing, to the millisecond', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const lines: string[] = [];
    const log = new AccessLog('info', (line) => lines.push(line));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), record, (ms, given) => {
        vi.setSystemTime(ms);
        log.settled(given);
        expect(JSON.parse(lines.pop() ?? '')).toMatchObject({ time: new Date(ms).toISOString() });
      }),
    );
  } finally {
    vi.useRealTimers();
  }
});

test('a log that shows errors only writes no line for a request', () => {
  const lines: string[] = [];
  const log = new AccessLog('error', (line) => lines.push(line));
  for (const each of fc.sample(record, 3)) log.settled(each);
  expect(lines).toEqual([]);
  log.faulted(new Error('x'));
  expect(lines).toHaveLength(1);
});
