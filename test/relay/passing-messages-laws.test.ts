import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import { dialect, protocol } from '../../src/protocols/anthropic-messages/index.ts';
import { decoded, fixture, framesOf, streamOf } from '../protocols/exchange.ts';
import { readChatStream } from '../support/chat-automaton.ts';
import { readMessageEvents } from '../support/messages-automaton.ts';
import { MessagesBench, STOP, close, end, open, piece, start } from './messages-bench.ts';

let bench: MessagesBench;
beforeAll(async () => {
  bench = await MessagesBench.start();
});
afterAll(() => bench.close());

const request = dialect.decodeRequest({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] });
const SCENARIOS = ['greeting', 'thinking-and-calls', 'server-tool', 'stop-sequence', 'refusal', 'cut-off-call'];
const eventsOf = (name: string): readonly string[] =>
  fixture(`anthropic-messages/${name}/streamed.sse`)
    .toString()
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => `${event}\n\n`);

/** What becomes of one event: it is lost, comes twice, moves, gets another number, loses its name, or a part of another stream comes in. */
const change = fc.record({
  kind: fc.constantFrom('lose', 'double', 'move', 'number', 'unname', 'splice'),
  at: fc.nat(),
  to: fc.nat(),
  other: fc.constantFrom(...SCENARIOS),
});

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed(events: readonly string[], { kind, at, to, other }: Change): readonly string[] {
  if (events.length === 0) return events;
  const index = at % events.length;
  const event = events[index] ?? '';
  const rest = events.toSpliced(index, 1);
  switch (kind) {
    case 'lose':
      return rest;
    case 'double':
      return events.toSpliced(index, 0, event);
    case 'move':
      return rest.toSpliced(to % (rest.length + 1), 0, event);
    case 'number':
      return events.with(index, event.replace(/"index":\d+/, `"index":${to % 4}`));
    case 'unname':
      return events.with(index, event.replace(/^event: .*\n/, ''));
    case 'splice':
      return [...events.slice(0, index), ...eventsOf(other)];
    default:
      return kind satisfies never;
  }
}

test('MS-01 MS-02 MS-04 MS-08 UP-08 whatever an upstream sends, its client reads a message that keeps the rules and says the same', async () => {
  const changes = fc.array(change, { minLength: 1, maxLength: 4 });
  const cuts = fc.array(fc.nat(), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...SCENARIOS), changes, cuts, async (name, list, places) => {
      const events = list.reduce(changed, eventsOf(name));
      const body = events.join('');
      if (body === '') return;
      const { text, status, record } = await bench.play(body, places);
      const answer = collect(decoded(protocol, request, streamOf(framesOf(body))));
      if (status !== 200) {
        expect(answer.error).toBeDefined();
        return;
      }
      const seen = readMessageEvents(text);
      expect(seen.end).toBe(answer.error === undefined ? 'stop' : 'error');
      expect(record.at('tokens', 'output').number ?? 0).toBeGreaterThanOrEqual(0);
      if (answer.error !== undefined) return;
      const of = (type: string): string => seen.blocks.map((block) => (block.type === type ? block.text : '')).join('');
      const said = (type: string): string =>
        answer.blocks.map((block) => (block.head.type === type ? block.text : '')).join('');
      expect([of('text'), of('thinking')]).toEqual([said('text'), said('reasoning')]);
      const calls = answer.blocks.flatMap(({ head, text: input }) =>
        head.type === 'tool-call' ? [[head.name, input]] : [],
      );
      const read = seen.blocks.filter(({ type }) => type === 'tool_use');
      expect(read.map(({ head, json }) => [head.at('name').text, json === '' ? '{}' : json])).toEqual(calls);
    }),
    { numRuns: 300 },
  );
});

test('UP-01 MS-10 a chat client reads the same of a stream however it was cut, skimmed or parsed', async () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      texts,
      fc.array(fc.nat(), { maxLength: 8 }),
      fc.constantFrom('', ' ', '   '),
      async (list, cuts, pad) => {
        // The format's makers pad their events with spaces.
        const pieces = list.map((text, index) =>
          index % 3 === 1 ? piece(0, text).replace(/\}\n\n$/, `${pad}}\n\n`) : piece(0, text),
        );
        const body = start() + open(0) + pieces.join('') + close(0) + end() + STOP;
        const { text, record } = await bench.play(body, cuts, true, '/v1/chat/completions');
        expect(readChatStream(text, false).texts.get(0)).toBe(list.join(''));
        expect(record.at('tokens').value).toMatchObject({ input: 9, output: 16 });
      },
    ),
    { numRuns: 60 },
  );
});
