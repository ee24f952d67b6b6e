import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PartReader } from '../../src/bridge/part-reader.ts';
import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import { checked } from '../../src/model/grammar.ts';

interface Read {
  readonly events: readonly Event[];
  readonly lost: readonly string[];
  readonly answer: Completion;
}

/** Reads parts as one stream that ends after them; every event is held to the grammar. */
function read(...parts: readonly unknown[]): Read {
  const events: Event[] = [];
  const lost: string[] = [];
  let minted = 0;
  const reader = new PartReader({
    emit: checked((event) => events.push(event)),
    mint: (prefix) => `${prefix}_${++minted}`,
    model: 'm',
    created: 1_800_000_000,
    lost: (features) => lost.push(...features),
  });
  for (const part of parts) reader.push(part);
  reader.end();
  return { events, lost, answer: collect(events) };
}

const v4Usage = {
  inputTokens: { total: 30, noCache: 18, cacheRead: 10, cacheWrite: 2 },
  outputTokens: { total: 9, text: 5, reasoning: 4 },
};
const finish = { type: 'finish', finishReason: { unified: 'stop', raw: 'end_turn' }, usage: v4Usage };
const text = (id: string, ...pieces: readonly string[]): readonly object[] => [
  { type: 'text-start', id },
  ...pieces.map((delta) => ({ type: 'text-delta', id, delta })),
  { type: 'text-end', id },
];

test('a text with its id, model, reason and disjoint counters is read in the words of versions 3 and 4', () => {
  const { answer } = read(
    { type: 'stream-start', warnings: [] },
    { type: 'response-metadata', id: 'resp-7', modelId: 'other', timestamp: new Date(0) },
    ...text('0', 'Hel', 'lo'),
    finish,
  );
  expect(answer).toMatchObject({
    id: 'resp-7',
    blocks: [{ head: { type: 'text' }, text: 'Hello', closed: true }],
    usage: { input: 18, cacheRead: 10, cacheWrite: 2, output: 5, reasoning: 4 },
    finish: { reason: 'stop', raw: 'end_turn' },
  });
});

test('version 2 says reason and counters flat, and its totals are taken apart', () => {
  const usage = { inputTokens: 30, outputTokens: 9, totalTokens: 39, reasoningTokens: 4, cachedInputTokens: 10 };
  const { answer } = read(...text('0', 'x'), { type: 'finish', finishReason: 'length', usage });
  expect(answer.finish).toEqual({ reason: 'length' });
  expect(answer.usage).toMatchObject({ input: 20, cacheRead: 10, output: 5, reasoning: 4 });
  const none = { inputTokens: undefined, outputTokens: undefined, totalTokens: undefined };
  expect(read(...text('0', 'x'), { type: 'finish', finishReason: 'stop', usage: none }).answer.usage).toBeUndefined();
});

test('calls side by side keep their pieces apart, a whole one and one without input are calls as well', () => {
  const { answer } = read(
    { type: 'tool-input-start', id: 'a', toolName: 'one' },
    { type: 'tool-input-start', id: 'b', toolName: 'two' },
    { type: 'tool-input-delta', id: 'b', delta: '{"n":' },
    { type: 'tool-input-delta', id: 'a', delta: '{"big":2512292042121000001}' },
    { type: 'tool-input-delta', id: 'b', delta: '1}' },
    { type: 'tool-input-end', id: 'a' },
    { type: 'tool-input-end', id: 'b' },
    { type: 'tool-call', toolCallId: 'a', toolName: 'one', input: '{"big":2512292042121000001}' },
    { type: 'tool-call', toolCallId: 'b', toolName: 'two', input: '{"n":1}' },
    { type: 'tool-call', toolCallId: 'c', toolName: 'three', input: '{"whole":true}' },
    { type: 'tool-call', toolCallId: 'd', toolName: 'four', input: '' },
    finish,
  );
  expect(answer.blocks.map(({ head, text: input }) => [head, input])).toEqual([
    [{ type: 'tool-call', id: 'a', name: 'one' }, '{"big":2512292042121000001}'],
    [{ type: 'tool-call', id: 'b', name: 'two' }, '{"n":1}'],
    [{ type: 'tool-call', id: 'c', name: 'three' }, '{"whole":true}'],
    [{ type: 'tool-call', id: 'd', name: 'four' }, '{}'],
  ]);
  // Some providers say `stop` after calls.
  expect(answer.finish?.reason).toBe('tool-calls');
});

test('what a package says beside thoughts and calls is sealed, pieces of it put together; a thought without words is kept for its seal', () => {
  const { answer } = read(
    { type: 'reasoning-start', id: 'r', providerMetadata: { maker: { kind: 'thinking' } } },
    { type: 'reasoning-delta', id: 'r', delta: 'hm' },
    { type: 'reasoning-delta', id: 'r', delta: '', providerMetadata: { maker: { signature: 'sig' } } },
    { type: 'reasoning-end', id: 'r' },
    { type: 'reasoning-start', id: 's', providerMetadata: { maker: { redactedData: 'xyz' } } },
    { type: 'reasoning-end', id: 's' },
    { type: 'reasoning-start', id: 'empty' },
    { type: 'reasoning-end', id: 'empty' },
    {
      type: 'tool-call',
      toolCallId: 'a',
      toolName: 'one',
      input: '{}',
      providerMetadata: { maker: { thoughtSignature: 't' } },
    },
    finish,
  );
  expect(answer.blocks.map(({ head, text: words, seal }) => [head.type, words, seal?.data])).toEqual([
    ['reasoning', 'hm', '{"maker":{"kind":"thinking","signature":"sig"}}'],
    ['reasoning', '', '{"maker":{"redactedData":"xyz"}}'],
    ['tool-call', '{}', '{"maker":{"thoughtSignature":"t"}}'],
  ]);
});

test('sources are remarks on the text they came with, or on the next one, or on one of their own', () => {
  const source = { type: 'source', sourceType: 'url', id: 's', url: 'https://example.org/', title: 'T' };
  const remark = { type: 'url', url: 'https://example.org/', title: 'T' };
  const [start, piece, end] = text('0', 'x');
  expect(read(start, piece, source, end, finish).answer.blocks[0]?.annotations).toEqual([remark]);
  expect(read(source, start, piece, end, finish).answer.blocks[0]?.annotations).toEqual([remark]);
  expect(read(start, piece, end, source, finish).answer.blocks[1]).toMatchObject({ text: '', annotations: [remark] });
});

test('pictures come as base64 whatever form they had; links, and what the provider did by itself, are kept as native', () => {
  const { answer } = read(
    { type: 'file', mediaType: 'image/png', data: new Uint8Array([1, 2, 3]) },
    { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AQID' } },
    { type: 'file', mediaType: 'image/png', data: { type: 'url', url: new URL('https://example.org/a.png') } },
    { type: 'tool-input-start', id: 'w', toolName: 'web', providerExecuted: true },
    { type: 'tool-input-delta', id: 'w', delta: '{' },
    { type: 'tool-call', toolCallId: 'w', toolName: 'web', input: '{}', providerExecuted: true },
    { type: 'tool-result', toolCallId: 'w', toolName: 'web', result: { found: 1 } },
    { type: 'something-new', value: 1 },
    { type: 'raw', rawValue: {} },
    finish,
  );
  expect(answer.blocks.map(({ head, audio }) => [head, audio])).toEqual([
    [{ type: 'media', media: 'image', format: 'png' }, ['AQID']],
    [{ type: 'media', media: 'image', format: 'png' }, ['AQID']],
  ]);
  expect(answer.natives).toHaveLength(4);
  expect(answer.finish?.reason).toBe('stop');
});

test('settings that a package left out are named as they are asked for', () => {
  const warnings = [
    { type: 'unsupported-setting', setting: 'topK' },
    { type: 'unsupported', feature: 'frequencyPenalty', details: 'no' },
    { type: 'other', message: 'words' },
  ];
  expect(read({ type: 'stream-start', warnings }, finish).lost).toEqual(['top_k', 'frequency_penalty']);
});

test.each([
  ['no finish at all', []],
  ['a finish without any reason of the provider', [{ type: 'finish', finishReason: { unified: 'other' }, usage: {} }]],
  ['an unknown reason of version 2', [{ type: 'finish', finishReason: 'unknown', usage: {} }]],
  ['an error as the reason', [{ type: 'finish', finishReason: { unified: 'error', raw: undefined }, usage: {} }]],
  ['an error part, although a finish follows', [{ type: 'error', error: { message: 'broke' } }, finish]],
])('%s is an error and never an end', (_, last) => {
  const { answer } = read(...text('0', 'Hel'), ...last);
  expect(answer.finish).toBeUndefined();
  expect(answer.error).toBeDefined();
});

test('a reason that only the provider knows is an end of its own', () => {
  const { answer } = read(...text('0', 'x'), { type: 'finish', finishReason: { unified: 'other', raw: 'weird' } });
  expect(answer.finish).toEqual({ reason: 'other', raw: 'weird' });
});

// Any mixture of parts, in any order, cut anywhere.
const id = fc.constantFrom('a', 'b', 'c');
const piece = fc.oneof(fc.string({ maxLength: 5 }), fc.constant(''));
const metadata = fc.option(fc.constant({ maker: { x: 1 } }), { nil: undefined });
const anyPart = fc.oneof(
  fc.record({
    type: fc.constantFrom('text-start', 'text-end', 'reasoning-start', 'reasoning-end'),
    id,
    providerMetadata: metadata,
  }),
  fc.record({ type: fc.constantFrom('text-delta', 'reasoning-delta', 'tool-input-delta'), id, delta: piece }),
  fc.record({
    type: fc.constantFrom('tool-input-start', 'tool-input-end'),
    id,
    toolName: piece,
    providerExecuted: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('tool-call'),
    toolCallId: id,
    toolName: piece,
    input: piece,
    providerExecuted: fc.boolean(),
  }),
  fc.record({ type: fc.constant('source'), sourceType: fc.constantFrom('url', 'document'), url: fc.webUrl() }),
  fc.record({ type: fc.constant('file'), mediaType: fc.constantFrom('image/png', 'text/plain'), data: piece }),
  fc.record({
    type: fc.constant('finish'),
    finishReason: fc.constantFrom('stop', 'unknown', { unified: 'length', raw: 'x' }),
  }),
  fc.anything(),
);

test('any parts in any order give events by the grammar and one terminal event, and no end that none of them told', () => {
  fc.assert(
    fc.property(fc.array(anyPart, { maxLength: 25 }), (parts) => {
      const { events, answer } = read(...parts);
      expect(events.filter(({ type }) => type === 'finish' || type === 'error')).toHaveLength(1);
      if (answer.finish !== undefined)
        expect(parts).toContainEqual(
          expect.objectContaining({ type: 'finish', finishReason: expect.anything() as unknown }),
        );
    }),
    { numRuns: 500 },
  );
});
