import { describe, expect, test } from 'vitest';
import { answering } from '../support/fake-upstream.ts';
import { Peek } from '../support/peek.ts';
import { postJson } from '../support/raw-client.ts';
import { openPlace } from './upstreams.ts';

const TALK = [
  { role: 'user', content: 'We launch on Tuesday.' },
  { role: 'assistant', content: 'Understood.' },
];
const PICTURE = { type: 'input_image', image_url: 'data:image/png;base64,AAAA' };

describe('a conversation is compacted', () => {
  test.each([
    ['no model', { input: TALK }, 'model', 'missing_required_parameter'],
    ['no input', { model: 'chat/chat-model' }, 'input', 'missing_required_parameter'],
    ['a wrong input', { model: 'chat/chat-model', input: 7 }, 'input', 'invalid_value'],
    [
      'an unknown answer',
      { model: 'chat/chat-model', previous_response_id: 'resp_x' },
      'previous_response_id',
      'previous_response_not_found',
    ],
  ])('OR-69 %s is refused by name', async (_what, body, param, code) => {
    const { gateway } = await openPlace();
    const answer = await postJson(gateway.url, '/v1/responses/compact', body);
    const error = Peek.parse(answer.body.toString()).at('error');
    expect([answer.status, error.at('param').text, error.at('code').text]).toEqual([400, param, code]);
  });

  test('OR-70 OR-72 the model sums up what was said, and the summary is sealed', async () => {
    const { gateway, says, asked } = await openPlace();
    const model = says('chat', { text: ['Launch ', 'on Tuesday.'], usage: { input: 40, output: 6 } });
    const input = [
      ...TALK,
      { type: 'function_call', call_id: 'c', name: 'remind', arguments: '{"day":"Tue"}' },
      { type: 'function_call_output', call_id: 'c', output: 'done' },
      { role: 'user', content: [{ type: 'input_text', text: 'See:' }, PICTURE] },
    ];
    const answer = await postJson(gateway.url, '/v1/responses/compact', { model, input, instructions: 'Be exact.' });
    const compacted = Peek.parse(answer.body.toString());
    expect(answer.status).toBe(200);
    expect(compacted.at('object').text).toBe('response.compaction');
    expect(Number.isInteger(compacted.at('created_at').value)).toBe(true);
    expect(compacted.at('usage').value).toEqual({
      input_tokens: 40,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 6,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 46,
    });
    const [item] = compacted.at('output').list;
    expect([item?.at('type').text, item?.at('id').text.startsWith('cmp_')]).toEqual(['compaction', true]);
    expect(answer.body.toString()).not.toContain('Tuesday');
    const told = JSON.stringify(asked('chat').at(-1)?.at('messages').value);
    for (const said of ['We launch on Tuesday.', 'Understood.', 'remind', 'done', 'Be exact.', 'AAAA'])
      expect(told).toContain(said);
  });

  test('OR-71 the compacted context begins a new conversation and is told to the model in words', async () => {
    const { gateway, client, says, asked } = await openPlace();
    const model = says('chat', { text: ['Launch on Tuesday.'] });
    const answer = await postJson(gateway.url, '/v1/responses/compact', { model, input: TALK });
    const { value } = Peek.parse(answer.body.toString()).at('output');
    says('chat', { text: ['Tuesday'] });
    const made = await client.responses.create({
      model,
      input: [...(value as []), { role: 'user', content: 'When?' }],
    });
    const messages = asked('chat').at(-1)?.at('messages').list ?? [];
    expect(messages[0]?.at('content').text).toContain('Launch on Tuesday.');
    expect(messages.at(-1)?.at('content').text).toBe('When?');
    const next = await client.responses.create({ model, input: 'And then?', previous_response_id: made.id });
    expect(next.status).toBe('completed');
    expect(JSON.stringify(asked('chat').at(-1)?.value)).toContain('Launch on Tuesday.');
  });

  test('OR-72 a context that somebody changed is refused', async () => {
    const { gateway, says } = await openPlace();
    const model = says('chat', { text: ['Launch on Tuesday.'] });
    const made = Peek.parse(
      (await postJson(gateway.url, '/v1/responses/compact', { model, input: TALK })).body.toString(),
    );
    const sealed = made.at('output', 0, 'encrypted_content').text;
    for (const wrong of [sealed.slice(0, -4), sealed.replace(/.(?=.{8}$)/, (at) => (at === 'A' ? 'B' : 'A'))]) {
      const input = [{ type: 'compaction', id: 'cmp_1', encrypted_content: wrong }];
      const answer = await postJson(gateway.url, '/v1/responses', { model, input });
      const code = Peek.parse(answer.body.toString()).at('error', 'code').text;
      expect([answer.status, code]).toEqual([400, 'invalid_encrypted_content']);
    }
  });

  test('OR-72 a summary that was cut off is no summary', async () => {
    const { gateway, upstream } = await openPlace();
    const body = {
      id: 'c',
      model: 'm',
      choices: [{ index: 0, delta: { content: 'Launch' }, finish_reason: 'length' }],
    };
    upstream.on(
      'm',
      answering(200, { 'content-type': 'text/event-stream' }, `data: ${JSON.stringify(body)}\n\ndata: [DONE]\n\n`),
    );
    const answer = await postJson(gateway.url, '/v1/responses/compact', { model: 'chat/m', input: TALK });
    expect([answer.status, answer.body.toString()]).toEqual([
      502,
      expect.stringContaining('did not finish the summary'),
    ]);
  });

  test('OR-72 an upstream of the same format compacts by itself: the request goes on, the answer comes back as it is', async () => {
    const { gateway, upstream } = await openPlace();
    const usage = { input_tokens: 9, input_tokens_details: { cached_tokens: 0 }, output_tokens: 5, total_tokens: 14 };
    const own = `{ "id":"resp_u","object":"response.compaction","created_at":1,"output":[{"type":"compaction","id":"cmp_u","encrypted_content":"gA=="}],"usage":${JSON.stringify(usage)}}`;
    upstream.on('m', answering(200, { 'content-type': 'application/json' }, own));
    const answer = await postJson(gateway.url, '/v1/responses/compact', { model: 'responses/m', input: TALK, x: 1 });
    expect(answer.body.toString()).toBe(own);
    const [sent] = upstream.for('m');
    expect(sent?.path).toBe('/v1/responses/compact');
    expect(JSON.parse(sent?.body.toString() ?? '')).toEqual({ model: 'm', input: TALK, x: 1 });
  });

  test('OR-71 a context that another maker sealed goes on to it untouched', async () => {
    const { gateway, says, asked } = await openPlace();
    const model = says('responses', { text: ['one'] });
    const input = [
      { type: 'compaction', id: 'cmp_u', encrypted_content: 'gA==' },
      { role: 'user', content: 'Hi' },
    ];
    const answer = await postJson(gateway.url, '/v1/responses', { model, input });
    expect(answer.status).toBe(200);
    expect(asked('responses').at(-1)?.at('input').value).toEqual(input);
  });

  test('OR-72 a context that another maker sealed is refused where nobody could open it', async () => {
    const { gateway, says } = await openPlace();
    const model = says('chat', { text: ['one'] });
    const input = [
      { type: 'compaction', id: 'cmp_u', encrypted_content: 'gA==' },
      { role: 'user', content: 'Hi' },
    ];
    const answer = await postJson(gateway.url, '/v1/responses', { model, input });
    const error = Peek.parse(answer.body.toString()).at('error');
    expect([answer.status, error.at('code').text]).toEqual([400, 'invalid_encrypted_content']);
  });
});
