import { describe, expect, test } from 'vitest';
import type { Block } from '../../src/model/block.ts';
import { asObject, parseJson } from '../../src/model/json.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Turn } from '../../src/model/request.ts';
import { protocol } from '../../src/protocols/anthropic-messages/index.ts';
import { decodeRequest as decodeChat } from '../../src/protocols/openai-chat/request-read.ts';
import { OLD, ask, to, writtenOf, write, says, call, result, TOOLS } from './anthropic-messages-bench.ts';
import { target } from './exchange.ts';

describe('the options', () => {
  test.each([
    ['claude-3-haiku-20240307', 4096],
    ['claude-3-5-sonnet-20241022', 8192],
    ['claude-3-7-sonnet-20250219', 64_000],
    ['claude-opus-4-20250514', 32_000],
    ['anthropic.claude-opus-4-1-20250805-v1:0', 32_000],
    ['claude-opus-4-5', 64_000],
    ['claude-haiku-4-5@20251001', 64_000],
    ['claude-sonnet-5', 64_000],
    ['deepseek-chat', 8192],
  ])('%s is asked for up to %i tokens when the client set no limit', (model, most) => {
    expect(write({}, to(model)).body['max_tokens']).toBe(most);
    expect(write({ max_tokens: 7 }, to(model)).body['max_tokens']).toBe(7);
  });

  test('tools, the choice among them, and whether several may be called at once', () => {
    const choice = (tool_choice: unknown, more: JsonObject = {}): unknown =>
      write({ tools: TOOLS, tool_choice: tool_choice as JsonObject, ...more }).body['tool_choice'];
    expect(write({ tools: TOOLS }).body['tools']).toEqual([
      { name: 'f', input_schema: { type: 'object', properties: {} } },
    ]);
    expect(write({ tools: TOOLS }).body['tool_choice']).toBeUndefined();
    expect(choice('required')).toEqual({ type: 'any' });
    expect(choice('none')).toEqual({ type: 'none' });
    expect(choice({ type: 'function', function: { name: 'f' } })).toEqual({ type: 'tool', name: 'f' });
    expect(choice('auto', { parallel_tool_calls: false })).toEqual({ type: 'auto', disable_parallel_tool_use: true });
    expect(write({ tools: TOOLS, parallel_tool_calls: false }).body['tool_choice']).toEqual({
      type: 'auto',
      disable_parallel_tool_use: true,
    });
  });

  test.each([
    ['low', 2048],
    ['medium', 8192],
    ['high', 16_384],
    ['xhigh', 32_768],
  ])('the effort %s is a budget up to 4.5 and an effort later', (reasoning_effort, budget_tokens) => {
    expect(write({ reasoning_effort }).body).toMatchObject({ thinking: { type: 'enabled', budget_tokens } });
    expect(write({ reasoning_effort }, to('claude-opus-4-8')).body).toMatchObject({
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: reasoning_effort },
    });
  });

  test('a budget becomes the effort that is worth as much, and none stays none', () => {
    const budget = (tokens: number, model: string): JsonObject =>
      writtenOf({ ...ask(), reasoning: { budget: tokens } }, to(model)).body;
    expect(budget(10_000, 'claude-sonnet-5')['output_config']).toEqual({ effort: 'high' });
    expect(budget(1024, 'claude-sonnet-5')['output_config']).toEqual({ effort: 'low' });
    expect(budget(-1, 'claude-sonnet-5')).not.toHaveProperty('output_config');
    expect(budget(-1, OLD)['thinking']).toEqual({ type: 'enabled', budget_tokens: 8192 });
    for (const model of [OLD, 'claude-sonnet-5']) expect(budget(0, model)).not.toHaveProperty('thinking');
    expect(write({ reasoning_effort: 'none' }).body).not.toHaveProperty('thinking');
  });

  test('the limit exceeds the budget, or there is no thinking', () => {
    expect(write({ reasoning_effort: 'high', max_tokens: 4000 }).body['thinking']).toEqual({
      type: 'enabled',
      budget_tokens: 3200,
    });
    const small = write({ reasoning_effort: 'high', max_tokens: 1000 });
    expect([small.body['thinking'], small.lost]).toEqual([undefined, ['reasoning']]);
    expect(write({ reasoning_effort: 'high' }, to('claude-3-haiku-20240307')).lost).toEqual(['reasoning']);
  });

  test('what does not go with thinking gives way: temperature and top_k to it, and it to a call that must be made', () => {
    const sampling = { temperature: 0.2, top_p: 0.5 };
    const thinks = write({ reasoning_effort: 'low', ...sampling });
    expect([thinks.body['temperature'], thinks.body['top_p'], thinks.lost]).toEqual([
      undefined,
      undefined,
      ['temperature', 'top_p'],
    ]);
    const forced = write({ reasoning_effort: 'low', tools: TOOLS, tool_choice: 'required' });
    expect([forced.body['thinking'], forced.lost]).toEqual([undefined, ['reasoning']]);
    expect(
      write({ reasoning_effort: 'low', tools: TOOLS, tool_choice: 'required' }, to('claude-opus-4-8')).body,
    ).toMatchObject({
      output_config: { effort: 'low' },
    });
  });

  test('FM-14 a model that thinks by budget cannot begin to think while it waits for results', () => {
    const turns: Turn[] = [
      { role: 'user', blocks: [says('a')] },
      { role: 'assistant', blocks: [call('x')] },
      { role: 'user', blocks: [result('x')] },
    ];
    const late = { ...ask(), turns, reasoning: { effort: 'low' } };
    expect(writtenOf(late).lost).toEqual(['reasoning']);
    const thought: Block = { type: 'reasoning', text: 'why', seal: { protocol: 'anthropic-messages', data: 'c2ln' } };
    const began = turns.map((turn) =>
      turn.role === 'assistant' ? { ...turn, blocks: [thought, ...turn.blocks] } : turn,
    );
    expect(writtenOf({ ...late, turns: began }).body['thinking']).toMatchObject({ type: 'enabled' });
    expect(writtenOf(late, to('claude-opus-4-8')).body['thinking']).toMatchObject({ type: 'adaptive' });
  });

  test('sampling stays within what a family takes', () => {
    expect(write({ temperature: 1.7 }).body['temperature']).toBe(1);
    expect(write({ temperature: 0.5, top_p: 0.9 }).lost).toEqual(['top_p']);
    expect(write({ temperature: 0.5, top_p: 0.9 }, to('claude-opus-4-20250514')).body).toMatchObject({
      temperature: 0.5,
      top_p: 0.9,
    });
    const none = write({ temperature: 0.5, top_p: 0.9 }, to('claude-opus-4-7'));
    expect([none.body['temperature'], none.lost]).toEqual([undefined, ['temperature', 'top_p']]);
    expect(write({ temperature: 1 }, to('claude-opus-4-7')).lost).toBeUndefined();
  });

  test('UP-10 a number leaves as it was written', () => {
    const body =
      asObject(parseJson('{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":0.50}')) ?? {};
    expect(String(protocol.encodeRequest(decodeChat(body), to()).body)).toContain('"temperature":0.50');
  });

  test('what has no words here is named, and the rest is said', () => {
    const { body, lost } = write({
      seed: 7,
      frequency_penalty: 0.5,
      presence_penalty: 0,
      logprobs: true,
      stop: ['END', '\n'],
      user: 'u',
      service_tier: 'flex',
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
    });
    expect(lost).toEqual([
      'frequency_penalty',
      'seed',
      'logprobs',
      'metadata',
      'prompt_cache_key',
      'stop_sequences',
      'service_tier',
    ]);
    expect(body).toMatchObject({ stop_sequences: ['END'], metadata: { user_id: 'u' } });
    expect(write({ service_tier: 'default' }).body['service_tier']).toBe('standard_only');
  });
});

describe('an answer in a form', () => {
  const schema = { type: 'object', properties: { a: { type: 'object', properties: {} } } };
  const response_format = { type: 'json_schema', json_schema: { name: 'my form', schema } };
  const noSchema = { schemaOutput: 'tool' } as const;

  test('is asked for natively, with every object closed', () => {
    expect(write({ response_format }).body['output_config']).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: { a: { type: 'object', properties: {}, additionalProperties: false } },
          additionalProperties: false,
        },
      },
    });
  });

  test('is asked for through a tool where the target knows no other way', () => {
    const where = { ...target(true, noSchema), model: OLD };
    const { body } = write({ response_format, reasoning_effort: 'low' }, where);
    expect(body).toMatchObject({
      tools: [{ name: 'my_form', input_schema: schema }],
      tool_choice: { type: 'tool', name: 'my_form', disable_parallel_tool_use: true },
    });
    expect(body).not.toHaveProperty('thinking');
    expect(write({ response_format, tools: TOOLS }, where).body['tool_choice']).toMatchObject({ type: 'any' });
    const same = { type: 'json_schema', json_schema: { name: 'f', schema } };
    expect(write({ response_format: same, tools: TOOLS }, where).body['tools']).toMatchObject([
      { name: 'f' },
      { name: 'f_answer' },
    ]);
  });

  test('is asked for in words where there is no schema', () => {
    expect(write({ response_format: { type: 'json_object' } }).body['system']).toMatch(/JSON/);
  });
});
