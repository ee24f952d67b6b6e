import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { postJson } from '../support/raw-client.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { FORMATS, eventsOf, until } from '../gateway/stage.ts';
import type { Format } from '../gateway/stage.ts';

const SSE = { 'content-type': 'text/event-stream' };

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  const rows = FORMATS.map((format) => `  ${format}: {protocol: ${format}, base_url: '${upstream.url}/v1'}\n`);
  gateway = await startGateway(`providers:\n${rows.join('')}`);
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

function requestText(dialect: Format, model: string, stream: boolean, version = '1.1', more = ''): string {
  const client = TEXT_CLIENTS[dialect];
  const body = JSON.stringify(client.request(model, stream, false));
  return `POST ${client.path} HTTP/${version}\r\nhost: x\r\n${more}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Sends text on one connection and shows what comes back. */
class Line {
  readonly socket: ReturnType<typeof connect>;
  seen = '';
  closed = false;

  constructor(text: string | Uint8Array) {
    const { hostname, port } = new URL(gateway.url);
    this.socket = connect(Number(port), hostname);
    this.socket.on('error', () => undefined);
    this.socket.on('data', (bytes) => {
      this.seen += bytes.toString('latin1');
    });
    this.socket.on('close', () => {
      this.closed = true;
    });
    this.socket.write(text);
  }
}

test('requests that were sent ahead on one connection are answered one after the other, whichever upstream is first', async () => {
  upstream.on('slow', async (reply) => {
    await sleep(200);
    reply.head(200, SSE);
    for (const event of eventsOf(WIRES['openai-chat'].stream({ text: ['slow ', 'answer '] }))) {
      await reply.write(event);
      await sleep(20);
    }
    reply.end();
  });
  upstream.on('fast', (reply) => {
    reply.head(200, SSE);
    reply.end(WIRES['openai-chat'].stream({ text: ['fast ', 'answer '] }));
  });
  for (const dialect of FORMATS) {
    const models = ['slow', 'fast', 'slow', 'fast'];
    const streams = [true, true, false, true];
    const line = new Line(
      models.map((model, index) => requestText(dialect, `openai-chat/${model}`, streams[index] === true)).join(''),
    );
    await until(
      () => (line.seen.match(/HTTP\/1\.1 200/g) ?? []).length === 4 && line.seen.endsWith('\r\n0\r\n\r\n'),
      'four answers',
    );
    line.socket.destroy();
    const answers = line.seen.split('HTTP/1.1 200 OK').slice(1);
    expect(answers.map((answer) => (answer.includes('slow ') ? 'slow' : 'fast'))).toEqual(models);
    // A streamed answer ends with its terminal event and nothing of another is in it.
    for (const answer of answers) expect(answer.includes('slow ') && answer.includes('fast ')).toBe(false);
  }
});

test('one connection serves streams, whole answers and refusals in turn', async () => {
  upstream.on('m', (reply) => {
    reply.head(200, SSE);
    reply.end(WIRES['openai-chat'].stream({ text: ['one '] }));
  });
  const line = new Line('');
  const turns: readonly (readonly [string, string])[] = [
    [requestText('openai-chat', 'openai-chat/m', true), '[DONE]\n\n\r\n0\r\n\r\n'],
    [requestText('openai-responses', 'openai-chat/m', false), '}'],
    [requestText('openai-completions', 'nobody/m', true), '}'],
    ['POST /v1/nothing HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}', '}'],
    ['GET /v1/responses HTTP/1.1\r\nhost: x\r\n\r\n', '}'],
    [requestText('openai-responses', 'openai-chat/m', true), '\r\n0\r\n\r\n'],
  ];
  for (const [text, end] of turns) {
    line.seen = '';
    line.socket.write(text);
    await until(() => line.seen.endsWith(end), end);
  }
  expect(line.closed).toBe(false);
  line.socket.destroy();
});

test('a client of HTTP/1.0 gets its stream without chunks, up to the end of the connection', async () => {
  for (const protocol of FORMATS) {
    upstream.on('m', async (reply) => {
      reply.head(200, SSE);
      for (const event of eventsOf(WIRES[protocol].stream({ text: ['one ', 'two '] }))) await reply.write(event);
      reply.end();
    });
    for (const dialect of FORMATS) {
      const line = new Line(requestText(dialect, `${protocol}/m`, true, '1.0'));
      await until(() => line.closed, 'the end');
      const [head = '', body = ''] = line.seen.split(/\r\n\r\n([^]*)/);
      expect(head.toLowerCase()).not.toContain('transfer-encoding');
      expect(body).toMatch(/^(?:(?:event: .*\n)?data: .*\n\n)+$/);
      expect(body).toContain('two ');
    }
  }
});

test('C02 a client that leaves while it sends its request costs no upstream call and is no fault', async () => {
  const before = upstream.received.length;
  const whole = requestText('openai-chat', 'openai-chat/m', true);
  const packed = gzipSync('{"model":"openai-chat/m"}');
  const head = `POST /v1/responses HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`;
  const form =
    'POST /v1/audio/transcriptions HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 9000\r\n\r\n--b\r\nContent-Disp';
  for (const text of [
    whole.slice(0, -10),
    whole.slice(0, 60),
    Buffer.concat([Buffer.from(head), packed.subarray(0, 20)]),
    form,
  ]) {
    const line = new Line(text);
    await sleep(50);
    line.socket.destroy();
  }
  await sleep(100);
  expect(upstream.received.length).toBe(before);
  expect(gateway.log.filter((entry) => entry.includes('"fault"'))).toEqual([]);
  expect((await postJson(gateway.url, '/v1/nothing', {})).status).toBe(404);
});
