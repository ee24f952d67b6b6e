import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TOOL, TOOLS } from '../support/brains/mind.ts';
import { CELLS, NEWER, QUESTION, Stage, modelAt } from './stage.ts';
import type { UpstreamName } from './stage.ts';
import { TALKS } from './talks.ts';
import type { Talk } from './talks.ts';

const FORMATS = ['chat', 'responses', 'messages', 'gemini'] as const;

/** A question, parallel calls, their results and the answer; the answer is asked of the second gateway. */
async function expectRound(talk: Talk, [one, two]: readonly [string, string]): Promise<void> {
  talk.say(QUESTION);
  const first = await talk.ask(one);
  expect(first.calls.map(({ name, input }) => [name, input])).toEqual(TOOLS.map((name) => [name, { city: TOOL.city }]));
  const result = (name: string): string => `${name}: ${TOOL.result}`;
  talk.answer(first.calls, result);
  const second = await talk.ask(two);
  expect(second.calls).toEqual([]);
  expect(second.text).toBe(`The tool said: ${TOOLS.map(result).join(' / ')} 🌦`);
}

describe.each(FORMATS)('official clients of %s', (format) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start();
  });
  beforeEach(() => {
    stage.clear();
  });
  afterAll(() => stage.close());

  const refusals = (upstream: UpstreamName): readonly string[] => stage.brain(upstream).refusals;

  test.each(CELLS)(
    'CC-21 MS-05 make parallel calls over $upstream, $how, again and again',
    async ({ upstream, how }) => {
      const { url } = stage.gateway;
      const talk = TALKS[format](modelAt(upstream, format), how === 'whole');
      for (let round = 0; round < 3; round += 1) await expectRound(talk, [url, url]);
      expect(refusals(upstream)).toEqual([]);
    },
  );

  test.each(NEWER)('CC-21 MS-05 converse over %s with %s', async (upstream, model) => {
    const { url } = stage.gateway;
    for (const whole of [true, false]) await expectRound(TALKS[format](model, whole), [url, url]);
    expect(refusals(upstream)).toEqual([]);
  });

  // A chat client drops all seals, and a call's seal has no place among responses: only a gateway that saw them can give those back.
  const carried = CELLS.filter(
    ({ upstream }) => format !== 'chat' && !(format === 'responses' && upstream === 'gemini'),
  );

  test.each(carried)('MS-05 GM-04 carry seals over $upstream, $how, to another gateway', async ({ upstream, how }) => {
    const talk = TALKS[format](modelAt(upstream, format), how === 'whole');
    await expectRound(talk, [stage.gateway.url, stage.other.url]);
    await expectRound(talk, [stage.other.url, stage.gateway.url]);
    expect(refusals(upstream)).toEqual([]);
  });
});
