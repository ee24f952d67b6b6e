import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SseReader } from '../../src/framing/sse-reader.ts';
import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { dialect, protocol } from '../../src/protocols/openai-chat/index.ts';
import { decoded, framesOf } from '../protocols/exchange.ts';
import { readChatStream } from '../support/chat-automaton.ts';
import { streaming } from '../support/fake-upstream.ts';
import { Peek } from '../support/peek.ts';
import { Bench, DONE, SAME } from './bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start('timers:\n  usage_grace: 20ms\n');
});
afterAll(() => bench.close());

const ESCAPES = ['\\"', '\\\\', '\\n', '\\u00e9', '\\/', '\\ud83e\\udd80', '\\ud83d', '\\ude00', '\\u2028', '\\u0000'];
const RAW = [
  'a',
  'Hello ',
  '\u00e9',
  '\u65e5\u672c',
  '\ud83e\udd80',
  '\u0085',
  '\u2028',
  '{}',
  ',',
  "'",
  '\ud83d\udc69\u200d\ud83d\ude80',
];

/** The inside of a JSON string: any mixture of plain characters and escapes, also halves of characters. */
const inside = fc.array(fc.constantFrom(...ESCAPES, ...RAW), { maxLength: 5 }).map((parts) => parts.join(''));

interface Piece {
  /** The delta, as JSON text. */
  readonly delta: string;
  readonly finish?: string;
}

const text: fc.Arbitrary<Piece> = inside.map((content) => ({ delta: `{"content":"${content}"}` }));
const others: fc.Arbitrary<Piece> = fc.oneof(
  inside.map((content) => ({ delta: `{"role":"assistant","content":"${content}"}` })),
  inside.map((content) => ({ delta: `{"role":null,"content":"${content}","x_mood":1.0}` })),
  inside.map((content) => ({ delta: `{"reasoning_content":"${content}"}` })),
  inside.map((content) => ({ delta: `{"content":"","reasoning":"${content}"}` })),
  fc.constantFrom<Piece>(
    { delta: '{}' },
    { delta: '{"content":null}' },
    { delta: '{"content":"","refusal":null}' },
    { delta: '{"tool_calls":[]}' },
    { delta: '{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}}]}' },
    { delta: '{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}' },
    { delta: '{"tool_calls":[{"id":"call_2","type":"function","function":{"name":"g","arguments":"{\\"a\\":1}"}}]}' },
    { delta: '{}', finish: 'stop' },
    { delta: '{"content":"end"}', finish: 'length' },
  ),
);

interface Chunk {
  readonly piece: Piece;
  readonly index: number;
  readonly usage: string;
  readonly fresh: boolean;
  readonly extra: string;
}

const chunkOf: fc.Arbitrary<Chunk> = fc.record({
  piece: fc.oneof({ weight: 5, arbitrary: text }, { weight: 2, arbitrary: others }),
  index: fc.constantFrom(0, 0, 0, 0, 0, 1),
  usage: fc.constantFrom(
    '',
    '',
    ',"usage":null',
    ',"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}',
  ),
  fresh: fc.constantFrom(false, false, false, false, true),
  extra: fc.constantFrom('', '', '', ',"x_key":{"content":"no"}'),
});

function written({ piece, index, usage, fresh, extra }: Chunk, place: number): string {
  const { object, created, model } = SAME;
  const id = fresh ? `other-${place}` : SAME.id;
  const finish = piece.finish === undefined ? 'null' : `"${piece.finish}"`;
  const choice = `{"index":${index},"delta":${piece.delta},"finish_reason":${finish}}`;
  return `data: {"id":"${id}","object":"${object}","created":${created},"model":"${model}"${extra},"choices":[${choice}]${usage}}\n\n`;
}

const odd = fc.constantFrom(
  'data: {"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":4,"total_tokens":8}}\n\n',
  'data: {"choices":null,"x_filter":[1]}\n\n',
  ': wait\n\n',
  'data: : WAIT\n\n',
  '\n',
);
const fault = fc.constantFrom(
  'data: {"error":{"message":"broken","code":"overloaded"}}\n\n',
  'data: {"choices":[{"ind\n\n',
  'data: no JSON\n\n',
  '',
);

/** A stream in which the chunks come in runs, as texts do, with everything in between that upstreams are known to send. */
const stream = fc
  .record({
    body: fc.array(fc.oneof({ weight: 8, arbitrary: chunkOf }, { weight: 1, arbitrary: odd }), { maxLength: 14 }),
    same: fc.option(fc.record({ usage: fc.constantFrom('', ',"usage":null') }), { nil: undefined }),
    finish: fc.boolean(),
    fault: fc.option(fault, { freq: 5, nil: '' }),
    done: fc.boolean(),
  })
  .map(({ body, same, finish, fault: broken, done }) => {
    const parts = body.map((part, place) => (typeof part === 'string' ? part : written({ ...part, ...same }, place)));
    const end = finish
      ? [0, 1].map((index) =>
          written({ piece: { delta: '{}', finish: 'stop' }, index, usage: '', fresh: false, extra: '' }, 0),
        )
      : [];
    return [...parts, broken, ...end, done ? DONE : ''].join('');
  })
  // The first choice is always there.
  .filter((body) => !body.includes('"index":1,"delta"') || body.includes('"index":0,"delta"'));

/** What our own decoder makes of the bytes. */
function byDecoder(bytes: Buffer): Completion {
  const request = dialect.decodeRequest({
    model: 'm',
    messages: [{ role: 'user', content: 'Say it.' }],
    stream: true,
  } satisfies JsonObject);
  const events = decoded(protocol, request, (decoder) => {
    const reader = new SseReader((frame) => decoder.push(frame), { eventBytes: 1 << 20 });
    reader.push(bytes);
    reader.end();
    decoder.end();
  });
  return collect(events);
}

function textOf(completion: Completion, choice: number, type: string): string {
  return completion.blocks
    .filter(({ head }) => head.type === type && (head.choice ?? 0) === choice)
    .map((block) => block.text)
    .join('');
}

/** Whether a choice goes on after its finish reason, which only some readers take in (FM-47). */
function hasLate(body: string): boolean {
  const finished = new Set<number | undefined>();
  for (const { data } of framesOf(body)) {
    if (!data.startsWith('{"id"')) continue;
    const choice = Peek.parse(data).at('choices', 0);
    if (finished.has(choice.at('index').number)) return true;
    if (choice.at('finish_reason').given) finished.add(choice.at('index').number);
  }
  return false;
}

test('CC-01 CC-02 CC-03 CC-04 CC-05 CC-07 CC-08 CC-09 CC-15 CC-25 whatever a chat upstream sends, a chat client reads a stream that keeps the rules and says the same', async () => {
  const gears = new Set<string>();
  await fc.assert(
    fc.asyncProperty(stream, fc.constantFrom(1, 9, 200, 1 << 20), fc.boolean(), async (body, size, asked) => {
      const bytes = Buffer.from(body);
      const expected = byDecoder(bytes);
      const { answer, text: got, record } = await bench.play(streaming(bytes, size), { usage: asked });
      expect(answer.end).toBe('clean');
      if (answer.status !== 200) {
        expect(expected.error).toBeDefined();
        return;
      }
      gears.add(record.at('gear').text);
      const told = readChatStream(got, asked);
      if (hasLate(body)) return;
      expect(told.end).toBe(expected.error === undefined ? 'done' : 'error');
      expect(record.at('ended').text).toBe(expected.error === undefined ? 'finished' : 'failed');
      for (const choice of [0, 1]) {
        expect(told.texts.get(choice) ?? '').toBe(textOf(expected, choice, 'text'));
        expect(told.reasonings.get(choice) ?? '').toBe(textOf(expected, choice, 'reasoning'));
      }
      const calls = expected.blocks.filter(({ head }) => head.type === 'tool-call');
      // Where the answer broke off, a call that had only begun is told or still held back (CC-17), whichever text passed before it.
      const begun = (input: string): boolean => expected.error === undefined || input !== '';
      expect(told.calls.map(({ args }) => args).filter(begun)).toEqual(calls.map((call) => call.text).filter(begun));
      if (expected.usage !== undefined) expect(record.at('tokens', 'estimated').given).toBe(false);
    }),
    { numRuns: 1500 },
  );
  expect([...gears].toSorted()).toEqual(['bytes', 'events']);
});
