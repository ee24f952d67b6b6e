import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collect } from '../../../src/model/completion.ts';
import type { Completion } from '../../../src/model/completion.ts';
import type { BlockHead, Event } from '../../../src/model/event.ts';
import { NO_USAGE } from '../../../src/model/usage.ts';
import type { TextDialect } from '../../support/text-requests.ts';
import { FORMATS, eventsFrom, feedStream, readBack, replyOf } from './formats.ts';
import type { Format } from './formats.ts';

/** One block before it is cut into pieces. */
interface Said {
  readonly head: BlockHead;
  readonly pieces: readonly string[];
  readonly seal?: string;
}

// Whole characters of all kinds, with those that readers of lines and of JSON stumble over.
const piece = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.constantFrom('\u2028', '\u0085', '"', '\\', '\n', '\r\n', '\u0000', 'data: ', '[DONE]', '🦀', '{}', '~', 'é'),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join('') || 'x');
const pieces = fc.array(piece, { minLength: 1, maxLength: 5 });

const argument = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify({ value }));

/** JSON text, cut anywhere. */
const inputs = fc.tuple(argument, fc.array(fc.nat(40), { maxLength: 3 })).map(([text, cuts]) => cut(text, cuts));

function cut(text: string, cuts: readonly number[]): readonly string[] {
  const places = [0, ...cuts.map((place) => place % text.length).toSorted((a, b) => a - b), text.length];
  return places
    .slice(1)
    .map((to, index) => text.slice(places[index], to))
    .filter((part) => part !== '');
}

const calls = fc.array(inputs, { maxLength: 3 }).map((list) =>
  list.map((args, index): Said => ({
    head: { type: 'tool-call', id: `call_${index}`, name: `tool_${index}` },
    pieces: args,
  })),
);

const seal = fc.option(
  fc.uint8Array({ minLength: 30, maxLength: 90 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  { nil: undefined },
);

const figures = fc.record({
  input: fc.nat(9000),
  cacheRead: fc.nat(900),
  output: fc.integer({ min: 1, max: 9000 }),
  reasoning: fc.nat(900),
});

/** What an answer of a format may hold, in the order in which the format can say it. */
function answers(id: TextDialect): fc.Arbitrary<readonly Event[]> {
  const text = pieces.map((list): Said => ({ head: { type: 'text' }, pieces: list }));
  const thought = fc.tuple(pieces, seal).map(([list, token]): Said => ({
    head: { type: id === 'openai-responses' ? 'reasoning-summary' : 'reasoning' },
    pieces: list,
    ...(token !== undefined && sealed(id, token)),
  }));
  const thoughts = id === 'openai-completions' ? fc.constant([]) : fc.option(thought, { nil: undefined });
  const later = id === 'openai-completions' ? fc.constant([]) : calls;
  return fc
    .tuple(thoughts, text, later, figures, fc.constantFrom('stop', 'length', 'filter'))
    .map(([first, middle, last, usage, end]) => {
      const blocks = [...[first ?? []].flat(), middle, ...last];
      const reason = last.length > 0 ? ('tool-calls' as const) : end;
      return [
        { type: 'start', id: 'up_1', model: 'm' },
        ...blocks.flatMap((block, index) => eventsOf(id, block, index)),
        { type: 'usage', usage: { ...NO_USAGE, ...usage, input: usage.input + 1 } },
        { type: 'finish', reason },
      ];
    });
}

// A seal of the chat format is a list of what its upstreams sealed.
function sealed(id: TextDialect, token: string): { readonly seal: string } {
  return { seal: id === 'openai-chat' ? JSON.stringify([{ type: 'reasoning.encrypted', data: token }]) : token };
}

function eventsOf(id: TextDialect, { head, pieces: list, seal: token }: Said, index: number): readonly Event[] {
  return [
    { type: 'block-start', index, block: head },
    ...list.map((part): Event =>
      head.type === 'tool-call'
        ? { type: 'input-delta', index, json: part }
        : { type: 'text-delta', index, text: part },
    ),
    { type: 'block-end', index, ...(token !== undefined && { seal: { protocol: id, data: token } }) },
  ];
}

/** What an answer means: its blocks without ids of items, its counts, its end. */
function meaning({ blocks, usage, finish }: Completion): unknown {
  return {
    blocks: blocks.map(({ head, text, seal: token }) => ({
      type: head.type,
      text: head.type === 'tool-call' ? (JSON.parse(text) as unknown) : text,
      ...(head.type === 'tool-call' && { name: head.name, id: head.id.replace(/^gem_/, '') }),
      seal: token?.data,
    })),
    usage: usage && [usage.input, usage.cacheRead, usage.output, usage.reasoning],
    finish: finish?.reason,
  };
}

function readIn(format: Format, bytes: Buffer, size: number): Completion {
  return collect(
    eventsFrom(format.protocol, format.request, (decoder) => {
      feedStream(decoder, bytes, 'sse', size);
    }),
  );
}

test.each(FORMATS.map((format) => [format.id, format] as const))(
  'UP-01 what is written in the format of %s is read back as it was, streamed and whole, however it is cut',
  (id, format) => {
    fc.assert(
      fc.property(answers(id), fc.integer({ min: 1, max: 200 }), (events, size) => {
        const wanted = meaning(collect(events));
        const { bytes, told } = readBack(format, events);
        expect(told.broken).toEqual([]);
        expect(told.normalEnd).toBe(true);
        expect(meaning(readIn(format, bytes, size))).toEqual(wanted);
        const whole = format.dialect.encodeWhole(collect(events), replyOf(format));
        const read = eventsFrom(format.protocol, format.request, (decoder) => {
          decoder.whole(Buffer.from(whole.body).toString());
        });
        expect(meaning(collect(read))).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  },
);
