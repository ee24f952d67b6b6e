import fc from 'fast-check';
import { expect, test } from 'vitest';

import { collect } from '../../src/model/completion.ts';
import { countTokens, tokensOf } from '../../src/sandbox/tokenizer.ts';
import { asking, eventsOf } from './run.ts';

const unicode = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.string({
    unit: fc.constantFrom('é', 'e\u0301', '日', '\u2028', '\u0085', '👩‍👩‍👧', '🇳🇱', ' ', 'word', '\r', '\n'),
    minLength: 1,
  }),
);

test('echo gives back any text exactly, and counts each delta as a token', async () => {
  await fc.assert(
    fc.asyncProperty(unicode, async (text) => {
      const events = await eventsOf('echo', asking(text));
      const { blocks, usage, finish } = collect(events);
      expect(blocks.map((block) => block.text)).toEqual([text]);
      expect(events.filter((event) => event.type === 'text-delta')).toHaveLength(countTokens(text));
      expect(usage).toMatchObject({ input: countTokens(text), output: countTokens(text), reasoning: 0 });
      expect(finish).toEqual({ reason: 'stop' });
    }),
  );
});

test('tokens join to the text and split no surrogate pair, emoji sequence or letter from its marks', () => {
  fc.assert(fc.property(unicode, (text) => [...tokensOf(text)].join('') === text));
  expect([...tokensOf('né e\u0301t 日本 👩‍👩‍👧🇳🇱\u2028x\r\n')]).toEqual([
    'né',
    ' e\u0301t',
    ' ',
    '日',
    '本',
    ' ',
    '👩‍👩‍👧',
    '🇳🇱',
    '\u2028',
    'x',
    '\r\n',
  ]);
});

test('tokens=N makes an answer of exactly N tokens', async () => {
  await fc.assert(
    fc.asyncProperty(unicode, fc.integer({ min: 1, max: 300 }), async (text, tokens) => {
      const { blocks, usage } = collect(await eventsOf(`echo:tokens=${tokens}`, asking(text)));
      expect(usage?.output).toBe(tokens);
      expect(countTokens(blocks[0]?.text ?? '')).toBe(tokens);
    }),
  );
});

test('the answer ends at the token limit with length, reasoning included', async () => {
  const cut = collect(await eventsOf('echo', asking('one two three four', { maxTokens: 2 })));
  expect(cut).toMatchObject({
    finish: { reason: 'length' },
    usage: { output: 2 },
    blocks: [{ text: 'one two', closed: true }],
  });
  const thinking = collect(await eventsOf('reason:reasoning=5', asking('one two three', { maxTokens: 6 })));
  expect(thinking).toMatchObject({ finish: { reason: 'length' }, usage: { output: 1, reasoning: 5 } });
  const exact = collect(await eventsOf('echo', asking('one two', { maxTokens: 2 })));
  expect(exact.finish).toEqual({ reason: 'stop' });
});

test('the answer ends before the first stop sequence and names it', async () => {
  const { blocks, finish } = collect(
    await eventsOf('echo', asking('count one two three', { stop: ['three', 'two', ''] })),
  );
  expect(blocks[0]?.text).toBe('count one ');
  expect(finish).toEqual({ reason: 'stop-sequence', stopSequence: 'two' });
});

test('each of n choices carries the whole answer and its own ending', async () => {
  const { blocks, finish, usage } = collect(await eventsOf('reason', asking('a b', { choices: 3 })));
  expect(
    blocks.filter((block) => block.head.type === 'text').map((block) => [block.head.choice ?? 0, block.text]),
  ).toEqual([
    [0, 'a b'],
    [1, 'a b'],
    [2, 'a b'],
  ]);
  expect(finish).toEqual({
    reason: 'stop',
    others: [
      { choice: 1, reason: 'stop' },
      { choice: 2, reason: 'stop' },
    ],
  });
  expect(usage?.output).toBe(6);
});

test('a legacy prompt list is answered prompt by prompt, and echo gives the prompt back uncounted', async () => {
  const native = { protocol: 'openai-completions', value: { prompt: ['one', 'two words'], echo: true } } as const;
  const { blocks, usage } = collect(await eventsOf('echo', asking('', { native, turns: [], choices: 4 })));
  expect(blocks.map((block) => block.text)).toEqual(['oneone', 'oneone', 'two wordstwo words', 'two wordstwo words']);
  expect(usage).toMatchObject({ input: 3, output: 6 });
});

test('a prompt of tokens is refused', async () => {
  const native = { protocol: 'openai-completions', value: { prompt: [1, 2, 3] } } as const;
  const events = await eventsOf('echo', asking('', { native, turns: [] }));
  expect(events).toMatchObject([{ type: 'error', error: { code: 'unsupported_parameter', param: 'prompt' } }]);
});

test('reason thinks before it answers, and summarises only when asked to', async () => {
  const kinds = async (model: string, reasoning: { effort?: string; summary?: string }): Promise<string[]> =>
    collect(await eventsOf(model, asking('é 日本 🎉', { reasoning }))).blocks.map((block) => block.head.type);
  expect(await kinds('reason', {})).toEqual(['reasoning', 'text']);
  expect(await kinds('reason', { summary: 'auto' })).toEqual(['reasoning', 'reasoning-summary', 'text']);
  expect(await kinds('reason', { effort: 'none' })).toEqual(['text']);
  expect(await kinds('reason:reasoning=0', {})).toEqual(['text']);
});

test('the notice is said before the answer', async () => {
  const { blocks } = collect(await eventsOf('echo', asking('hello'), { notice: 'No provider is configured.' }));
  expect(blocks[0]?.text).toBe('No provider is configured.\n\nhello');
});
