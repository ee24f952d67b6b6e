import OpenAI from 'openai';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { describe, expect, test } from 'vitest';
import { codeOf, endOf, hangs, SocketClient, typesOf } from '../responses/socket.ts';
import { openPlace } from '../responses/upstreams.ts';
import { Peek } from '../support/peek.ts';
import { postJson, RawExchange } from '../support/raw-client.ts';
import { assertResponsesStream } from '../support/responses-automaton.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { streaming } from '../support/fake-upstream.ts';

const HELLO = { text: ['Hel', 'lo 🦀\u2028'] };

describe('a WebSocket opens', () => {
  test('OR-73 on its path, without compression, and takes texts only', async () => {
    const { gateway } = await openPlace();
    const client = await SocketClient.open(gateway.url, { perMessageDeflate: true });
    expect(client.socket.extensions).toBe('');
    client.socket.send(Buffer.from('{"type":"response.create"}'), { binary: true });
    expect(await client.closed).toBe(1003);
  });

  test('OR-73 a message above the limit of bodies closes it', async () => {
    const { gateway } = await openPlace('limits: { body: 2KB }');
    const client = await SocketClient.open(gateway.url);
    client.send({ model: 'chat/m', input: 'x'.repeat(3000) });
    expect(await client.closed).toBe(1009);
  });

  test.each([
    ['a page of another site', { origin: 'https://evil.example' }, 403],
    ['a page without a site', { origin: 'null' }, 403],
    ['two credentials', { 'x-api-key': ['one', 'two'] }, 400],
  ])('OR-73 not for %s, which gets a plain HTTP error', async (_who, headers, status) => {
    const { gateway } = await openPlace();
    const refused = new Promise<number>((resolve) => {
      SocketClient.open(gateway.url, { headers: headers as Record<string, string> }).catch((error: Error) => {
        resolve(Number(/Unexpected server response: (\d+)/.exec(error.message)?.[1]));
      });
    });
    expect(await refused).toBe(status);
  });

  test('OR-88 not where it is switched off, and a request on the next connection is served', async () => {
    const { gateway, says } = await openPlace('responses: { websocket: false }');
    await expect(SocketClient.open(gateway.url)).rejects.toThrow('426');
    const answer = await postJson(gateway.url, '/v1/responses', { model: says('chat', HELLO), input: 'Hi' });
    expect(answer.status).toBe(200);
  });
});

describe('a turn on a WebSocket', () => {
  test('OR-75 OR-19 tells the same events as a stream, one in each message, numbered from 0 for each turn', async () => {
    const { gateway, says } = await openPlace('responses: { done_marker: true }');
    const model = says('chat', HELLO);
    const client = await SocketClient.open(gateway.url);
    const ids = /(resp|msg)_[a-z0-9]{24}|"(created|completed)_at":\d+/g;
    const streamed = await postJson(gateway.url, '/v1/responses', { model, input: 'Hi', stream: true });
    const events = [...streamed.body.toString().matchAll(/^data: (\{.*)$/gm)].map(([, json = '']) => json);
    for (let turn = 0; turn < 2; turn++) {
      const before = client.texts.length;
      const messages = await client.turn({ model, input: 'Hi' });
      expect(client.texts.slice(before).map((text) => text.replaceAll(ids, ''))).toEqual(
        events.map((text) => text.replaceAll(ids, '')),
      );
      assertResponsesStream(messages.map(({ value }) => value));
    }
  });

  test('OR-74 ignores how else an answer might come', async () => {
    const { gateway, says } = await openPlace();
    const model = says('chat', HELLO);
    const client = await SocketClient.open(gateway.url);
    const more = { stream: false, background: true, stream_options: { include_obfuscation: 'x' } };
    const end = endOf(await client.turn({ model, input: 'Hi', ...more }));
    expect(end.at('type').text).toBe('response.completed');
    expect(end.at('response', 'background').value).toBe(false);
  });

  test.each([
    ['{"type":"response.cancel"}', 'unsupported_event', 'type'],
    ['{"model":"chat/m","input":"Hi"}', 'unsupported_event', 'type'],
    ['[1]', 'invalid_json', null],
    ['{"type":', 'invalid_json', null],
    ['{"type":"response.create","input":"Hi"}', 'missing_required_parameter', 'model'],
    ['{"type":"response.create","model":"nowhere/m","input":"Hi"}', 'model_not_found', 'model'],
    [
      '{"type":"response.create","model":"chat/m","input":[{"type":"function_call_output","call_id":"c","output":"x"}]}',
      'tool_call_not_found',
      'input',
    ],
  ])('OR-79 %s is answered with an error, and the connection lives on', async (text, code, param) => {
    const { gateway, says } = await openPlace();
    const client = await SocketClient.open(gateway.url);
    client.socket.send(text);
    const [message] = await client.next();
    expect(message?.at('type').text).toBe('error');
    expect([message?.at('status').value, codeOf(message ?? new Peek(0))]).toEqual([
      code === 'model_not_found' ? 404 : 400,
      code,
    ]);
    expect(message?.at('error', 'param').value).toBe(param);
    expect(message?.at('error', 'message').text).not.toBe('');
    const end = endOf(await client.turn({ model: says('chat', HELLO), input: 'Hi' }));
    expect(end.at('type').text).toBe('response.completed');
  });

  test('OR-80 that fails after it began ends with that and nothing behind it; before, with an error alone', async () => {
    const place = await openPlace();
    const { gateway, says } = place;
    const { model, go } = hangs(place);
    const client = await SocketClient.open(gateway.url);
    client.send({ model, input: 'Hi' });
    go('');
    const failed = await client.next();
    expect(typesOf(failed).at(-1)).toBe('response.failed');
    expect(endOf(failed).at('response', 'error', 'code').text).toBe('upstream_bad_response');
    const refused = await client.turn({ model: 'chat/unknown-to-it', input: 'Hi' });
    expect(typesOf(refused)).toEqual(['error']);
    expect(refused[0]?.at('status').value).toBe(404);
    const next = await client.turn({ model: says('chat', HELLO), input: 'Hi' });
    expect(typesOf(next)[0]).toBe('response.created');
  });

  test('OR-76 waits for the one before it, however many are sent at once', async () => {
    const place = await openPlace();
    const { gateway, upstream } = place;
    let most = 0;
    let now = 0;
    upstream.on('echo', async (reply, received) => {
      most = Math.max(most, ++now);
      const text = Peek.parse(received.body.toString()).at('messages', 0, 'content').text;
      await new Promise(setImmediate);
      now -= 1;
      return streaming(WIRES['openai-chat'].stream({ text: [text] }))(reply, received);
    });
    const client = await SocketClient.open(gateway.url);
    for (let i = 0; i < 40; i++) client.send({ model: 'chat/echo', input: `number ${i}` });
    for (let i = 0; i < 40; i++) {
      const messages = await client.next();
      assertResponsesStream(messages.map(({ value }) => value));
      expect(endOf(messages).at('response', 'output', 0, 'content', 0, 'text').text).toBe(`number ${i}`);
    }
    expect(most).toBe(1);
  });
});

describe('the official client', () => {
  test('OR-73 OR-77 converses over a WebSocket', async () => {
    const { gateway, says, asked } = await openPlace();
    const model = says('chat', { text: ['one'] });
    const client = new OpenAI({ apiKey: 'ada', baseURL: `${gateway.url}/v1` });
    const socket = new ResponsesWS(client);
    socket.on('error', () => undefined);
    const ended = async (): Promise<Peek> =>
      new Promise((resolve) => {
        socket.once('response.completed', (event) => resolve(new Peek(event)));
      });
    await new Promise<void>((resolve) => {
      socket.socket.on('open', resolve);
    });
    let end = ended();
    socket.send({ type: 'response.create', model, input: 'A', store: false } as never);
    const id = (await end).at('response', 'id').text;
    end = ended();
    socket.send({ type: 'response.create', model, input: 'B', store: false, previous_response_id: id } as never);
    expect((await end).at('response', 'status').text).toBe('completed');
    expect(asked('chat').at(-1)?.at('messages').list).toHaveLength(3);
    socket.close();
  });
});

test('OR-88 a path without WebSockets answers an upgrade as before, and one of another method is an ordinary request', async () => {
  const { gateway } = await openPlace();
  const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  const other = new RawExchange(gateway.url, { method: 'GET', path: '/v1/chat/completions', headers });
  expect((await other.done).status).toBe(426);
  const post = new RawExchange(gateway.url, { path: '/v1/responses', headers, body: '{}' });
  expect((await post.done).status).toBe(426);
});
