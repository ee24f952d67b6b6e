import { describe, expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { GatewayError } from '../../src/model/errors.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Generation } from '../../src/model/request.ts';
import { dialect, protocol } from '../../src/protocols/openai-chat/index.ts';
import type { Target } from '../../src/protocols/codec.ts';
import { target } from './exchange.ts';

const user: JsonObject = { role: 'user', content: 'hi' };
const read = (more: JsonObject): Generation =>
  dialect.decodeRequest({ model: 'm', messages: [user], ...more }) as Generation;
const turns = (...messages: readonly JsonObject[]): Generation['turns'] => read({ messages }).turns;
const write = (request: Generation, to: Target = target(false)): unknown =>
  JSON.parse(String(protocol.encodeRequest(request, to).body));
/** The same request as if it had come in another format: it must be translated. */
const foreign = (request: Generation): Generation => ({
  ...request,
  native: { protocol: 'openai-responses', value: {} },
});

function refusal(attempt: () => unknown): GatewayError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof GatewayFailure) return error.error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('a request that is read', () => {
  test.each<readonly [JsonObject, string, string]>([
    [{ messages: [user] }, 'model', 'missing_required_parameter'],
    [{ model: '', messages: [user] }, 'model', 'missing_required_parameter'],
    [{ model: 'm' }, 'messages', 'missing_required_parameter'],
    [{ model: 'm', messages: [] }, 'messages', 'empty_array'],
    [{ model: 'm', messages: 'hi' }, 'messages', 'invalid_value'],
    [{ model: 'm', messages: ['hi'] }, 'messages[0]', 'invalid_value'],
    [{ model: 'm', messages: [{ content: 'hi' }] }, 'messages[0].role', 'missing_required_parameter'],
    [{ model: 'm', messages: [user, { role: 'bard', content: 'hi' }] }, 'messages[1].role', 'invalid_value'],
    [{ model: 'm', messages: [{ role: 'user' }] }, 'messages[0].content', 'missing_required_parameter'],
    [
      { model: 'm', messages: [{ role: 'user', content: [{ text: 'a' }] }] },
      'messages[0].content[0].type',
      'missing_required_parameter',
    ],
    [
      { model: 'm', messages: [{ role: 'user', content: [{ type: 'text', text: 1 }] }] },
      'messages[0].content[0].text',
      'invalid_value',
    ],
    [
      { model: 'm', messages: [{ role: 'tool', content: 'a' }] },
      'messages[0].tool_call_id',
      'missing_required_parameter',
    ],
    [{ model: 'm', messages: [user], n: 0 }, 'n', 'invalid_value'],
    [{ model: 'm', messages: [user], max_tokens: 0 }, 'max_tokens', 'invalid_value'],
    [{ model: 'm', messages: [user], temperature: 'hot' }, 'temperature', 'invalid_value'],
    [{ model: 'm', messages: [user], stop: [1] }, 'stop[0]', 'invalid_value'],
    [{ model: 'm', messages: [user], stream: 'yes' }, 'stream', 'invalid_value'],
    [
      { model: 'm', messages: [user], tools: [{ type: 'function' }] },
      'tools[0].function',
      'missing_required_parameter',
    ],
    [{ model: 'm', messages: [user], tool_choice: 'maybe' }, 'tool_choice', 'invalid_value'],
    [{ model: 'm', messages: [user], response_format: { type: 'yaml' } }, 'response_format.type', 'invalid_value'],
  ])('CC-29 %j is refused at %s', (body, param, code) => {
    expect(refusal(() => dialect.decodeRequest(body))).toMatchObject({ kind: 'invalid_request', param, code });
  });

  test('CC-29 every role, in its order; neighbouring tool results share a turn', () => {
    const calls = [{ id: 'x', type: 'function', function: { name: 'f', arguments: '' } }];
    const messages = [
      { role: 'system', content: 's' },
      { role: 'developer', content: [{ type: 'text', text: 'd' }] },
      { ...user, name: 'Ann' },
      { role: 'assistant', content: null, refusal: 'no', reasoning_content: 'r', tool_calls: calls },
      { role: 'tool', tool_call_id: 'x', content: 'one' },
      { role: 'tool', tool_call_id: 'y', content: [{ type: 'text', text: 'two' }] },
      user,
    ];
    expect(turns(...messages)).toEqual([
      { role: 'system', blocks: [{ type: 'text', text: 's' }] },
      { role: 'developer', blocks: [{ type: 'text', text: 'd' }] },
      { role: 'user', blocks: [{ type: 'text', text: 'hi' }], name: 'Ann' },
      {
        role: 'assistant',
        blocks: [
          { type: 'reasoning', text: 'r' },
          { type: 'refusal', text: 'no' },
          { type: 'tool-call', id: 'x', name: 'f', input: '{}' },
        ],
      },
      {
        role: 'user',
        blocks: [
          { type: 'tool-result', id: 'x', output: [{ type: 'text', text: 'one' }], failed: false },
          { type: 'tool-result', id: 'y', output: [{ type: 'text', text: 'two' }], failed: false },
        ],
      },
      { role: 'user', blocks: [{ type: 'text', text: 'hi' }] },
    ]);
  });

  test('CC-29 a legacy function result finds its call by name', () => {
    const asked = { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a":1}' } };
    const [call, result] = turns(asked, { role: 'function', name: 'f', content: 'r' }).map(({ blocks }) => blocks[0]);
    expect(call).toMatchObject({ type: 'tool-call', name: 'f', input: '{"a":1}' });
    expect(result).toMatchObject({ type: 'tool-result', id: call?.type === 'tool-call' ? call.id : undefined });
    expect(read({ functions: [{ name: 'f' }], function_call: { name: 'f' } })).toMatchObject({
      tools: [{ type: 'function', name: 'f' }],
      toolChoice: { type: 'tool', name: 'f' },
    });
  });

  test.each<readonly [JsonObject | string, object]>([
    ['none', { type: 'none' }],
    ['required', { type: 'required' }],
    [
      { type: 'function', function: { name: 'f' } },
      { type: 'tool', name: 'f' },
    ],
    [
      { type: 'custom', custom: { name: 'f' } },
      { type: 'tool', name: 'f' },
    ],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'f' } }] },
      },
      { type: 'allowed', names: ['f'], mode: 'required' },
    ],
  ])('CC-19 tool_choice %j is read, and written back when translated', (choice, meaning) => {
    const request = read({ tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: choice });
    expect(request.toolChoice).toEqual(meaning);
    const named = typeof choice === 'object' && choice['type'] === 'custom';
    expect(write(foreign(request))).toMatchObject({
      tool_choice: named ? { type: 'function', function: { name: 'f' } } : choice,
    });
  });
});
