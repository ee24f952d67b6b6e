import fc from 'fast-check';
import { expect, test } from 'vitest';

import { collect } from '../../src/model/completion.ts';
import type { EmbeddingRequest } from '../../src/model/request.ts';
import { asFloats } from '../../src/protocols/vectors.ts';
import { countTokens } from '../../src/sandbox/tokenizer.ts';
import { eventsOf } from './run.ts';

type Inputs = EmbeddingRequest['inputs'];

function embedding(inputs: Inputs, dimensions?: number): EmbeddingRequest {
  return {
    task: 'embedding',
    model: 'sandbox/embed',
    stream: false,
    inputs,
    encoding: 'float',
    ...(dimensions !== undefined && { dimensions }),
    native: { protocol: 'openai-embeddings', value: {} },
  };
}

async function vectors(inputs: Inputs, dimensions?: number): Promise<readonly number[][]> {
  const { blocks, finish } = collect(await eventsOf('embed', embedding(inputs, dimensions)));
  expect(finish).toEqual({ reason: 'stop' });
  return blocks.map(({ vector }) => asFloats(vector ?? '').map(Number));
}

test('EM-03 one vector of length 1 for each input, the same for the same input wherever it stands', async () => {
  const [one = [], two = [], again = [], ids = []] = await vectors(['a cat', 'a dog', 'a cat', [1, 2]]);
  expect(one).toHaveLength(256);
  expect(again).toEqual(one);
  for (const vector of [one, two, ids]) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  const likeness = one.reduce((sum, number, at) => sum + number * (two[at] ?? 0), 0);
  expect(Math.abs(likeness)).toBeLessThan(0.4);
  expect(await vectors(['[1,2]'])).not.toEqual([ids]);
});

test('EM-01 fewer dimensions are the beginning of more, at length 1 again', async () => {
  const [long = []] = await vectors(['text'], 1024);
  const [short = []] = await vectors(['text'], 3);
  const length = Math.hypot(...long.slice(0, 3));
  expect(short).toHaveLength(3);
  for (const [at, number] of short.entries()) expect(number).toBeCloseTo((long[at] ?? 0) / length, 5);
});

test('EM-01 more dimensions than there are is a refusal that names the field', async () => {
  const events = await eventsOf('embed', embedding(['text'], 4097));
  expect(events).toMatchObject([{ type: 'error', error: { kind: 'invalid_request', param: 'dimensions' } }]);
});

test('EM-03 tokens are counted exactly: of texts by the tokenizer, of token ids one each, and no output', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { maxLength: 5 }), async (texts) => {
      const { usage } = collect(await eventsOf('embed', embedding([...texts, [7, 8, 9]], 1)));
      const told = texts.reduce((sum, text) => sum + countTokens(text), 3);
      expect(usage).toMatchObject({ input: told, output: 0, reasoning: 0 });
    }),
    { numRuns: 50 },
  );
});

test('the options of a model name hold for embeddings too: a failure after one vector, a refusal, no counts', async () => {
  expect((await eventsOf('embed:fail=error@0', embedding(['a', 'b']))).at(-1)).toMatchObject({ type: 'error' });
  expect(await eventsOf('embed:status=429', embedding(['a']))).toMatchObject([{ type: 'error' }]);
  expect((await eventsOf('embed:usage=none', embedding(['a']))).some(({ type }) => type === 'usage')).toBe(false);
});

test('a task that no model of the sandbox has is refused by name', async () => {
  const native = { protocol: 'cohere-rerank', value: {} } as const;
  const events = await eventsOf('echo', { task: 'rerank', model: 'sandbox/echo', stream: false, native });
  expect(events).toMatchObject([{ type: 'error', error: { kind: 'invalid_request', param: 'model' } }]);
  expect(JSON.stringify(events)).toMatch(/no model that ranks documents/);
});
