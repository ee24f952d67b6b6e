import { describe, expect, test } from 'vitest';

import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import type { Generation, Tool, Turn } from '../../src/model/request.ts';
import { asking, eventsOf } from './run.ts';

const weather: Tool = {
  type: 'function',
  name: 'get_weather',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, unit: { enum: ['c', 'f'] } },
    required: ['city'],
    additionalProperties: false,
  },
};
const clock: Tool = { type: 'function', name: 'get_time' };
const note: Tool = {
  type: 'native',
  native: { protocol: 'openai-responses', value: { type: 'custom', name: 'note' } },
};
const search: Tool = { type: 'native', native: { protocol: 'openai-responses', value: { type: 'web_search' } } };

async function answer(more: Partial<Generation>, text = 'weather?', notice?: string): Promise<Completion> {
  return collect(
    await eventsOf('tools', asking(text, { tools: [weather, clock], ...more }), notice === undefined ? {} : { notice }),
  );
}

function calls(completion: Completion): readonly string[] {
  return completion.blocks.flatMap((block) => (block.head.type === 'tool-call' ? [block.head.name] : []));
}

test('every offered tool is called, under its own id, with input that is valid against its schema', async () => {
  const completion = await answer({ tools: [weather, clock, note, search] });
  expect(completion.finish).toEqual({ reason: 'tool-calls' });
  expect(completion.blocks.map((block) => block.text)).toEqual(['{"city":"city","unit":"c"}', '{}', 'weather?']);
  expect(completion.blocks.map((block) => block.head)).toEqual([
    { type: 'tool-call', id: 'call_1', name: 'get_weather' },
    { type: 'tool-call', id: 'call_2', name: 'get_time' },
    { type: 'tool-call', id: 'call_3', name: 'note', custom: true },
  ]);
});

describe('tool_choice and parallel_tool_calls are honoured', () => {
  test.each<[string, Partial<Generation>, readonly string[]]>([
    ['auto', { toolChoice: { type: 'auto' } }, ['get_weather', 'get_time']],
    ['none', { toolChoice: { type: 'none' } }, []],
    ['required', { toolChoice: { type: 'required' } }, ['get_weather', 'get_time']],
    ['a name', { toolChoice: { type: 'tool', name: 'get_time' } }, ['get_time']],
    ['allowed', { toolChoice: { type: 'allowed', names: ['get_time'], mode: 'auto' } }, ['get_time']],
    ['not parallel', { parallelToolCalls: false }, ['get_weather']],
    ['no tools', { tools: [] }, []],
  ])('%s', async (_name, more, wanted) => {
    const completion = await answer(more);
    expect(calls(completion)).toEqual(wanted);
    if (wanted.length === 0)
      expect(completion).toMatchObject({ finish: { reason: 'stop' }, blocks: [{ text: 'weather?' }] });
  });
});

describe('the name of the model may say which tool is called, and with what', () => {
  const told = async (options: string, more: Partial<Generation> = {}): Promise<readonly string[]> => {
    const completion = collect(await eventsOf(`tools:${options}`, asking('x', { tools: [weather, clock], ...more })));
    return completion.blocks.map(({ head, text }) => (head.type === 'tool-call' ? `${head.name} ${text}` : text));
  };

  test('tool= leaves the others alone, args= is given as it is written', async () => {
    expect(await told('tool=get_time')).toEqual(['get_time {}']);
    expect(await told('rate=9999,tool=get_weather,args={"city":"Bern, é","unit":"f"}')).toEqual([
      'get_weather {"city":"Bern, é","unit":"f"}',
    ]);
    expect(await told('tool=get_weather,args=%7B%22city%22%3A%20%22100%25%22%7D')).toEqual([
      'get_weather {"city": "100%"}',
    ]);
  });

  test('a tool that is not offered is not called', async () => {
    expect(await told('tool=gone')).toEqual(['x']);
    expect(await told('tool=get_time', { tools: [] })).toEqual(['x']);
  });

  test.each([
    ['tool=get_weather,args={"town":"Bern"}', "not valid against the parameters of the tool 'get_weather'"],
    ['args=[1]', 'a JSON object'],
    ['args={"city"', 'a JSON object'],
    ['args=%7', 'a JSON object'],
    ['args=', 'a JSON object'],
    ['tool=', 'the name of an offered tool'],
  ])('%s is refused', async (options, says) => {
    const events = await eventsOf(`tools:${options}`, asking('x', { tools: [weather] }));
    expect(events).toMatchObject([{ type: 'error', error: { kind: 'invalid_request', param: 'model' } }]);
    expect(collect(events).error?.message).toContain(says);
  });
});

test.each<[string, Partial<Generation>]>([
  ['a name that is not offered', { toolChoice: { type: 'tool', name: 'gone' } }],
  ['required without tools', { tools: [], toolChoice: { type: 'required' } }],
])('%s is refused on tool_choice', async (_name, more) => {
  const events = await eventsOf('tools', asking('x', { tools: [clock], ...more }));
  expect(events).toMatchObject([{ type: 'error', error: { kind: 'invalid_request', param: 'tool_choice' } }]);
});

test('a schema that no arguments fit is refused by its path', async () => {
  const tool: Tool = { type: 'function', name: 'never', parameters: { type: 'string' } };
  const events = await eventsOf('tools', asking('x', { tools: [clock, tool] }));
  expect(events).toMatchObject([
    { type: 'error', error: { param: 'tools[1].function.parameters', code: 'invalid_json_schema' } },
  ]);
});

const afterResults: readonly Turn[] = [
  { role: 'user', blocks: [{ type: 'text', text: 'weather?' }] },
  {
    role: 'assistant',
    blocks: [
      { type: 'tool-call', id: 'a', name: 'get_weather', input: '{}' },
      { type: 'tool-call', id: 'b', name: 'get_time', input: '{}' },
    ],
  },
  {
    role: 'user',
    blocks: [
      { type: 'tool-result', id: 'a', output: [{ type: 'text', text: '22 °C, 晴れ' }], failed: false },
      { type: 'tool-result', id: 'b', output: [{ type: 'text', text: 'no clock' }], failed: true },
    ],
  },
];

test('results are answered from, in text', async () => {
  const completion = await answer({ turns: afterResults });
  expect(completion.blocks.map((block) => block.text)).toEqual([
    'get_weather answered: 22 °C, 晴れ\nget_time failed with: no clock',
  ]);
  expect(completion.finish).toEqual({ reason: 'stop' });
});

test('results are answered from in the form that the request asks for', async () => {
  const schema = { type: 'object', properties: { summary: { type: 'string' } }, required: ['summary'] };
  const completion = await answer({ turns: afterResults, output: { type: 'schema', name: 'report', schema } });
  expect(JSON.parse(completion.blocks[0]?.text ?? '')).toEqual({ summary: 'summary' });
  const loose = await answer({ turns: afterResults, output: { type: 'json' } });
  expect(JSON.parse(loose.blocks[0]?.text ?? '')).toEqual({
    answer: 'get_weather answered: 22 °C, 晴れ\nget_time failed with: no clock',
  });
});

test('a new question after the results calls the tools again', async () => {
  const turns: readonly Turn[] = [
    ...afterResults,
    { role: 'assistant', blocks: [{ type: 'text', text: 'warm' }] },
    { role: 'user', blocks: [{ type: 'text', text: 'and now?' }] },
  ];
  expect(calls(await answer({ turns }))).toEqual(['get_weather', 'get_time']);
});

test('a call that meets the token limit stays cut, and says so', async () => {
  const completion = await answer({ maxTokens: 3 });
  expect(completion).toMatchObject({
    finish: { reason: 'length' },
    blocks: [{ text: '{"city' }],
    usage: { output: 3 },
  });
});

test('the notice is told before the calls, but never inside a JSON document', async () => {
  expect((await answer({}, 'x', 'Sandbox here.')).blocks[0]).toMatchObject({
    text: 'Sandbox here.',
    head: { type: 'text' },
  });
  const { blocks } = await answer({ tools: [], output: { type: 'json' } }, 'x', 'Sandbox here.');
  expect(JSON.parse(blocks[0]?.text ?? '')).toEqual({ answer: 'x' });
});
