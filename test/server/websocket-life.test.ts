import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { codeOf, endOf, hangs, idOf, SocketClient, THE_END, typesOf } from '../responses/socket.ts';
import { openPlace } from '../responses/upstreams.ts';
import { Peek } from '../support/peek.ts';

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

  test('OR-58 OR-77 and finds its items by their names', async () => {
    const { gateway, says, asked } = await openPlace();
    const model = says('chat', { text: ['one'] });
    const client = await SocketClient.open(gateway.url);
    const first = endOf(await client.turn({ model, input: 'A', store: false }));
    const input = [
      { type: 'item_reference', id: first.at('response', 'output', 0, 'id').text },
      { role: 'user', content: 'B' },
    ];
    expect(endOf(await client.turn({ model, input, store: false })).at('type').text).toBe('response.completed');
    const said = asked('chat')
      .at(-1)
      ?.at('messages')
      .list.map((each) => each.at('content').text);
    expect(said).toEqual(['one', 'B']);
    const other = await SocketClient.open(gateway.url);
    expect(codeOf(endOf(await other.turn({ model, input, store: false })))).toBe('item_not_found');
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

  test('a handshake and a message that come byte by byte are read, and every piece of the answer is told', async () => {
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
    const done = new Promise<void>((resolve) => {
      socket.on('data', (bytes) => {
        seen += bytes.toString('latin1');
        if (seen.includes('response.completed')) resolve();
      });
    });
    for (const byte of Buffer.concat([Buffer.from(head), frame])) socket.write(Buffer.from([byte]));
    await done;
    socket.destroy();
    expect(seen).toMatch(/^HTTP\/1\.1 101 /);
    expect(seen.match(/response\.output_text\.delta/g)).toHaveLength(50);
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
