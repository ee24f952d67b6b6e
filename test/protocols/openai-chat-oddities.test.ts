import { describe, expect, test } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import type { Usage } from '../../src/model/usage.ts';
import { dialect, protocol } from '../../src/protocols/openai-chat/index.ts';
import { decoded, folded, streamOf } from './exchange.ts';

const request = dialect.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
const chunk = (delta: object | undefined, finish: string | null = null, more: object = {}): object => ({
  id: 'c',
  created: 1,
  model: 'up',
  choices: [{ index: 0, ...(delta !== undefined && { delta }), finish_reason: finish }],
  ...more,
});
const DONE = '[DONE]';
const read = (payloads: readonly (object | string)[]): Event[] => {
  const frames = payloads.map((data) => ({ data: typeof data === 'string' ? data : JSON.stringify(data) }));
  return decoded(protocol, request, streamOf(frames));
};
const texts = (payloads: readonly (object | string)[]): (readonly [string, string])[] =>
  folded(read(payloads)).blocks.map(({ head, text }) => [head.type, text]);
const usageOf = (usage: object): Partial<Usage> | undefined =>
  folded(read([chunk({ content: 'a' }, 'stop', { usage })])).usage;

describe('what upstreams do to text', () => {
  test('CC-20 FM-50 reasoning comes under three names and in two shapes, and ends where text begins', () => {
    const thought = [
      { reasoning_content: 'a' },
      { reasoning: 'b' },
      { reasoning_details: [{ type: 'reasoning.text', text: 'c' }] },
    ];
    const parts = {
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'd' }] },
        { type: 'text', text: 'e' },
      ],
    };
    const payloads = [
      ...thought,
      { reasoning: 'x', reasoning_details: [{ type: 'reasoning.text', text: 'x' }] },
      parts,
      { reasoning: 'f' },
      { content: 'g' },
    ];
    expect(texts([...payloads.map((delta) => chunk(delta)), chunk({}, 'stop')])).toEqual([
      ['reasoning', 'abcxd'],
      ['text', 'e'],
      ['reasoning', 'f'],
      ['text', 'g'],
    ]);
  });

  test('CC-21 an encrypted detail that comes last is handed on as a seal', () => {
    const data = { type: 'reasoning.encrypted', data: 'b3BhcXVl', index: 0 };
    const events = read([
      chunk({ content: 'a' }),
      chunk({ content: '', reasoning: null, reasoning_details: [data] }, 'stop'),
    ]);
    expect(events).toContainEqual({
      type: 'block-end',
      index: 1,
      seal: { protocol: 'openai-chat', data: JSON.stringify([data]) },
    });
  });

  test('CC-21 details whose plain text is left out on purpose are handed on whole', () => {
    const detail = { type: 'reasoning.text', text: 'secret', format: 'x' };
    const events = read([chunk({ reasoning: null, reasoning_details: [detail] }), chunk({ content: 'a' }, 'stop')]);
    expect(events).toContainEqual({
      type: 'block-end',
      index: 1,
      seal: { protocol: 'openai-chat', data: JSON.stringify([detail]) },
    });
  });

  test('FM-46 the first id, model and time that are given count', () => {
    const payloads = [
      { id: '', model: '', created: 0, choices: [], prompt_filter_results: [] },
      chunk({ content: 'a' }),
      chunk({}, 'stop', { id: 'other' }),
    ];
    expect(read(payloads)[0]).toEqual({ type: 'start', id: 'c', model: 'up', created: 1 });
    expect(read([{ choices: [{ delta: { content: 'a' }, finish_reason: 'stop' }] }])[0]).toEqual({
      type: 'start',
      id: '',
      model: 'upstream-model',
    });
  });

  test('UP-03 FM-18 comments, null choices and choices without a delta say nothing', () => {
    const payloads = [
      ': WAIT',
      { choices: null },
      chunk(undefined),
      chunk({ content: 'a' }),
      chunk({ content: null, tool_calls: null }, 'stop'),
      DONE,
    ];
    expect(texts(payloads)).toEqual([['text', 'a']]);
  });

  test('§14 sources listed beside the answer become annotations of its text', () => {
    const more = {
      citations: ['https://example.org/a'],
      search_results: [{ url: 'https://example.org/a', title: 'A' }],
    };
    const events = read([chunk({ content: 'a' }, null, more), chunk({}, 'stop', more), chunk({}, 'stop', more)]);
    const annotation = { type: 'url', url: 'https://example.org/a', title: 'A' };
    expect(events.filter(({ type }) => type === 'annotation')).toEqual([{ type: 'annotation', index: 0, annotation }]);
  });
});

describe('usage', () => {
  test.each<readonly [string, readonly object[]]>([
    ['on the finish chunk', [chunk({ content: 'a' }, 'stop', { usage: { prompt_tokens: 3, completion_tokens: 2 } })]],
    [
      'on every chunk',
      [1, 2].map((n) =>
        chunk({ content: 'a' }, n === 2 ? 'stop' : null, { usage: { prompt_tokens: 3, completion_tokens: n } }),
      ),
    ],
    [
      'in a chunk of its own',
      [chunk({ content: 'a' }, 'stop'), { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }],
    ],
    [
      'with an empty delta',
      [
        chunk({ content: 'a' }, 'stop'),
        { choices: [{ delta: {} }], usage: { prompt_tokens: 3, completion_tokens: 2 } },
      ],
    ],
    [
      'without choices',
      [chunk({ content: 'a' }, 'stop'), { choices: null, usage: { prompt_tokens: 3, completion_tokens: 2 } }],
    ],
    [
      'under x_groq',
      [chunk({ content: 'a' }, 'stop', { x_groq: { usage: { prompt_tokens: 3, completion_tokens: 2 } } })],
    ],
    [
      'in the choice',
      [
        {
          choices: [
            { delta: { content: 'a' }, finish_reason: 'stop', usage: { prompt_tokens: 3, completion_tokens: 2 } },
          ],
        },
      ],
    ],
    [
      'followed by zeros',
      [
        chunk({ content: 'a' }, 'stop', { usage: { prompt_tokens: 3, completion_tokens: 2 } }),
        { usage: { prompt_tokens: 0, completion_tokens: 0 } },
      ],
    ],
  ])('FM-18 UP-08 %s', (_what, payloads) => {
    expect(folded(read([...payloads, DONE])).usage).toMatchObject({ input: 3, output: 2 });
  });

  test('CC-09 counters are disjoint, also where reasoning is counted beside the completion', () => {
    const details = {
      prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 1, audio_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 3 },
    };
    expect(usageOf({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, ...details })).toEqual({
      input: 3,
      cacheRead: 4,
      cacheWrite: 1,
      audioInput: 2,
      output: 2,
      reasoning: 3,
      audioOutput: 0,
    });
    expect(usageOf({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 18, ...details })).toMatchObject({
      output: 5,
      reasoning: 3,
    });
  });

  test('CC-09 more reasoning than completion is all of it, where the total says that it is inside', () => {
    const thought = { completion_tokens_details: { reasoning_tokens: 9 } };
    const usage = usageOf({ prompt_tokens: 1, completion_tokens: 5, total_tokens: 6, ...thought });
    expect(usage).toMatchObject({ output: 0, reasoning: 5 });
    expect(usageOf({ prompt_tokens: 1, completion_tokens: 5, ...thought })).toMatchObject({ output: 5, reasoning: 9 });
  });

  test.each([-1, '12', 1e308, 'many'])('U44 the impossible count %j is clamped and marked', (count) => {
    const usage = usageOf({ prompt_tokens: count, completion_tokens: 2 });
    expect(usage).toMatchObject({ output: 2, suspect: true });
    expect(usage?.input).toBeGreaterThanOrEqual(0);
    expect(usage?.input).toBeLessThan(1e9);
  });
});
