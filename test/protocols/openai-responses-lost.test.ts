import { expect, test } from 'vitest';
import type { Generation } from '../../src/model/request.ts';
import { dialect, protocol } from '../../src/protocols/openai-responses/index.ts';
import { carrySeal } from '../../src/protocols/seal-envelope.ts';
import { Peek } from '../support/peek.ts';
import { target } from './exchange.ts';

const plain: Generation = {
  task: 'generation',
  model: 'm',
  stream: false,
  turns: [{ role: 'user', blocks: [{ type: 'text', text: 'Hi' }] }],
  tools: [],
  sampling: { temperature: 1, topP: 1 },
  stop: [],
  native: { protocol: 'openai-chat', value: {} },
};

test('a request that can be said whole loses nothing', () => {
  expect(protocol.encodeRequest(plain, target()).lost).toBeUndefined();
});

test.each<[string, Partial<Generation>]>([
  ['top_k', { sampling: { topK: 5 } }],
  ['seed', { sampling: { seed: 1 } }],
  ['frequency_penalty', { sampling: { frequencyPenalty: 1 } }],
  ['presence_penalty', { sampling: { presencePenalty: 1 } }],
  ['cache_control', { turns: [{ role: 'user', blocks: [{ type: 'text', text: 'Hi', cache: {} }] }] }],
  ['cache_control', { tools: [{ type: 'function', name: 'f', cache: {} }] }],
  [
    'is_error',
    {
      turns: [
        { role: 'assistant', blocks: [{ type: 'tool-call', id: 'c', name: 'f', input: '{}' }] },
        {
          role: 'user',
          blocks: [{ type: 'tool-result', id: 'c', output: [{ type: 'text', text: 'no' }], failed: true }],
        },
      ],
    },
  ],
  [
    'native',
    { turns: [{ role: 'assistant', blocks: [{ type: 'native', native: { protocol: 'gemini', value: {} } }] }] },
  ],
])('%s is told as lost, once', (name, more) => {
  expect(protocol.encodeRequest({ ...plain, ...more }, target()).lost).toEqual([name]);
});

test("OR-59 reasoning that another format's maker sealed never reaches an upstream of this format", () => {
  const own = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gA==' };
  const foreign = carrySeal({ protocol: 'anthropic-messages', data: 'sig' }, 'openai-responses');
  const input = [{ ...own, id: 'rs_2', encrypted_content: foreign }, own, { role: 'user', content: 'Hi' }];
  const request = dialect.decodeRequest({ model: 'm', input });
  const blocks = request.task === 'generation' ? request.turns.flatMap((turn) => turn.blocks) : [];
  expect(blocks.flatMap((block) => ('seal' in block ? [block.seal] : []))).toEqual([
    { protocol: 'anthropic-messages', data: 'sig' },
    { protocol: 'openai-responses', data: 'gA==' },
  ]);
  const { body } = protocol.encodeRequest(request, target());
  expect(Peek.parse(String(body)).at('input').value).toEqual(input.slice(1));
  expect(protocol.patch(request, target())['input']).toEqual(input.slice(1));
});
