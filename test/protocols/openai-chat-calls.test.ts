import { describe, expect, test } from 'vitest';
import { dialect, protocol } from '../../src/protocols/openai-chat/index.ts';
import { decoded, folded, streamOf } from './exchange.ts';

const request = dialect.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });

/** The blocks of deltas that end with a finish reason: type or `name id`, and text. */
function blocksOf(deltas: readonly object[], finish = 'tool_calls'): (readonly [string, string])[] {
  const frames = [...deltas, {}].map((delta, at) => ({
    data: JSON.stringify({ choices: [{ index: 0, delta, finish_reason: at === deltas.length ? finish : null }] }),
  }));
  return folded(decoded(protocol, request, streamOf(frames))).blocks.map(({ head, text }) => [
    head.type === 'tool-call' ? `${head.name} ${head.id}` : head.type,
    text,
  ]);
}

const calls = (...entries: readonly object[]): object => ({ tool_calls: entries });
const fn = (name: string | undefined, input: unknown, more: object = {}): object => ({
  ...more,
  function: { name, arguments: input },
});

describe('tool calls as servers really send them', () => {
  test('FM-11 two ids in one delta without indices', () => {
    const delta = calls(fn('f', '{"a":1}', { id: 'x' }), fn('g', '{"b":2}', { id: 'y' }));
    expect(blocksOf([delta])).toEqual([
      ['f x', '{"a":1}'],
      ['g y', '{"b":2}'],
    ]);
  });

  test('FM-11 whole calls one after the other, all index 0 and without ids', () => {
    const deltas = [calls(fn('f', '{}', { index: 0 })), calls(fn('f', '{"b":2}', { index: 0 }))];
    expect(blocksOf(deltas)).toEqual([
      ['f call_0', '{}'],
      ['f call_1', '{"b":2}'],
    ]);
  });

  test('FM-11 interleaved fragments', () => {
    const deltas = [
      calls(fn('f', '', { index: 0, id: 'x' }), fn('g', '', { index: 3, id: 'y' })),
      calls(fn(undefined, '{"a"', { index: 0 })),
      calls(fn(undefined, '{"b"', { index: 3 })),
      calls(fn(undefined, ':1}', { index: 0 })),
      calls(fn(undefined, ':2}', { index: 3 })),
    ];
    expect(blocksOf(deltas)).toEqual([
      ['f x', '{"a":1}'],
      ['g y', '{"b":2}'],
    ]);
  });

  test('FM-11 a fresh id on every delta is still one call', () => {
    const deltas = [calls(fn('f', '{"a"', { index: 0, id: 'x' })), calls(fn(undefined, ':1}', { index: 0, id: 'z' }))];
    expect(blocksOf(deltas)).toEqual([['f x', '{"a":1}']]);
  });

  test('FM-12 text and a whole call in one delta', () => {
    expect(blocksOf([{ content: 'See: ', ...calls(fn('f', '{"a":1}', { index: 0, id: 'x' })) }])).toEqual([
      ['text', 'See: '],
      ['f x', '{"a":1}'],
    ]);
  });

  test.each<readonly [string, readonly object[]]>([
    ['in pieces', [calls(fn('get_', '', { index: 0, id: 'x' })), calls(fn('time', '{}', { index: 0 }))]],
    [
      'on every delta',
      [calls(fn('get_time', '{', { index: 0, id: 'x' })), calls(fn('get_time', '}', { index: 0, id: 'x' }))],
    ],
    [
      'before its id',
      [
        calls(fn('get_time', '', { index: 0 })),
        calls(fn(undefined, '', { index: 0, id: 'x' })),
        calls(fn(undefined, '{}', { index: 0 })),
      ],
    ],
    [
      'and an empty one later',
      [calls(fn('get_time', null, { index: 1, id: 'x' })), calls(fn('', '{}', { index: 1 })), { content: '' }],
    ],
  ])('CC-17 a name %s', (_what, deltas) => {
    expect(blocksOf(deltas)).toEqual([['get_time x', '{}']]);
  });

  test.each([undefined, null, ''])('CC-16 FM-13 arguments that are %j are the empty object', (input) => {
    expect(blocksOf([calls(fn('f', input, { index: 0, id: 'x' })), calls(fn(undefined, '', { index: 0 }))])).toEqual([
      ['f x', '{}'],
    ]);
  });

  test('CC-16 arguments pass as they were written, and as JSON where they came as an object', () => {
    const exact = '{"id":2512292042121000001, "x":1.0}';
    expect(blocksOf([calls(fn('f', exact, { id: 'x' }))])).toEqual([['f x', exact]]);
    expect(blocksOf([calls(fn('f', { a: 1 }, { id: 'x' }))])).toEqual([['f x', '{"a":1}']]);
  });

  test.each(['', 'no spaces please', 'x'.repeat(65)])(
    'CC-18 the id %j is replaced by one that every client accepts',
    (id) => {
      expect(blocksOf([calls(fn('f', '{}', { index: 0, id }))])).toEqual([['f call_0', '{}']]);
    },
  );

  test('CC-18 an id that is used twice is given once', () => {
    expect(blocksOf([calls(fn('f', '{}', { index: 0, id: 'x' }), fn('g', '{}', { index: 1, id: 'x' }))])).toEqual([
      ['f x', '{}'],
      ['g call_0', '{}'],
    ]);
  });

  test('FM-47 whole calls that each bring a finish reason are all read', () => {
    const frames = ['x', 'y'].map((id) => ({
      data: JSON.stringify({
        choices: [{ index: 0, delta: calls(fn('f', '{}', { index: 0, id })), finish_reason: 'tool_calls' }],
      }),
    }));
    expect(folded(decoded(protocol, request, streamOf(frames))).blocks).toHaveLength(2);
  });

  test('CC-29 the old function_call, streamed, and a custom call', () => {
    const deltas = [
      { function_call: { name: 'f', arguments: '' } },
      { function_call: { arguments: '{"a"' } },
      { function_call: { arguments: ':1}' } },
    ];
    expect(blocksOf(deltas, 'function_call')).toEqual([['f call_0', '{"a":1}']]);
    expect(blocksOf([{ function_call: { name: '', arguments: '' }, content: 'a' }], 'stop')).toEqual([['text', 'a']]);
    expect(blocksOf([calls({ id: 'x', type: 'custom', custom: { name: 'sum', input: '4 + 4' } })])).toEqual([
      ['sum x', '4 + 4'],
    ]);
  });
});
