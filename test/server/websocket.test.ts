import { connect } from 'node:net';
import OpenAI from 'openai';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { describe, expect, test } from 'vitest';
import { endOf, SocketClient } from '../responses/socket.ts';
import { openPlace } from '../responses/upstreams.ts';
import type { Place } from '../responses/upstreams.ts';
import { Peek } from '../support/peek.ts';
import { postJson, RawExchange } from '../support/raw-client.ts';
import { assertResponsesStream } from '../support/responses-automaton.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { streaming } from '../support/fake-upstream.ts';

const HELLO = { text: ['Hel', 'lo 🦀\u2028'] };

const codeOf = (message: Peek): string => message.at('error', 'code').text;
const typesOf = (messages: readonly Peek[]): readonly string[] => messages.map((each) => each.at('type').text);
const idOf = (messages: readonly Peek[]): string => endOf(messages).at('response', 'id').text;

/** An upstream that begins an answer and waits. */
function hangs({ upstream }: Place): { readonly model: string; readonly left: Promise<void>; go(rest: string): void } {
  const left = Promise.withResolvers<void>();
  const rest = Promise.withResolvers<string>();
  upstream.on('hangs', async (reply, { abandoned }) => {
    reply.head(200, { 'content-type': 'text/event-stream' });
    const [first = ''] = WIRES['openai-chat']
      .stream({ text: ['Hel'] })
      .split('\n\n')
      .slice(1);
    await reply.write(`${first}\n\n`);
    void abandoned.then(left.resolve);
    reply.end(await rest.promise);
  });
  return { model: 'chat/hangs', left: left.promise, go: rest.resolve };
}

const THE_END = `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`;

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

describe('a connection remembers its last response', () => {
  test('OR-77 that nobody keeps, and goes on from it, again and again; another connection does not', async () => {
    const { gateway, says, asked } = await openPlace();
    const model = says('chat', { text: ['one'] });
    const client = await SocketClient.open(gateway.url);
    let id = idOf(await client.turn({ model, input: 'A', store: false }));
    for (const input of ['B', 'C'])
      id = idOf(await client.turn({ model, input, store: false, previous_response_id: id }));
    const said = asked('chat')
      .at(-1)
      ?.at('messages')
      .list.map((each) => each.at('content').text);
    expect(said).toEqual(['A', 'one', 'B', 'one', 'C']);
    const other = await SocketClient.open(gateway.url);
    const refused = await other.turn({ model, input: 'D', store: false, previous_response_id: id });
    expect([typesOf(refused), codeOf(endOf(refused))]).toEqual([['error'], 'previous_response_not_found']);
  });

  test('OR-77 and finds what is kept, on any connection', async () => {
    const { gateway, client: http, says } = await openPlace();
    const model = says('chat', { text: ['one'] });
    const client = await SocketClient.open(gateway.url);
    const id = idOf(await client.turn({ model, input: 'A' }));
    expect((await http.responses.retrieve(id)).output_text).toBe('one');
    const other = await SocketClient.open(gateway.url);
    const end = endOf(await other.turn({ model, input: 'B', previous_response_id: id }));
    expect(end.at('type').text).toBe('response.completed');
  });

  test('OR-78 until going on from it failed', async () => {
    const place = await openPlace();
    const { gateway, says } = place;
    const model = says('chat', { text: ['one'] });
    const client = await SocketClient.open(gateway.url);
    const input = [{ type: 'function_call_output', call_id: 'call_none', output: 'x' }];
    const refusals = [
      { model, input },
      { model: 'chat/unknown-to-it', input: 'B' },
    ];
    for (const wrong of refusals) {
      const id = idOf(await client.turn({ model, input: 'A', store: false }));
      expect(typesOf(await client.turn({ ...wrong, store: false, previous_response_id: id }))).toEqual(['error']);
      const stale = await client.turn({ model, input: 'C', store: false, previous_response_id: id });
      expect(codeOf(endOf(stale))).toBe('previous_response_not_found');
    }
    const { model: broken, go } = hangs(place);
    const id = idOf(await client.turn({ model, input: 'A', store: false }));
    go('');
    const failed = await client.turn({ model: broken, input: 'B', store: false, previous_response_id: id });
    expect(typesOf(failed).at(-1)).toBe('response.failed');
    const stale = await client.turn({ model, input: 'C', store: false, previous_response_id: id });
    expect(codeOf(endOf(stale))).toBe('previous_response_not_found');
  });

  test('OR-78 a turn that has nothing to do with it may fail', async () => {
    const { gateway, says } = await openPlace();
    const model = says('chat', { text: ['one'] });
    const client = await SocketClient.open(gateway.url);
    const id = idOf(await client.turn({ model, input: 'A', store: false }));
    await client.turn({ model: 'nowhere/x', input: 'B' });
    const end = endOf(await client.turn({ model, input: 'C', store: false, previous_response_id: id }));
    expect(end.at('type').text).toBe('response.completed');
  });
});

describe('both sides keep pace', () => {
  test('OR-82 a client that closes stops the upstream at once', async () => {
    const place = await openPlace();
    const { model, left } = hangs(place);
    const client = await SocketClient.open(place.gateway.url);
    client.send({ model, input: 'Hi' });
    while (!client.texts.some((text) => text.includes('output_text.delta'))) await new Promise(setImmediate);
    client.socket.terminate();
    await expect(left).resolves.toBeUndefined();
  });

  test('a client that does not read pauses the upstream, and gets everything once it reads', async () => {
    const place = await openPlace();
    const piece = `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"${'x'.repeat(60_000)}"}}]}\n\n`;
    const pieces = 600;
    let sent = 0;
    place.upstream.on('much', async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      for (; sent < pieces; sent++) await reply.write(piece);
      reply.end(THE_END);
    });
    const client = await SocketClient.open(place.gateway.url);
    client.socket.pause();
    client.send({ model: 'chat/much', input: 'Hi' });
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => {
        setTimeout(resolve, 300);
      });
    }
    expect(sent).toBeLessThan(pieces / 2);
    client.socket.resume();
    const end = endOf(await client.next());
    expect(end.at('response', 'output', 0, 'content', 0, 'text').text).toHaveLength(pieces * 60_000);
  });

  test('a client that takes no byte for too long is given up, and its upstream with it', async () => {
    const place = await openPlace('timers: { write_stall: 300ms }');
    const left = Promise.withResolvers<void>();
    const piece = `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"${'x'.repeat(60_000)}"}}]}\n\n`;
    place.upstream.on('much', async (reply, { abandoned }) => {
      void abandoned.then(left.resolve);
      reply.head(200, { 'content-type': 'text/event-stream' });
      for (let i = 0; i < 600; i++) await reply.write(piece);
    });
    const client = await SocketClient.open(place.gateway.url);
    client.socket.pause();
    client.send({ model: 'chat/much', input: 'Hi' });
    await expect(left.promise).resolves.toBeUndefined();
  });

  test('pieces that arrive together leave in few packets, and cut frames are read', async () => {
    const { gateway, says } = await openPlace();
    const model = says('chat', { text: Array.from({ length: 50 }, (_, i) => `w${i} `) });
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    const head = `GET /v1/responses HTTP/1.1\r\nhost: ${hostname}:${port}\r\nconnection: Upgrade\r\nupgrade: WebSocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
    const json = Buffer.from(JSON.stringify({ type: 'response.create', model, input: 'Hi' }));
    const frame = Buffer.concat([
      Buffer.from([0x81, 0x80 | 126, json.length >> 8, json.length & 255, 0, 0, 0, 0]),
      json,
    ]);
    let seen = '';
    let reads = 0;
    const done = new Promise<void>((resolve) => {
      socket.on('data', (bytes) => {
        reads += 1;
        seen += bytes.toString('latin1');
        if (seen.includes('response.completed')) resolve();
      });
    });
    for (const byte of Buffer.concat([Buffer.from(head), frame])) socket.write(Buffer.from([byte]));
    await done;
    socket.destroy();
    expect(seen).toMatch(/^HTTP\/1\.1 101 /);
    expect(seen.match(/response\.output_text\.delta/g)).toHaveLength(50);
    expect(reads).toBeLessThan(40);
  });
});

describe('a connection ends', () => {
  test('OR-82 when the process stops: after the running turn, with a word, and with 1001', async () => {
    const place = await openPlace();
    const { model, go } = hangs(place);
    const [busy, idle] = [await SocketClient.open(place.gateway.url), await SocketClient.open(place.gateway.url)];
    busy.send({ model, input: 'Hi' });
    while (busy.texts.length === 0) await new Promise(setImmediate);
    const closing = place.gateway.close();
    expect([codeOf(endOf(await idle.next())), await idle.closed]).toEqual(['server_shutdown', 1001]);
    go(THE_END);
    expect(endOf(await busy.next()).at('type').text).toBe('response.completed');
    expect([codeOf(endOf(await busy.next())), await busy.closed]).toEqual(['server_shutdown', 1001]);
    await closing;
  });

  test('OR-81 at the end of its time: after the running turn, with a word, and with 1000', async () => {
    const place = await openPlace('', { life: 400 });
    const { model, go } = hangs(place);
    const [busy, idle] = [await SocketClient.open(place.gateway.url), await SocketClient.open(place.gateway.url)];
    busy.send({ model, input: 'Hi' });
    const [word] = await idle.next();
    expect([word?.at('status').value, codeOf(word ?? new Peek(0))]).toEqual([
      400,
      'websocket_connection_limit_reached',
    ]);
    expect(await idle.closed).toBe(1000);
    go(THE_END);
    expect(endOf(await busy.next()).at('type').text).toBe('response.completed');
    expect(codeOf(endOf(await busy.next()))).toBe('websocket_connection_limit_reached');
    expect(await busy.closed).toBe(1000);
  });

  test('OR-81 a turn that does not end even then is given up', async () => {
    const place = await openPlace('', { life: 200, lastTurn: 200 });
    const { model, left } = hangs(place);
    const client = await SocketClient.open(place.gateway.url);
    client.send({ model, input: 'Hi' });
    expect(codeOf(endOf(await client.next()))).toBe('websocket_connection_limit_reached');
    expect(await client.closed).toBe(1000);
    await left;
  });

  test('OR-81 who answers pings stays, who misses two is gone', async () => {
    const { gateway } = await openPlace('', { ping: 100 });
    const alive = await SocketClient.open(gateway.url);
    const dead = await SocketClient.open(gateway.url, { autoPong: false });
    expect(await dead.closed).toBe(1006);
    expect(alive.socket.readyState).toBe(alive.socket.OPEN);
    alive.socket.terminate();
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
