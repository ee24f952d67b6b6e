import { createServer, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { fixture, framesOf, payloadsOf } from '../protocols/exchange.ts';
import { answering } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { exchange, postJson, RawExchange } from '../support/raw-client.ts';
import { eventsOf, openStage, until } from './stage.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const BOUNDARY = 'cut-here';
const FORM_TYPE = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
const END = `--${BOUNDARY}--\r\n`;
const file = (path: string): Buffer => fixture(`openai-images/${path}`);

function field(name: string, value: string): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}

function fileHead(name: string, filename: string): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: image/png\r\n\r\n`;
}

function picture(name: string, filename: string, content: string): string {
  return `${fileHead(name, filename)}${content}\r\n`;
}

/** The parts of a form in their order, each with its head as one line. */
function partsOf(form: string, boundary: string): readonly (readonly [head: string, content: string])[] {
  return form
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const at = part.indexOf('\r\n\r\n');
      return [part.slice(0, at).trim().replaceAll('\r\n', ' '), part.slice(at + 4, -2)];
    });
}

/** The parts of a form as an upstream received them. */
function receivedParts(received: { headers: IncomingMessage['headers']; body: string }): ReturnType<typeof partsOf> {
  return partsOf(received.body, /boundary=(.*)$/.exec(received.headers['content-type'] ?? '')?.[1] ?? '?');
}

test('UP-09 a request for pictures and its whole answer pass byte for byte but for the model', async () => {
  const stage = await openStage();
  stage.upstream.on('painter', answering(200, JSON_TYPE, file('generated/whole.json'), 7));
  const sent = '{"prompt":"a weir", "model":"openai-chat/painter","x":1.0}';
  const answer = await exchange(stage.gateway.url, { path: '/v1/images/generations', headers: JSON_TYPE, body: sent });
  expect([answer.status, answer.body.equals(file('generated/whole.json'))]).toEqual([200, true]);
  const [received] = stage.upstream.for('painter');
  expect(received?.body.toString()).toBe(sent.replace('openai-chat/painter', 'painter'));
  expect(received?.path).toBe('/v1/images/generations');
  expect((await stage.records(1))[0]?.value).toMatchObject({
    status: 200,
    ended: 'finished',
    gear: 'bytes',
    tokens: { input: 50, output: 1060 },
  });
});

test('WD-02 UP-01 each event of a picture reaches the client before the next is sent, as it came', async () => {
  const stage = await openStage();
  const events = eventsOf(file('generated/streamed.sse').toString());
  const gates = events.map(() => Promise.withResolvers<void>());
  stage.upstream.on('painter', async (reply) => {
    reply.head(200, { 'content-type': 'text/event-stream' });
    for (const [at, event] of events.entries()) {
      reply.cut(Buffer.from(event), 64);
      await gates[at]?.promise;
    }
    reply.end();
  });
  const asking = { path: '/v1/images/generations', headers: JSON_TYPE };
  const body = JSON.stringify({ model: 'openai-chat/painter', prompt: 'a weir', stream: true, partial_images: 2 });
  const client = new RawExchange(stage.gateway.url, { ...asking, body });
  for (const [at, event] of events.entries()) {
    await client.until(event.split('\n')[1] ?? '');
    gates[at]?.resolve();
  }
  const answer = await client.done;
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
  expect(answer.body.toString()).toBe(file('generated/streamed.sse').toString());
  expect((await stage.records(1))[0]?.value).toMatchObject({
    ended: 'finished',
    finish: 'stop',
    tokens: { input: 50, output: 1060 },
    lost: 0,
  });
});

test('WD-05 UP-08 a stream of pictures that breaks off is told as an error, and never looks whole', async () => {
  const stage = await openStage();
  const events = eventsOf(file('generated/streamed.sse').toString());
  const asking = { model: 'openai-chat/painter', prompt: 'a weir', stream: true };
  for (const [count, ends] of [
    [0, 'end'],
    [1, 'end'],
    [2, 'reset'],
  ] as const) {
    stage.upstream.on('painter', (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      reply.cut(Buffer.from(events.slice(0, count).join('')), 4096);
      setTimeout(() => (ends === 'end' ? reply.end() : reply.reset()), 20);
    });
    const answer = await postJson(stage.gateway.url, '/v1/images/generations', asking);
    if (count === 0) expect(answer.status).toBe(502);
    else {
      expect(answer.body.toString()).not.toContain('completed');
      expect(framesOf(answer.body.toString()).at(-1)?.event).toBe('error');
      expect(payloadsOf(answer.body.toString()).at(-1)).toMatchObject({
        type: 'error',
        error: { type: 'upstream_error' },
      });
    }
  }
  for (const record of await stage.records(3)) expect(record.at('ended').text).toBe('failed');
});

test('UP-06 pictures come in the way that was asked for, also where the upstream took the other', async () => {
  const stage = await openStage();
  stage.upstream.on('painter', answering(200, JSON_TYPE, file('generated/whole.json')));
  const asking = { model: 'openai-chat/painter', prompt: 'a weir' };
  const streamed = await postJson(stage.gateway.url, '/v1/images/generations', { ...asking, stream: true });
  expect(payloadsOf(streamed.body.toString())).toEqual(payloadsOf(file('generated/streamed.sse').toString()).slice(-1));
  stage.upstream.on(
    'painter',
    answering(200, { 'content-type': 'text/event-stream' }, file('generated/streamed.sse'), 7),
  );
  const whole = await postJson(stage.gateway.url, '/v1/images/generations', asking);
  expect(JSON.parse(whole.body.toString())).toEqual(JSON.parse(file('generated/whole.json').toString()));
});

/** An upstream that shows an upload as it comes in, a gateway before it, and a client that sends piece by piece. */
async function openDoor(): Promise<{
  client: ClientRequest;
  calls: { seen: string; whole: boolean; headers: IncomingMessage['headers']; response: ServerResponse }[];
}> {
  const calls: Awaited<ReturnType<typeof openDoor>>['calls'] = [];
  const server = createServer((request, response) => {
    const call = { seen: '', whole: false, headers: request.headers, response };
    calls.push(call);
    request.on('data', (piece: Buffer) => (call.seen += piece.toString('latin1')));
    request.on('end', () => (call.whole = true));
    request.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const gateway = await startGateway(`providers: {up: {base_url: 'http://127.0.0.1:${port}/v1', api_key: k}}`);
  const client = httpRequest(`${gateway.url}/v1/images/edits`, { method: 'POST', headers: FORM_TYPE });
  client.on('error', () => undefined);
  onTestFinished(async () => {
    client.destroy();
    server.closeAllConnections();
    server.close();
    await gateway.close();
  });
  return { client, calls };
}

test('TR-02 several pictures and a mask go on one after the other while the client is still sending', async () => {
  const { client, calls } = await openDoor();
  const answered = new Promise<IncomingMessage>((resolve) => client.once('response', resolve));
  client.write(
    field('model', 'up/painter') + field('prompt', 'more water') + fileHead('image[]', 'one.png') + 'first-',
  );
  await until(() => calls[0]?.seen.includes('first-') === true, 'the first picture upstream');
  client.write(`half\r\n${fileHead('image[]', 'two.png')}second`);
  await until(() => calls[0]?.seen.includes('second') === true, 'the second picture upstream');
  client.write(`\r\n${picture('image[]', 'empty.png', '')}${field('n', '1')}${fileHead('mask', 'mask.png')}black`);
  await until(() => calls[0]?.seen.includes('black') === true, 'the mask upstream');
  client.end(`\r\n${field('stream', 'true')}${END}`);
  await until(() => calls[0]?.whole === true, 'the whole form upstream');
  const form = { headers: calls[0]?.headers ?? {}, body: calls[0]?.seen ?? '' };
  const head = (name: string, of: string): string =>
    `Content-Disposition: form-data; name="${name}"; filename="${of}" Content-Type: image/png`;
  const plain = (name: string): string => `Content-Disposition: form-data; name="${name}"`;
  expect(receivedParts(form)).toEqual([
    [plain('model'), 'painter'],
    [plain('prompt'), 'more water'],
    [head('image[]', 'one.png'), 'first-half'],
    [head('image[]', 'two.png'), 'second'],
    [head('image[]', 'empty.png'), ''],
    [head('mask', 'mask.png'), 'black'],
    [plain('n'), '1'],
    [plain('stream'), 'true'],
  ]);
  calls[0]?.response.writeHead(200, { 'content-type': 'text/event-stream' }).end(file('edited/streamed.sse'));
  const pieces = await (await answered).toArray();
  // `stream` stood behind the files, and the answer is a stream all the same.
  expect(Buffer.concat(pieces as Buffer[]).toString()).toBe(file('edited/streamed.sse').toString());
});

test('TR-02 pictures before the model are kept, those behind it too, and all go on in their order', async () => {
  const { client, calls } = await openDoor();
  const large = 'x'.repeat(600_000);
  client.write(picture('image', 'one.png', large) + field('model', 'up/painter') + picture('image', 'two.png', 'two'));
  client.end(picture('mask', 'mask.png', 'black') + END);
  await until(() => calls[0]?.whole === true, 'the whole form upstream');
  const parts = receivedParts({ headers: calls[0]?.headers ?? {}, body: calls[0]?.seen ?? '' });
  expect(parts.map(([, content]) => content)).toEqual(['painter', large, 'two', 'black']);
});

test('TR-07 a client that leaves between two pictures breaks the form upstream off', async () => {
  const { client, calls } = await openDoor();
  client.write(field('model', 'up/painter') + picture('image[]', 'one.png', 'first') + field('n', '1'));
  await until(() => calls[0]?.seen.includes('first') === true, 'the first picture upstream');
  client.destroy();
  await until(() => calls[0]?.response.destroyed === true, 'the break upstream');
  expect(calls[0]?.whole).toBe(false);
});

test('an upstream that answers before it took all pictures is heard at once', async () => {
  const { client, calls } = await openDoor();
  const answered = new Promise<IncomingMessage>((resolve) => client.once('response', resolve));
  client.write(field('model', 'up/painter') + picture('image[]', 'one.png', 'first') + fileHead('image[]', 'two.png'));
  await until(() => calls[0]?.seen.includes('first') === true, 'the first picture upstream');
  calls[0]?.response.writeHead(400, JSON_TYPE).end('{"error":{"message":"No weirs.","type":"image_error"}}');
  expect((await answered).statusCode).toBe(400);
});

const FORMS: readonly (readonly [string, string, string, number])[] = [
  [
    'more than 17 pictures',
    Array.from({ length: 18 }, () => picture('image[]', 'a.png', 'a')).join(''),
    'image[]',
    400,
  ],
  [
    'a file in a field that takes none',
    picture('image', 'a.png', 'a') + picture('prompt', 'b.txt', 'b'),
    'prompt',
    400,
  ],
  ['no picture', field('prompt', 'x'), 'image', 400],
];
test.each(FORMS)('TR-01 %s is refused by the name of the field', async (_name, parts, param, status) => {
  const stage = await openStage();
  const body = field('model', 'openai-chat/painter') + parts + END;
  const answer = await exchange(stage.gateway.url, { path: '/v1/images/edits', headers: FORM_TYPE, body });
  expect(answer.status).toBe(status);
  expect(Peek.parse(answer.body.toString()).at('error').value).toMatchObject({ type: 'invalid_request_error', param });
});

test('UP-09 an edit whose pictures are named in JSON passes as it came', async () => {
  const stage = await openStage();
  stage.upstream.on('painter', answering(200, JSON_TYPE, file('edited/whole.json')));
  const sent = '{"model":"openai-chat/painter","images":[{"file_id":"file-1"}],"prompt":"more"}';
  const answer = await exchange(stage.gateway.url, { path: '/v1/images/edits', headers: JSON_TYPE, body: sent });
  expect([answer.status, answer.body.equals(file('edited/whole.json'))]).toEqual([200, true]);
  expect(stage.upstream.for('painter')[0]?.body.toString()).toBe(sent.replace('openai-chat/', ''));
});

test('nothing makes pictures where no provider does: the sandbox refuses by name, with and without a form', async () => {
  const gateway = await startGateway('');
  onTestFinished(() => gateway.close());
  const asking = { model: 'gpt-image-1', prompt: 'a weir' };
  const made = await postJson(gateway.url, '/v1/images/generations', asking);
  const body = field('model', 'gpt-image-1') + picture('image', 'a.png', 'a') + END;
  const changed = await exchange(gateway.url, { path: '/v1/images/edits', headers: FORM_TYPE, body });
  for (const [answer, what] of [
    [made, 'makes pictures'],
    [changed, 'changes pictures'],
  ] as const) {
    expect(answer.status).toBe(400);
    const error = Peek.parse(answer.body.toString()).at('error');
    expect([error.at('param').text, error.at('message').text]).toEqual([
      'model',
      `The sandbox has no model that ${what}: configure a provider and name one of its own.`,
    ]);
  }
});
