import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inParallel } from '../support/pool.ts';
import { LAST, OTHERS, PLAIN, named, longBody, longHead } from './lane-requests.ts';
import type { Asked } from './lane-requests.ts';
import { openLanes } from './lane-stage.ts';

const WIDTH = 16;

/** Every place in a text between two of its bytes. */
function placesIn(text: string): readonly number[] {
  return Array.from({ length: text.length - 1 }, (_, at) => at + 1);
}

test('requests of the lane that were sent ahead, cut in two at every byte, are answered as node:http answers them one by one', async () => {
  const stage = await openLanes();
  const expected = await stage.byNode(PLAIN);
  expect(expected.map(({ status }) => status)).toEqual([200, 200, 404, 200, 400, 200, 200]);
  const text = PLAIN.map((asked) => asked.text).join('');
  const before = stage.upstream.received.length;
  const places = placesIn(text);
  await inParallel(places, WIDTH, async (at) => {
    const talk = await stage.open();
    await talk.send(text, [at]);
    await talk.answers(PLAIN.length);
    expect({ at, answers: await talk.end(), inLane: talk.inLane }).toEqual({ at, answers: expected, inLane: true });
  });
  const calls = PLAIN.reduce((sum, asked) => sum + asked.calls, 0);
  expect(stage.upstream.received.length - before).toBe(calls * places.length);
});

test('requests of the lane that come byte by byte are answered alike, sent ahead or not', async () => {
  const stage = await openLanes();
  const expected = await stage.byNode(PLAIN);
  const ahead = await stage.open();
  const text = PLAIN.map((asked) => asked.text).join('');
  await ahead.send(text, placesIn(text));
  await ahead.answers(PLAIN.length);
  expect(await ahead.end()).toEqual(expected);
  const waiting = await stage.open();
  expect(
    await waiting.askEach(
      PLAIN,
      PLAIN.map((asked) => placesIn(asked.text)),
    ),
  ).toEqual(expected);
  expect([ahead.inLane, waiting.inLane]).toEqual([true, true]);
});

test.each([...OTHERS, ...LAST])(
  'what the lane leaves is answered by node:http as if it had come there first, cut in two at every byte: $name',
  async (other) => {
    const stage = await openLanes();
    const first = named('a model that nobody has');
    const asked = [first, other, ...(other.last === true ? [] : [first])];
    const expected = await stage.byNode(asked);
    const all = placesIn(other.text);
    await inParallel([[], ...all.map((at) => [at]), all], WIDTH, async (cuts) => {
      const talk = await stage.open();
      expect({ cuts, answers: await talk.askEach(asked, [[], cuts]) }).toEqual({ cuts, answers: expected });
    });
  },
);

/** Requests that are sent in one write, and where that is cut. */
interface Sending {
  readonly group: readonly Asked[];
  readonly cuts: readonly number[];
}

// What node:http refuses breaks its connection at once, whatever is still to be answered on it: only the lane's are sent ahead of others.
const group = fc
  .tuple(fc.array(fc.constantFrom(...PLAIN), { maxLength: 3 }), fc.option(fc.constantFrom(...OTHERS)))
  .map(([before, other]) => (other === null ? before : [...before, other]));
const groups = fc
  .tuple(fc.array(group, { minLength: 1, maxLength: 4 }), fc.option(fc.constantFrom(...LAST)))
  .map(([all, last]) => (last === null ? all : [...all, [last]]));
const sendings: fc.Arbitrary<readonly Sending[]> = fc
  .tuple(groups, fc.array(fc.nat(), { maxLength: 6 }))
  .map(([all, places]) =>
    all
      .filter((each) => each.length > 0)
      .map((each) => ({ group: each, cuts: cutsOf(each.map(({ text }) => text).join(''), places) })),
  );

function cutsOf(text: string, places: readonly number[]): readonly number[] {
  return [...new Set(places.map((place) => 1 + (place % Math.max(1, text.length - 1))))].toSorted((a, b) => a - b);
}

test('whatever follows whatever on one connection, in whatever pieces, is answered as by node:http', async () => {
  const stage = await openLanes();
  await fc.assert(
    fc.asyncProperty(sendings, async (all) => {
      const expected = await stage.byNode(all.flatMap((sending) => sending.group));
      const talk = await stage.open();
      let count = 0;
      for (const sending of all) {
        await talk.send(sending.group.map(({ text }) => text).join(''), sending.cuts);
        await talk.answers((count += sending.group.length));
      }
      expect(await talk.end()).toEqual(expected);
    }),
    { numRuns: 250 },
  );
});

test('heads about as long as may be are answered, or refused, as by node:http', async () => {
  const stage = await openLanes();
  const first = named('a whole answer');
  const lengths = [...Array.from({ length: 80 }, (_, index) => 16_384 - 50 + index), 17_000, 20_000, 40_000];
  const statuses = await inParallel(lengths, WIDTH, async (bytes) => {
    const asked = [first, longHead(bytes)];
    const expected = await stage.byNode(asked);
    for (const cuts of [[], [bytes - 4], [16_383], [16_384], [16_385], [1, 8000]]) {
      const talk = await stage.open();
      expect({ bytes, cuts, answers: await talk.askEach(asked, [[], cuts]) }).toEqual({
        bytes,
        cuts,
        answers: expected,
      });
    }
    return expected[1]?.status;
  });
  expect([statuses[0], statuses.at(-1)]).toEqual([200, 431]);
});

test('bodies of any length are answered, or refused, as by node:http', async () => {
  const stage = await openLanes();
  const mib = 1024 * 1024;
  const limit = 1200 * 1000;
  const lengths = [70_000, mib - 1, mib, mib + 1, limit - 1, limit, limit + 1, limit + 200_000];
  await inParallel(lengths, WIDTH, async (bytes) => {
    const long = longBody(bytes);
    const all = [named('a whole answer'), long];
    const expected = await stage.byNode(all);
    expect(expected[1]?.status).toBe(bytes > limit ? 413 : 200);
    const head = long.text.indexOf('\r\n\r\n');
    const talks = [[], [head + 2], [head + 4], [head + 5, 65_536, long.text.length - 1]].map(async (cuts) => {
      const talk = await stage.open();
      const answers = await talk.askEach(all, [[], cuts]);
      expect({ bytes, cuts, answers }).toEqual({ bytes, cuts, answers: expected });
      expect(talk.inLane).toBe(bytes <= mib);
    });
    await Promise.all(talks);
  });
});
