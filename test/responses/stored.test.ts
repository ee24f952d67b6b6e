import { describe, expect, test } from 'vitest';
import { RawExchange, exchange, postJson } from '../support/raw-client.ts';
import { Peek } from '../support/peek.ts';
import { openPlace, rejection } from './upstreams.ts';
import type { Kind } from './upstreams.ts';

const HELLO = { text: ['Hel', 'lo 🦀'] };
const KINDS: readonly Kind[] = ['chat', 'responses'];

describe('a response is kept and shown again', () => {
  test.each(KINDS)('OR-55 GET shows what a whole answer of a %s upstream said', async (kind) => {
    const { client, says } = await openPlace();
    const made = await client.responses.create({ model: says(kind, HELLO), input: 'Hi', metadata: { a: 'b' } });
    const { output_text: _made, ...object } = made;
    const { output_text: _shown, ...shown } = await client.responses.retrieve(made.id);
    expect(JSON.parse(JSON.stringify(shown))).toEqual(JSON.parse(JSON.stringify(object)));
    expect(new Peek(shown).at('store').value).toBe(true);
  });

  test.each(KINDS)('OR-55 GET shows what the terminal event of a stream of a %s upstream said', async (kind) => {
    const { client, says } = await openPlace();
    let last: unknown;
    let id = '';
    for await (const event of await client.responses.create({ model: says(kind, HELLO), input: 'Hi', stream: true }))
      if (event.type === 'response.completed') {
        last = event.response;
        ({ id } = event.response);
      }
    const { output_text: _text, ...shown } = await client.responses.retrieve(id);
    expect(shown).toEqual(last);
  });

  test('OR-55 nothing is kept of an answer that asks for it, and nobody else finds what is', async () => {
    const { client, client2, says } = await openPlace();
    const model = says('chat', HELLO);
    const secret = await client.responses.create({ model, input: 'Hi', store: false });
    expect(await rejection(client.responses.retrieve(secret.id))).toMatchObject({
      status: 404,
      code: 'response_not_found',
    });
    const kept = await client.responses.create({ model, input: 'Hi' });
    expect(await rejection(client2().responses.retrieve(kept.id))).toMatchObject({ status: 404 });
    expect(await rejection(client2().responses.delete(kept.id))).toMatchObject({ status: 404 });
    expect(await rejection(client2().responses.create({ model, input: 'x', previous_response_id: kept.id }))).toEqual({
      status: 400,
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    });
    expect((await client.responses.retrieve(kept.id)).id).toBe(kept.id);
  });

  test('OR-55 a deleted response is gone for every way of asking', async () => {
    const { client, gateway, says } = await openPlace();
    const model = says('chat', HELLO);
    const { id } = await client.responses.create({ model, input: 'Hi' });
    const path = `/v1/responses/${id}`;
    const deleted = await exchange(gateway.url, { method: 'DELETE', path, headers: { authorization: 'Bearer ada' } });
    expect(JSON.parse(deleted.body.toString())).toEqual({ id, object: 'response.deleted', deleted: true });
    expect(await rejection(client.responses.retrieve(id))).toMatchObject({ status: 404 });
    expect(await rejection(client.responses.delete(id))).toMatchObject({ status: 404 });
    expect(await rejection(client.responses.create({ model, input: 'x', previous_response_id: id }))).toMatchObject({
      code: 'previous_response_not_found',
    });
    const items = await exchange(gateway.url, {
      method: 'GET',
      path: `${path}/input_items`,
      headers: { authorization: 'Bearer ada' },
    });
    expect(items.status).toBe(404);
  });

  test('OR-55 with the store off every response behaves as if it were not to be kept', async () => {
    const { client, says } = await openPlace('store: { driver: off }');
    const { id } = await client.responses.create({ model: says('chat', HELLO), input: 'Hi' });
    expect(await rejection(client.responses.retrieve(id))).toMatchObject({ status: 404 });
  });

  test('OR-45 a path of a kept response tells of errors with four strings', async () => {
    const { gateway } = await openPlace();
    const answer = await exchange(gateway.url, { method: 'GET', path: '/v1/responses/resp_none' });
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body.toString())).toEqual({
      error: {
        message: "Response with id 'resp_none' not found.",
        type: 'invalid_request_error',
        param: 'response_id',
        code: 'response_not_found',
      },
    });
  });

  test('what cannot be done with a kept response is refused with its reason', async () => {
    const { client, gateway, says } = await openPlace();
    const { id } = await client.responses.create({ model: says('chat', HELLO), input: 'Hi' });
    expect(await rejection(client.responses.cancel(id))).toMatchObject({ status: 400 });
    expect(await rejection(client.responses.cancel('resp_none'))).toMatchObject({ status: 404 });
    const headers = { authorization: 'Bearer ada' };
    const replay = await exchange(gateway.url, { method: 'GET', path: `/v1/responses/${id}?stream=true`, headers });
    expect([replay.status, Peek.parse(replay.body.toString()).at('error', 'param').text]).toEqual([400, 'stream']);
    const put = await exchange(gateway.url, { method: 'PUT', path: `/v1/responses/${id}`, headers });
    expect([put.status, put.headers['allow']]).toEqual([405, 'GET, DELETE, HEAD']);
  });
});

describe('however it ended, a response is kept as it ended', () => {
  const chunk = (delta: unknown, finish: string | null = null): string =>
    `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

  test('OR-30 one that was cut off is incomplete, one that broke has failed', async () => {
    const { client, upstream } = await openPlace();
    const ended = async (rest: string): Promise<Peek> => {
      upstream.on('m', async (reply) => {
        reply.head(200, { 'content-type': 'text/event-stream' });
        await reply.write(chunk({ content: 'Hel' }));
        reply.end(rest);
      });
      let id = '';
      try {
        const stream = await client.responses.create({ model: 'chat/m', input: 'Hi', stream: true });
        for await (const event of stream) if (event.type === 'response.created') ({ id } = event.response);
      } catch {
        // What broke off is told as an error, which the client raises.
      }
      return new Peek(await client.responses.retrieve(id));
    };
    const cut = await ended(`${chunk({}, 'length')}data: [DONE]\n\n`);
    expect([cut.at('status').text, cut.at('incomplete_details', 'reason').text]).toEqual([
      'incomplete',
      'max_output_tokens',
    ]);
    const broken = await ended('');
    expect([broken.at('status').text, broken.at('error', 'code').text]).toEqual(['failed', 'upstream_bad_response']);
    expect(broken.at('output', 0, 'content', 0, 'text').text).toBe('Hel');
  });

  test('OR-60 one whose client left is cancelled, with an empty output; while it is made it is not to be seen', async () => {
    const { client, gateway, upstream } = await openPlace();
    const went = Promise.withResolvers<void>();
    upstream.on('m', async (reply, { abandoned }) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(chunk({ content: 'Hel' }));
      await abandoned;
      went.resolve();
    });
    const open = new RawExchange(gateway.url, {
      path: '/v1/responses',
      headers: { 'content-type': 'application/json', authorization: 'Bearer ada' },
      body: JSON.stringify({ model: 'chat/m', input: 'Hi', stream: true }),
    });
    await open.until('output_text.delta');
    const id = /"id":"(resp_\w+)"/.exec(open.seen)?.[1] ?? '';
    expect(await rejection(client.responses.retrieve(id))).toMatchObject({ status: 404 });
    open.socket.destroy();
    await went.promise;
    const kept = await client.responses.retrieve(id);
    expect([kept.status, kept.output, kept.completed_at, kept.error]).toEqual(['cancelled', [], null, null]);
  });

  test('an answer that failed before it began leaves nothing behind', async () => {
    const { gateway } = await openPlace();
    const answer = await postJson(gateway.url, '/v1/responses', { model: 'chat/none', input: 'Hi' });
    expect(answer.status).toBe(404);
    expect(answer.body.toString()).not.toContain('resp_');
  });
});

describe('what is not kept here is refused clearly', () => {
  test.each([
    ['background', true],
    ['conversation', 'conv_1'],
    ['conversation', { id: 'conv_1' }],
  ])('%s: %j is refused by name', async (param, value) => {
    const { gateway } = await openPlace();
    const answer = await postJson(gateway.url, '/v1/responses', { model: 'chat/m', input: 'Hi', [param]: value });
    const error = Peek.parse(answer.body.toString()).at('error');
    expect([answer.status, error.at('code').text, error.at('param').text]).toEqual([
      400,
      'unsupported_parameter',
      param,
    ]);
  });
});
