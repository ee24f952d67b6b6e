import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import { protocol } from '../../src/protocols/anthropic-messages/index.ts';
import { decodeRequest } from '../../src/protocols/anthropic-messages/request-read.ts';
import {
  start,
  open,
  delta,
  close,
  last,
  STOP,
  read,
  PLAIN,
  textBlock,
  callBlock,
} from './anthropic-messages-bench.ts';
import { decoded, fixture, framesOf, streamOf } from './exchange.ts';

const request = decodeRequest(PLAIN);

describe('blocks', () => {
  test('FM-13 a call without arguments has the empty object', () => {
    const { blocks } = read(start(), ...callBlock(0, ''), ...callBlock(1), last('tool_use'), STOP);
    expect(blocks.map((block) => block.text)).toEqual(['{}', '{}']);
  });

  test('FM-13 input that stands in the opener is not lost, and not doubled', () => {
    const opener = { type: 'tool_use', id: 'toolu_0', name: 'f', input: { a: 1 } };
    expect(read(start(), open(0, opener), close(0), last('tool_use'), STOP).blocks[0]?.text).toBe('{"a":1}');
    const streamed = delta(0, { type: 'input_json_delta', partial_json: '{"a":1}' });
    expect(read(start(), open(0, opener), streamed, close(0), last('tool_use'), STOP).blocks[0]?.text).toBe('{"a":1}');
  });

  test('CC-18 ids that clients refuse, or that come twice, are made anew', () => {
    const twice = { type: 'tool_use', id: 'bad id', name: 'f', input: {} };
    const { blocks } = read(start(), open(0, twice), close(0), open(1, twice), close(1), last('tool_use'), STOP);
    expect(blocks.map(({ head }) => (head.type === 'tool-call' ? head.id : ''))).toEqual(['toolu_0', 'toolu_1']);
  });

  test('UP-08 a call without a name is an error', () => {
    const { error } = read(start(), open(0, { type: 'tool_use', id: 'a' }), close(0), last('tool_use'), STOP);
    expect(error?.message).toContain('without naming');
  });

  test('MS-05 FM-14 thinking, its signature and what is redacted are kept apart', () => {
    const { blocks } = read(
      start(),
      open(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'signature_delta', signature: 'c2ln' }),
      close(0),
      open(1, { type: 'redacted_thinking', data: 'aGlk' }),
      close(1),
      ...textBlock(2, 'a'),
      last('end_turn'),
      STOP,
    );
    expect(blocks.map(({ head, seal }) => [head.type, seal?.data])).toEqual([
      ['reasoning', 'c2ln'],
      ['reasoning', 'redacted:aGlk'],
      ['text', undefined],
    ]);
  });

  test.each([
    ['thinking in text', { type: 'text', text: '' }, { type: 'thinking_delta', thinking: 'x' }],
    ['input in text', { type: 'text', text: '' }, { type: 'input_json_delta', partial_json: '{}' }],
    ['text in a call', { type: 'tool_use', id: 'a', name: 'f', input: {} }, { type: 'text_delta', text: 'x' }],
    ['citations in thinking', { type: 'thinking', thinking: '' }, { type: 'citations_delta' }],
  ])('MS-02 a piece that fits no block is an error: %s', (_case, block, piece) => {
    const answer = read(start(), open(0, block), delta(0, piece), close(0), last('end_turn'), STOP);
    expect(answer.error?.message).toContain('fits no block');
  });

  test('UP-08 blocks that nobody opened are opened by what they say', () => {
    const said = delta(0, { type: 'text_delta', text: 'a' });
    const thought = delta(1, { type: 'thinking_delta', thinking: 'b' });
    expect(
      read(start(), said, thought, last('end_turn'), STOP).blocks.map(({ head, text: t }) => [head.type, t]),
    ).toEqual([
      ['text', 'a'],
      ['reasoning', 'b'],
    ]);
  });

  test('MS-06 what only the format knows is kept: blocks, deltas, events', () => {
    const { natives } = read(
      start(),
      open(0, { type: 'text', text: '' }),
      delta(0, { type: 'zzz_delta', mood: 'calm' }),
      close(0),
      open(1, { type: 'zzz', count: 1 }),
      delta(1, { type: 'zzz_delta', more: 'a' }),
      delta(1, { type: 'zzz_delta', more: 'b' }),
      close(1),
      { type: 'zzz.new', a: 1 },
      last('end_turn', {}, { stop_details: { type: 'x' } }),
      STOP,
    );
    expect(natives.map(({ value }) => value)).toEqual([
      { type: 'content_block_delta', index: 0, delta: { type: 'zzz_delta', mood: 'calm' } },
      { type: 'content_block', index: 1, content_block: { type: 'zzz', count: 1, more: 'ab' } },
      { type: 'zzz.new', a: 1 },
      { type: 'message_delta', delta: { stop_details: { type: 'x' } } },
    ]);
  });

  test('MS-06 a citation of the web has its address, any other is kept as it came', () => {
    const { blocks } = collect(
      decoded(protocol, request, streamOf(framesOf(fixture('anthropic-messages/server-tool/streamed.sse').toString()))),
    );
    expect(blocks.at(-1)?.annotations).toMatchObject([
      { type: 'url', url: 'https://example.com/bergen', title: 'Bergen' },
      { type: 'native', native: { value: { type: 'char_location' } } },
    ]);
  });
});
