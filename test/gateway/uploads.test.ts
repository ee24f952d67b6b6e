import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { transcriptStream } from '../support/upstream-bodies.ts';
import { until } from './stage.ts';

const BOUNDARY = 'cut-here';
const FILE_HEAD = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n`;
const END = `\r\n--${BOUNDARY}--\r\n`;

function field(name: string, value: string): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}

/** What reached the upstream of one upload, while it still comes in. */
interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly seen: () => string;
  broken: boolean;
  whole: boolean;
}

/** An upstream that shows an upload as it comes in, and a gateway before it. */
async function openDoor(top = ''): Promise<{ readonly gateway: Gateway; readonly calls: readonly Incoming[] }> {
  const calls: Incoming[] = [];
  const server: Server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    const call: Incoming = {
      request,
      response,
      seen: () => Buffer.concat(pieces).toString('latin1'),
      broken: false,
      whole: false,
    };
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      call.whole = true;
    });
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    request.on('close', () => {
      call.broken = !request.complete;
    });
    calls.push(call);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const gateway = await startGateway(
    `${top}\nproviders: {up: {base_url: 'http://127.0.0.1:${port}/v1', api_key: the-upstreams}}`,
  );
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await gateway.close();
  });
  return { gateway, calls };
}

/** A client that sends its upload piece by piece. */
class Uploader {
  readonly socket: Socket;
  seen = '';
  closed = false;

  constructor(base: string, length?: number, path = '/v1/audio/transcriptions') {
    const { hostname, port } = new URL(base);
    this.socket = connect(Number(port), hostname);
    this.socket.on('data', (bytes) => {
      this.seen += bytes.toString('latin1');
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.closed = true;
    });
    const size = length === undefined ? 'transfer-encoding: chunked' : `content-length: ${length}`;
    this.#raw(
      `POST ${path} HTTP/1.1\r\nhost: gateway\r\ncontent-type: multipart/form-data; boundary=${BOUNDARY}\r\n${size}\r\n\r\n`,
    );
  }

  /** Sends a piece as one HTTP chunk. */
  send(piece: string): void {
    this.#raw(`${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`);
  }

  finish(): void {
    this.#raw('0\r\n\r\n');
  }

  #raw(text: string): void {
    this.socket.write(text);
  }
}

test('TR-02 the file goes on to the upstream while the client is still sending, and fields behind it follow', async () => {
  const { gateway, calls } = await openDoor();
  const client = new Uploader(gateway.url);
  client.send(field('model', 'up/whisper') + FILE_HEAD + 'first-part-');
  await until(() => calls[0]?.seen().includes('first-part-') === true, 'the first part upstream');
  client.send('second-part');
  await until(() => calls[0]?.seen().includes('first-part-second-part') === true, 'the second part upstream');
  client.send(`\r\n${field('stream', 'true')}${field('language', 'fr')}--${BOUNDARY}--\r\n`);
  client.finish();
  await until(() => calls[0]?.whole === true, 'the whole form upstream');
  expect(calls[0]?.seen()).toMatch(/name="stream"\r\n\r\ntrue\r\n/);
  expect(calls[0]?.seen()).toMatch(/name="language"\r\n\r\nfr\r\n/);
  expect(calls[0]?.seen()).toMatch(/name="model"\r\n\r\nwhisper\r\n/);
  calls[0]?.response.writeHead(200, { 'content-type': 'text/event-stream' }).end(transcriptStream(['un ', 'deux']));
  await until(() => client.seen.includes('0\r\n\r\n'), 'the end of the answer');
  // `stream` stood behind the file, and the answer is a stream all the same.
  expect(client.seen).toContain('content-type: text/event-stream; charset=utf-8');
  expect(client.seen).toContain('transcript.text.delta');
});

test('TR-01 TR-02 values of a repeated field reach the upstream once each, also when the file stands between them', async () => {
  const { gateway, calls } = await openDoor();
  const client = new Uploader(gateway.url);
  const early = field('model', 'up/whisper') + field('include[]', 'one');
  client.send(
    `${early}${FILE_HEAD}RIFF\r\n${field('include[]', 'two')}${field('model', 'up/other')}--${BOUNDARY}--\r\n`,
  );
  client.finish();
  await until(() => calls[0]?.whole === true, 'the whole form upstream');
  const sent = [...(calls[0]?.seen() ?? '').matchAll(/name="(include\[\]|model)"\r\n\r\n(.*)\r\n/g)];
  expect(sent.map(([, name, value]) => [name, value])).toEqual([
    ['model', 'whisper'],
    ['include[]', 'one'],
    ['include[]', 'two'],
  ]);
  client.socket.destroy();
});

test('TR-06 a response_format that stands behind the file is the form of the answer', async () => {
  const { gateway, calls } = await openDoor();
  const client = new Uploader(gateway.url);
  client.send(
    `${field('model', 'up/whisper')}${FILE_HEAD}RIFF\r\n${field('response_format', 'text')}--${BOUNDARY}--\r\n`,
  );
  client.finish();
  await until(() => calls[0]?.whole === true, 'the whole form upstream');
  calls[0]?.response.writeHead(200, { 'content-type': 'text/plain' }).end('un deux\n');
  await until(() => client.seen.includes('un deux'), 'the answer');
  expect(client.seen).toMatch(/content-type: text\/plain/);
});

test('TR-02 a client that leaves while it uploads stops the upstream within a second', async () => {
  const { gateway, calls } = await openDoor();
  const client = new Uploader(gateway.url);
  client.send(field('model', 'up/whisper') + FILE_HEAD + 'part');
  await until(() => calls[0]?.seen().includes('part') === true, 'the part upstream');
  const left = performance.now();
  client.socket.destroy();
  await until(() => calls[0]?.broken === true, 'the upstream call to break');
  expect(performance.now() - left).toBeLessThan(1000);
  await until(() => gateway.log.length === 1, 'the record');
  expect(Peek.parse(gateway.log[0] ?? '').at('ended').value).toBe('abandoned');
});

test('an upstream that refuses an upload early is heard at once, and the connection to the client ends', async () => {
  const { gateway, calls } = await openDoor();
  const client = new Uploader(gateway.url);
  client.send(field('model', 'up/whisper') + FILE_HEAD + 'part');
  await until(() => calls.length === 1, 'the call');
  calls[0]?.response
    .writeHead(400, { 'content-type': 'application/json' })
    .end('{"error":{"message":"no such voice","code":"bad_voice"}}');
  await until(() => client.seen.includes('bad_voice'), 'the refusal');
  expect(client.seen).toMatch(/^HTTP\/1\.1 400 /);
  expect(client.seen.toLowerCase()).toContain('connection: close');
  await until(() => client.closed, 'the end of the connection');
  expect(Peek.parse(gateway.log[0] ?? '').at('ended').value).toBe('failed');
});

test.each([
  ['before the model', FILE_HEAD],
  ['after the model', field('model', 'up/whisper') + FILE_HEAD],
])('TR-01 a file beyond its limit, %s, is 413 that the client can read while it sends', async (_, head) => {
  const { gateway, calls } = await openDoor('limits: {upload_file: 100KB}');
  const client = new Uploader(gateway.url);
  client.send(head);
  let sent = 0;
  const sending = setInterval(() => {
    if (!client.closed) client.send('z'.repeat(20_000));
    sent += 20_000;
  }, 5);
  await until(() => client.seen.includes('request_too_large'), 'the refusal');
  await until(() => client.closed, 'the end of the connection');
  clearInterval(sending);
  expect(client.seen).toMatch(/^HTTP\/1\.1 413 /);
  expect(client.seen.toLowerCase()).toContain('connection: close');
  await until(() => calls.every((call) => call.broken), 'the upstream call to break');
  expect(sent).toBeGreaterThan(100_000);
});

test.each([
  ['an unknown model', field('model', 'nobody/whisper')],
  ['a wrong field', field('model', 'up/whisper') + field('temperature', 'hot') + field('stream', 'perhaps')],
])('TR-01 %s is refused while the file is still coming, and the connection ends', async (_, head) => {
  const { gateway, calls } = await openDoor();
  const client = new Uploader(gateway.url);
  client.send(head + FILE_HEAD + 'z'.repeat(500_000));
  await until(() => client.seen.includes('"error"'), 'the refusal');
  expect(client.seen).toMatch(/^HTTP\/1\.1 40[04] /);
  await until(() => client.closed, 'the end of the connection');
  expect(calls).toHaveLength(0);
  await until(() => gateway.log.length === 1, 'the record');
  expect(Peek.parse(gateway.log[0] ?? '').at('ended').value).toBe('refused');
});

test('a slow upstream slows the client down; its upload is not collected in between', async () => {
  const { gateway, calls } = await openDoor('limits: {upload_file: 200MB}');
  const client = new Uploader(gateway.url);
  client.send(field('model', 'up/whisper') + FILE_HEAD);
  await until(() => calls.length === 1, 'the call');
  calls[0]?.request.pause();
  for (let i = 0; i < 100; i++) client.send('z'.repeat(1_000_000));
  await sleep(500);
  const before = client.socket.writableLength;
  await sleep(300);
  expect([before > 50_000_000, client.socket.writableLength === before]).toEqual([true, true]);
  calls[0]?.request.resume();
  await until(() => client.socket.writableLength === 0, 'the rest to be sent');
  client.send(END);
  client.finish();
  await until(() => calls[0]?.whole === true, 'the whole form upstream');
});
