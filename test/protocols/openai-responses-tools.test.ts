import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { dialect } from '../../src/protocols/openai-responses/index.ts';
import { finalOf, replyTo, written } from './openai-responses-bench.ts';

const tools = ['a', 'b'].map((name) => ({ type: 'function', name }));
const allowed = (mode?: string): JsonObject => ({
  type: 'allowed_tools',
  tools: [{ type: 'function', name: 'a' }],
  ...(mode !== undefined && { mode }),
});
const asking = (choice: JsonObject | string): JsonObject => ({ model: 'm', input: 'Hi', tools, tool_choice: choice });

function answer(...names: readonly string[]): Event[] {
  const blocks = names.flatMap((name, index): Event[] => [
    {
      type: 'block-start',
      index,
      block: name === 'text' ? { type: 'text' } : { type: 'tool-call', id: `call_${index}`, name },
    },
    name === 'text'
      ? { type: 'text-delta', index, text: 'Well.' }
      : { type: 'input-delta', index, json: `{"n":${index}}` },
    { type: 'block-end', index },
  ]);
  return [
    { type: 'start', id: 'up', model: 'up' },
    ...blocks,
    { type: 'finish', reason: names.some((name) => name !== 'text') ? 'tool-calls' : 'stop' },
  ];
}

function outputs(choice: JsonObject | string, ...names: readonly string[]): unknown {
  const { events, text } = written(answer(...names), replyTo(asking(choice)));
  expect(text).not.toContain('"name":"b","arguments"');
  const response = finalOf(events);
  return response.at('error').given
    ? response.at('error', 'code').text
    : response.at('output').list.map((item) => item.at('name').text || item.at('type').text);
}

describe('calls that the request did not allow', () => {
  test('OR-51 OR-52 OR-53 only the allowed call appears', () => {
    expect(outputs(allowed(), 'b', 'a')).toEqual(['a']);
    expect(outputs(allowed(), 'text', 'b')).toEqual(['message']);
    expect(outputs('none', 'text', 'a')).toEqual(['message']);
  });

  test('OR-52 nothing left of the turn is a failure', () => {
    expect(outputs(allowed(), 'b')).toBe('tool_not_allowed');
    expect(outputs('none', 'a')).toBe('tool_not_allowed');
  });

  test('OR-54 a required call that was suppressed is a failure, whatever else was said', () => {
    expect(outputs(allowed('required'), 'text', 'b')).toBe('tool_not_allowed');
    expect(outputs(allowed('required'), 'a', 'b')).toEqual(['a']);
  });

  test('OR-51 the whole answer obeys too', () => {
    const reply = replyTo(asking(allowed()));
    const { body } = dialect.encodeWhole(collect(answer('b', 'a')), reply);
    expect(body.toString()).toContain('"arguments":"{\\"n\\":1}"');
    expect(body.toString()).not.toContain('{\\"n\\":0}');
    expect(() => dialect.encodeWhole(collect(answer('b')), reply)).toThrow("the tool 'b'");
  });

  test('OR-51 without a restriction every call appears', () => {
    expect(outputs('auto', 'text', 'a')).toEqual(['message', 'a']);
  });
});

test('a custom tool call is shown as such only to who brought custom tools', () => {
  const events: Event[] = [
    { type: 'start', id: 'up', model: 'up' },
    { type: 'block-start', index: 0, block: { type: 'tool-call', id: 'call_1', name: 'sql', custom: true } },
    { type: 'input-delta', index: 0, json: 'SELECT 1' },
    { type: 'block-end', index: 0 },
    { type: 'finish', reason: 'tool-calls' },
  ];
  const custom = finalOf(written(events).events).at('output', 0);
  expect(custom.value).toMatchObject({ type: 'custom_tool_call', name: 'sql', input: 'SELECT 1', call_id: 'call_1' });
  expect(finalOf(written(events, replyTo(asking('auto'))).events).at('output', 0, 'type').text).toBe('function_call');
});
