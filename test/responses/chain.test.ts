import { describe, expect, test } from 'vitest';
import { Peek } from '../support/peek.ts';
import { postJson } from '../support/raw-client.ts';
import { openPlace, rejection } from './upstreams.ts';

const TOOL = {
  type: 'function' as const,
  name: 'get_weather',
  strict: false,
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
};
const CALL = {
  call: { id: 'call_1', name: 'get_weather', args: ['{"city":', '"Z\u00fcrich","n":2512292042121000001}'] },
};

describe('a conversation goes on from a kept response', () => {
  test('OR-56 a chat upstream is asked the whole chain, with the instructions of the last request alone', async () => {
    const { client, says, asked } = await openPlace();
    const model = says('chat', { text: ['one'] });
    const first = await client.responses.create({ model, input: 'A', instructions: 'Be brief.' });
    says('chat', { text: ['two'] });
    const second = await client.responses.create({ model, input: 'B', previous_response_id: first.id });
    says('chat', { text: ['three'] });
    const third = await client.responses.create({
      model,
      input: [{ role: 'user', content: 'C' }],
      instructions: 'Be long.',
      previous_response_id: second.id,
    });
    const said = asked('chat')
      .at(-1)
      ?.at('messages')
      .list.map((each) => [each.at('role').text, each.at('content').text]);
    expect(said).toEqual([
      ['system', 'Be long.'],
      ['user', 'A'],
      ['assistant', 'one'],
      ['user', 'B'],
      ['assistant', 'two'],
      ['user', 'C'],
    ]);
    expect(third.previous_response_id).toBe(second.id);
    expect((await client.responses.retrieve(third.id)).previous_response_id).toBe(second.id);
  });

  test('OR-56 an upstream of the same format gets items and never an id of the gateway', async () => {
    const { client, says, asked } = await openPlace();
    const model = says('responses', { text: ['one'] });
    const first = await client.responses.create({ model, input: 'A' });
    const second = await client.responses.create({ model, input: 'B', previous_response_id: first.id });
    expect(second.previous_response_id).toBe(first.id);
    const body = asked('responses').at(-1);
    expect(body?.has('previous_response_id')).toBe(false);
    const items = body?.at('input').list ?? [];
    expect(items.map((item) => item.at('role').text)).toEqual(['user', 'assistant', 'user']);
    expect(items[1]?.at('content', 0, 'text').text).toBe('one');
    expect(JSON.stringify(body?.value)).not.toContain(first.id);
  });

  test('OR-56 the answer to a call needs only the result, and numbers in the call stay as they were', async () => {
    const { client, says, asked } = await openPlace();
    const model = says('chat', CALL);
    const first = await client.responses.create({ model, input: 'Weather?', tools: [TOOL] });
    says('chat', { text: ['Sunny.'] });
    const second = await client.responses.create({
      model,
      tools: [TOOL],
      previous_response_id: first.id,
      input: [{ type: 'function_call_output', call_id: 'call_1', output: 'sunny' }],
    });
    expect(second.output_text).toBe('Sunny.');
    const messages = asked('chat').at(-1)?.at('messages').list ?? [];
    expect(messages.map((each) => each.at('role').text)).toEqual(['user', 'assistant', 'tool']);
    expect(messages[1]?.at('tool_calls', 0, 'function', 'arguments').text).toBe(CALL.call.args.join(''));
  });

  test('OR-43 a result whose call is nowhere in the conversation is refused', async () => {
    const { client, says } = await openPlace();
    const model = says('chat', { text: ['one'] });
    const first = await client.responses.create({ model, input: 'A' });
    const input = [{ type: 'function_call_output' as const, call_id: 'call_none', output: 'x' }];
    const refused = await rejection(client.responses.create({ model, input, previous_response_id: first.id }));
    expect(refused).toEqual({ status: 400, code: 'tool_call_not_found', param: 'input' });
  });

  test('OR-40 with a previous response the input may be null', async () => {
    const { client, gateway, says, asked } = await openPlace();
    const model = says('chat', { text: ['one'] });
    const first = await client.responses.create({ model, input: 'A' });
    const { id } = first;
    const refused = await postJson(gateway.url, '/v1/responses', { model, input: null, previous_response_id: id });
    expect(refused.status).toBe(400);
    await client.responses.create({ model, previous_response_id: id });
    expect(asked('chat').at(-1)?.at('messages').list).toHaveLength(2);
  });

  test.each([false, true])(
    'OR-57 an unknown id is refused by its code before anything streams (stream: %s)',
    async (stream) => {
      const { gateway, says } = await openPlace();
      const model = says('chat', { text: ['x'] });
      const answer = await postJson(gateway.url, '/v1/responses', {
        model,
        input: 'A',
        stream,
        previous_response_id: 'resp_x',
      });
      expect([answer.status, JSON.parse(answer.body.toString())]).toEqual([
        400,
        {
          error: {
            message: "Previous response with id 'resp_x' not found.",
            type: 'invalid_request_error',
            param: 'previous_response_id',
            code: 'previous_response_not_found',
          },
        },
      ]);
    },
  );

  test('OR-57 a conversation whose beginning was deleted is not gone on with as if it were whole', async () => {
    const { client, says, upstream } = await openPlace();
    const model = says('chat', { text: ['one'] });
    const first = await client.responses.create({ model, input: 'A' });
    const second = await client.responses.create({ model, input: 'B', previous_response_id: first.id });
    await client.responses.delete(first.id);
    const before = upstream.received.length;
    const refused = await rejection(client.responses.create({ model, input: 'C', previous_response_id: second.id }));
    expect(refused.code).toBe('previous_response_not_found');
    expect(upstream.received).toHaveLength(before);
  });

  test('a conversation that has outgrown the limit of bodies is refused by its code', async () => {
    const { client, says } = await openPlace('limits: { body: 8KiB }');
    const model = says('chat', { text: ['one'] });
    const long = 'x'.repeat(5000);
    const first = await client.responses.create({ model, input: long });
    const refused = await rejection(client.responses.create({ model, input: long, previous_response_id: first.id }));
    expect(refused).toMatchObject({ status: 400, code: 'context_length_exceeded' });
  });
});

describe('an item is named instead of sent', () => {
  test.each([{ type: 'item_reference' as const }, { type: null }, {}])(
    'OR-58 a reference with type %j stands for the stored item, where it stands',
    async (type) => {
      const { client, gateway, says, asked } = await openPlace();
      const model = says('chat', { text: ['one'] });
      const first = await client.responses.create({ model, input: 'A' });
      const id = first.output[0]?.id;
      const input = [
        { role: 'user', content: 'A' },
        { ...type, id },
        { role: 'user', content: 'B' },
      ];
      const headers = { 'content-type': 'application/json', authorization: 'Bearer ada' };
      const answer = await fetch(`${gateway.url}/v1/responses`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ model, input }),
      });
      expect(answer.status).toBe(200);
      const said = asked('chat')
        .at(-1)
        ?.at('messages')
        .list.map((each) => each.at('content').text);
      expect(said).toEqual(['A', 'one', 'B']);
      const again = new Peek(await answer.json()).at('id').text;
      const listed = await client.responses.inputItems.list(again, { order: 'asc' });
      expect(listed.data.map((item) => item.type)).toEqual(['message', 'message', 'message']);
    },
  );

  test('OR-58 a name that leads nowhere, or to somebody else, is refused with its path', async () => {
    const { client, client2, says } = await openPlace();
    const model = says('chat', { text: ['one'] });
    const first = await client.responses.create({ model, input: 'A' });
    const input = [
      { role: 'user' as const, content: 'A' },
      { type: 'item_reference' as const, id: first.output[0]?.id ?? '' },
    ];
    const refused = await rejection(client2().responses.create({ model, input }));
    expect(refused).toEqual({ status: 400, code: 'item_not_found', param: 'input[1].id' });
  });
});

describe('what a response was asked is listed', () => {
  test('§9.1 in pages, newest first, with what came before it', async () => {
    const { client, says } = await openPlace();
    const model = says('chat', { text: ['one'] });
    const first = await client.responses.create({ model, input: 'A' });
    const second = await client.responses.create({ model, input: 'B', previous_response_id: first.id });
    const all = await client.responses.inputItems.list(second.id, { order: 'asc' });
    const texts = all.data.map((item) => new Peek(item).at('content', 0, 'text').text);
    expect(texts).toEqual(['A', 'one', 'B']);
    expect(all.data.every((item) => new Peek(item).at('id').text !== '')).toBe(true);
    const page = await client.responses.inputItems.list(second.id, { limit: 2 });
    expect(page.data.map((item) => new Peek(item).at('content', 0, 'text').text)).toEqual(['B', 'one']);
    expect(page.has_more).toBe(true);
    const rest = await page.getNextPage();
    expect(rest.data.map((item) => new Peek(item).at('content', 0, 'text').text)).toEqual(['A']);
    expect(rest.has_more).toBe(false);
  });

  test.each([
    ['limit', '0'],
    ['limit', '101'],
    ['limit', 'x'],
    ['order', 'up'],
    ['after', 'msg_none'],
  ])('§9.1 %s=%s is refused by name', async (name, value) => {
    const { client, gateway, says } = await openPlace();
    const { id } = await client.responses.create({ model: says('chat', { text: ['one'] }), input: 'A' });
    const headers = { authorization: 'Bearer ada' };
    const answer = await fetch(`${gateway.url}/v1/responses/${id}/input_items?${name}=${value}`, { headers });
    const error = new Peek(await answer.json()).at('error');
    expect([answer.status, error.at('param').text]).toEqual([400, name]);
  });
});
