import { describe, expect, test } from 'vitest';

import { collect } from '../../src/model/completion.ts';
import { errorStatus } from '../../src/model/errors.ts';
import { SANDBOX_MODELS, parseSandboxModel } from '../../src/sandbox/model-name.ts';
import { asking, eventsOf } from './run.ts';

test('every option is read with its unit', () => {
  expect(parseSandboxModel('echo:ttft=300ms,rate=50,tokens=2000,fail=reset@10,status=429,retry_after=2')).toMatchObject(
    {
      model: { id: 'echo' },
      options: {
        ttft: 300,
        rate: 50,
        tokens: 2000,
        fail: { mode: 'reset', after: 10 },
        status: 429,
        retryAfter: 2,
        usage: 'exact',
      },
    },
  );
  expect(parseSandboxModel('reason:ttft=1.5s,reasoning=7,usage=none').options).toEqual({
    ttft: 1500,
    reasoning: 7,
    usage: 'none',
  });
  expect(parseSandboxModel('voice').options).toEqual({ ttft: 0, usage: 'exact' });
});

describe('what is misspelt is refused on model, with what there is, the nearest first', () => {
  test.each([
    ['ecko', "no model 'ecko'. It has, the nearest first: sandbox/echo"],
    ['', "no model ''"],
    ['toString', "no model 'toString'"],
    ['echo:', "no option ''"],
    ['echo:tfft=1s', 'nearest first: ttft'],
    ['echo:constructor=1', "no option 'constructor'"],
    ['voice:tokens=5', "no option 'tokens'"],
    ['echo:tool=x', "no option 'tool'"],
    ['echo:ttft=300', 'a duration with its unit'],
    ['echo:ttft=2h', 'a duration with its unit'],
    ['echo:ttft=61m', 'at most an hour'],
    ['echo:rate=0', 'tokens per second'],
    ['echo:rate=5e3', 'tokens per second'],
    ['echo:rate=', 'tokens per second'],
    ['echo:tokens=1.5', 'a count'],
    ['echo:tokens=1000001', 'a count'],
    ['echo:tokens=2,tokens=3', 'given twice'],
    ['echo:fail=rset@3', 'one of reset'],
    ['echo:fail=reset@x', 'a mode and a token count'],
    ['echo:fail=reset@1@2', 'one of reset'],
    ['echo:status=200', 'one of 400'],
    ['echo:status=0429', 'one of 400'],
    ['echo:usage=some', 'must be none'],
  ])('%s', async (model, says) => {
    const events = await eventsOf(model, asking('x'));
    expect(events).toMatchObject([
      { type: 'error', error: { kind: 'invalid_request', param: 'model', code: 'invalid_value' } },
    ]);
    expect(collect(events).error?.message).toContain(says);
  });
});

test.each(SANDBOX_MODELS.map((row) => [row.id, row.task] as const))('%s is for %s alone', async (id, task) => {
  const events = await eventsOf(id, asking('x'));
  if (task === 'generation') return expect(events[0]).toMatchObject({ type: 'start' });
  expect(events).toMatchObject([{ type: 'error', error: { kind: 'invalid_request' } }]);
  expect(collect(events).error?.message).toContain(`'sandbox/${id}' answers on /v1/`);
});

test.each([400, 401, 402, 403, 404, 408, 409, 413, 415, 422, 429, 500, 502, 503, 504])(
  'status=%i comes before any event, as that status',
  async (status) => {
    const events = await eventsOf(`echo:status=${status},retry_after=2`, asking('x'));
    expect(events).toHaveLength(1);
    const error = events[0]?.type === 'error' ? events[0].error : undefined;
    expect(error).toMatchObject({ retryAfter: 2 });
    expect(error && errorStatus(error)).toBe(status);
  },
);

describe('a failure ends the answer with an error and never with a finish', () => {
  test.each([
    ['reset', 'bad_response'],
    ['error', 'overloaded'],
    ['timeout', 'timeout'],
  ])('fail=%s', async (mode, kind) => {
    const deltasBefore = async (model: string): Promise<number> => {
      const events = await eventsOf(model, asking('one two three four'));
      expect(events.at(-1)).toMatchObject({ type: 'error', error: { kind } });
      expect(events.filter((event) => event.type === 'finish' || event.type === 'usage')).toEqual([]);
      return events.filter((event) => event.type === 'text-delta').length;
    };
    expect(await deltasBefore(`echo:fail=${mode}@2`)).toBe(2);
    expect(await deltasBefore(`echo:fail=${mode}`)).toBe(0);
    // Also where the answer is shorter than that.
    expect(await deltasBefore(`echo:fail=${mode}@10`)).toBe(4);
  });
});

test('usage=none leaves the counts out', async () => {
  expect(collect(await eventsOf('echo:usage=none', asking('x')))).not.toHaveProperty('usage');
});

test('more choices than the sandbox gives are refused', async () => {
  const [first] = await eventsOf('echo', asking('x', { choices: 129 }));
  expect(first).toMatchObject({ type: 'error', error: { kind: 'invalid_request', param: 'n' } });
});
