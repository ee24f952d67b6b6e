import { describe, expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import { parseJson } from '../../src/model/json.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Generation } from '../../src/model/request.ts';
import { dialect, protocol } from '../../src/protocols/openai-responses/index.ts';
import { Peek } from '../support/peek.ts';
import { target } from './exchange.ts';

const plain: Generation = {
  task: 'generation',
  model: 'm',
  stream: true,
  turns: [{ role: 'user', blocks: [{ type: 'text', text: 'Hi' }] }],
  tools: [],
  sampling: {},
  stop: [],
  native: { protocol: 'openai-chat', value: {} },
};

const seal = { protocol: 'openai-responses', data: 'sealed' } as const;
const TURNS: Generation['turns'] = [
  { role: 'developer', blocks: [{ type: 'text', text: 'Be brief.' }] },
  {
    role: 'user',
    blocks: [
      { type: 'text', text: 'Look' },
      {
        type: 'media',
        media: 'image',
        source: { type: 'base64', data: 'AAAA', mimeType: 'image/gif' },
        detail: 'low',
      },
      { type: 'media', media: 'document', source: { type: 'base64', data: 'BBBB' }, name: 'a.pdf' },
      { type: 'media', media: 'audio', source: { type: 'base64', data: 'CCCC' }, format: 'mp3' },
    ],
  },
  {
    role: 'assistant',
    blocks: [
      { type: 'reasoning', text: 'unsealed' },
      { type: 'reasoning-summary', text: 'Hm', seal },
      { type: 'text', text: 'Well' },
      { type: 'refusal', text: 'No' },
      { type: 'tool-call', id: 'call_1', name: 'f', input: '{}' },
      { type: 'tool-call', id: 'call_2', name: 'sql', input: 'SELECT', custom: true },
    ],
  },
  {
    role: 'user',
    blocks: [
      {
        type: 'tool-result',
        id: 'call_1',
        output: [
          { type: 'text', text: 'one' },
          { type: 'text', text: '!' },
        ],
        failed: false,
      },
      {
        type: 'tool-result',
        id: 'call_2',
        output: [{ type: 'media', media: 'image', source: { type: 'url', url: 'https://example.org/a.png' } }],
        failed: false,
      },
    ],
  },
];

const ITEMS = [
  { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Be brief.' }] },
  {
    type: 'message',
    role: 'user',
    content: [
      { type: 'input_text', text: 'Look' },
      { type: 'input_image', image_url: 'data:image/gif;base64,AAAA', detail: 'low' },
      { type: 'input_file', file_data: 'data:application/pdf;base64,BBBB', filename: 'a.pdf' },
      { type: 'input_audio', input_audio: { data: 'CCCC', format: 'mp3' } },
    ],
  },
  { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm' }], encrypted_content: 'sealed' },
  {
    type: 'message',
    role: 'assistant',
    content: [
      { type: 'output_text', text: 'Well', annotations: [] },
      { type: 'refusal', refusal: 'No' },
    ],
  },
  { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
  { type: 'custom_tool_call', call_id: 'call_2', name: 'sql', input: 'SELECT' },
  { type: 'function_call_output', call_id: 'call_1', output: 'one!' },
  {
    type: 'custom_tool_call_output',
    call_id: 'call_2',
    output: [{ type: 'input_image', image_url: 'https://example.org/a.png', detail: 'auto' }],
  },
];

function sent(request: Partial<Generation>, to = target()): Peek {
  const { body } = protocol.encodeRequest({ ...plain, ...request }, to);
  expect(protocol.path(plain, to)).toBe('/responses');
  return typeof body === 'string' ? Peek.parse(body) : expect.fail('not JSON');
}

describe('a body of this format', () => {
  const text = '{"input":"Hi","temperature":1.0,"zzz":{"n":12345678901234567890},"model":"asked","stream":true}';
  const own = dialect.decodeRequest(parseJson(text) as JsonObject);

  test('UP-09 UP-10 goes as it came, but for the model', () => {
    expect(protocol.encodeRequest(own, target()).body).toBe(text.replace('asked', 'upstream-model'));
    expect(protocol.patch(own, target())).toEqual({ model: 'upstream-model' });
  });

  test('UP-06 asks for the way of answering that the gateway wants', () => {
    expect(protocol.patch(own, target(false))).toEqual({ model: 'upstream-model', stream: false });
    expect(protocol.encodeRequest(own, target(false)).body).toContain('"stream":false');
  });
});

describe('a request of another format', () => {
  test('UP-11 every turn becomes items', () => {
    expect(sent({ turns: TURNS }).at('input').value).toEqual(ITEMS);
    expect(sent({ turns: TURNS }, target(true, { developerRole: false })).at('input', 0, 'role').text).toBe('system');
  });

  test('what is written is read again as it was', () => {
    const turns: Generation['turns'] = [
      { role: 'user', blocks: [{ type: 'text', text: 'Go' }] },
      {
        role: 'assistant',
        blocks: [
          { type: 'text', text: 'Well' },
          { type: 'tool-call', id: 'call_1', name: 'f', input: '{"n":1}' },
        ],
      },
      {
        role: 'user',
        blocks: [{ type: 'tool-result', id: 'call_1', output: [{ type: 'text', text: 'x' }], failed: false }],
      },
    ];
    const again = dialect.decodeRequest(sent({ turns }).value as JsonObject);
    expect(again.task === 'generation' && again.turns).toEqual(turns);
  });

  test('CC-19 tools, choices and formats in this format’s words', () => {
    const custom = {
      type: 'custom',
      custom: { name: 'sql', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'x' } } },
    };
    const body = sent({
      tools: [
        { type: 'function', name: 'f' },
        { type: 'native', native: { protocol: 'openai-chat', value: custom } },
      ],
      toolChoice: { type: 'allowed', names: ['f', 'sql'], mode: 'required' },
      output: { type: 'schema', name: 'n', schema: { type: 'object' } },
      verbosity: 'low',
      logprobs: { top: 2 },
      reasoning: { effort: 'high' },
      maxTokens: 9,
      sampling: { temperature: 0.5, seed: 1 },
    });
    expect(body.value).toEqual({
      model: 'upstream-model',
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
      stream: true,
      store: false,
      tools: [
        { type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false },
        { type: 'custom', name: 'sql', format: { type: 'grammar', syntax: 'lark', definition: 'x' } },
      ],
      tool_choice: {
        type: 'allowed_tools',
        mode: 'required',
        tools: [
          { type: 'function', name: 'f' },
          { type: 'custom', name: 'sql' },
        ],
      },
      temperature: 0.5,
      max_output_tokens: 9,
      text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' } }, verbosity: 'low' },
      reasoning: { effort: 'high' },
      top_logprobs: 2,
      include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
    });
  });

  test.each<[string, Partial<Generation>]>([
    ['stop', { stop: ['x'] }],
    ['n', { choices: 2 }],
    ['suffix', { promptOnly: 'suffix' }],
    ['tools[0]', { tools: [{ type: 'native', native: { protocol: 'openai-chat', value: { type: 'zzz' } } }] }],
  ])('CC-22 %s would change the answer and is refused', (param, request) => {
    const refused = (): unknown => {
      try {
        return sent(request);
      } catch (error) {
        return error instanceof GatewayFailure ? error.error : error;
      }
    };
    expect(refused()).toMatchObject({ param, code: 'unsupported_parameter' });
  });
});
