import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { Seal } from '../../src/model/block.ts';
import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { dialect } from '../../src/protocols/anthropic-messages/index.ts';
import { decodeRequest } from '../../src/protocols/anthropic-messages/request-read.ts';
import {
  START,
  FINISH,
  PLAIN,
  said,
  REPLY,
  opened,
  input,
  callHead,
  ended,
  written,
  told,
  blocksTold,
} from './anthropic-messages-bench.ts';

describe('seals', () => {
  const foreign: Seal = { protocol: 'gemini', data: 'c2lnbg==/+é' };
  const back = (blocks: readonly JsonObject[]): unknown =>
    decodeRequest({ ...PLAIN, messages: [{ role: 'assistant', content: blocks }] }).turns[0]?.blocks;

  /** The blocks as a client gives them back. */
  function echoed(events: readonly Event[]): readonly JsonObject[] {
    return told(events).blocks.map(({ type, head, text, json, signature }): JsonObject => {
      const { value } = head;
      const kept = typeof value === 'object' ? (JSON.parse(JSON.stringify(value)) as JsonObject) : {};
      if (type === 'text') return { ...kept, text };
      if (type === 'thinking') return { ...kept, thinking: text, signature: signature ?? '' };
      return type === 'tool_use' ? { ...kept, input: JSON.parse(json) as JsonObject } : kept;
    });
  }
  const wholeOf = (events: readonly Event[]): readonly JsonObject[] =>
    (JSON.parse(String(dialect.encodeWhole(collect(events), REPLY).body)) as { content: readonly JsonObject[] })
      .content;

  test.each([
    ['a signature of its own', { protocol: 'anthropic-messages', data: 'c2ln' }, 'thinking'],
    ["another format's seal", foreign, 'thinking'],
  ] as const)('MS-05 FM-14 thinking under %s comes back as it was', (_case, seal, type) => {
    const events = [START, ...said('why', 0, 'reasoning', seal), ...said('a', 1), FINISH];
    for (const blocks of [echoed(events), wholeOf(events)]) {
      expect(blocks[0]?.['type']).toBe(type);
      expect(back(blocks)).toEqual([
        { type: 'reasoning', text: 'why', seal },
        { type: 'text', text: 'a' },
      ]);
    }
  });

  test.each([
    ['a signature of its own', { protocol: 'anthropic-messages', data: 'c2ln' }, 'thinking'],
    ['what was redacted', { protocol: 'anthropic-messages', data: 'redacted:aGlk' }, 'redacted_thinking'],
    ["another format's seal", foreign, 'redacted_thinking'],
  ] as const)('MS-05 FM-14 thinking without text under %s comes back as it was', (_case, seal, type) => {
    const events = [START, ...said('', 0, 'reasoning', seal), ...said('a', 1), FINISH];
    for (const blocks of [echoed(events), wholeOf(events)]) {
      expect(blocks[0]?.['type']).toBe(type);
      expect(back(blocks)).toEqual([
        { type: 'reasoning', text: '', seal },
        { type: 'text', text: 'a' },
      ]);
    }
  });

  test('FM-15 the seal of a call stands before it, and comes back on it alone', () => {
    const events = [
      START,
      ...said('', 0, 'reasoning', { protocol: 'openai-responses', data: 'enc' }),
      opened(1, callHead(1)),
      input(1, '{"a":1}'),
      ended(1, foreign),
      opened(2, callHead(2)),
      input(2, '{}'),
      ended(2),
      { type: 'finish', reason: 'tool-calls' } as const,
    ];
    for (const blocks of [echoed(events), wholeOf(events)]) {
      expect(blocks.map(({ type }) => type)).toEqual([
        'redacted_thinking',
        'redacted_thinking',
        'tool_use',
        'tool_use',
      ]);
      expect(back(blocks)).toEqual([
        { type: 'reasoning', text: '', seal: { protocol: 'openai-responses', data: 'enc' } },
        { type: 'tool-call', id: 'call_1', name: 'f1', input: '{"a":1}', seal: foreign },
        { type: 'tool-call', id: 'call_2', name: 'f2', input: '{}' },
      ]);
    }
  });

  test('FM-15 the seal of a call that was shown in pieces cannot be told, and is counted', () => {
    const events = [START, opened(0, callHead(0)), input(0, '{"a"'), input(0, ':1}'), ended(0, foreign), FINISH];
    expect(written(events).lost).toBe(1);
    expect(blocksTold(events)).toEqual([['tool_use', '{"a":1}']]);
  });
});
