import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeUpstream, streaming } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { exchange, postJson } from '../support/raw-client.ts';
import type { RawAnswer, RawRequest } from '../support/raw-client.ts';
import { TEXT_CLIENTS } from '../support/text-requests.ts';
import { WIRES } from '../support/upstream-bodies.ts';
import { until } from '../gateway/stage.ts';

const PATHS = [
  '/v1/responses',
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/audio/speech',
  '/v1/audio/transcriptions',
  '/v1/audio/translations',
];
const JSON_PATHS = PATHS.slice(0, 4);
const JSON_TYPE = { 'content-type': 'application/json' };
const CANARY = 'canary-of-the-prompt';

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  upstream.on('m', streaming(WIRES['openai-chat'].stream({ text: ['ok'] })));
  const limits = 'limits: {body: 100KB, json_depth: 20, json_tokens: 500}';
  gateway = await startGateway(
    `${limits}\nresponses: { websocket: false }\nproviders: {up: {base_url: '${upstream.url}/v1', models: [gpt-large]}}`,
  );
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

function errorOf(answer: RawAnswer): Peek {
  expect(answer.headers['content-type']).toBe('application/json');
  expect(answer.headers['streamweir-request-id']).toMatch(/^req_[a-z0-9]{24}$/);
  return Peek.parse(answer.body.toString()).at('error');
}

async function refused(request: RawRequest): Promise<readonly [status: number, code: string, answer: RawAnswer]> {
  const answer = await exchange(gateway.url, request);
  return [answer.status, errorOf(answer).at('code').text, answer];
}

/** Sends bytes on one connection and resolves with all that comes until the other side closes it, or until the text has come. */
async function raw(send: string, text?: string): Promise<string> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  let seen = '';
  let closed = false;
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    seen += bytes.toString('latin1');
  });
  socket.on('close', () => {
    closed = true;
  });
  socket.write(send);
  await until(() => closed || (text !== undefined && seen.includes(text)), text ?? 'the end of the connection');
  socket.destroy();
  return seen;
}

describe('what is refused, in JSON, with what to do instead', () => {
  test.each(PATHS)('%s takes POST alone, and says so', async (path) => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const [status, code, answer] = await refused({ method, path });
      expect([method, status, code, answer.headers['allow']]).toEqual([method, 405, 'method_not_allowed', 'POST']);
    }
  });

  test('a path that is none names the nearest that are; a plain path takes GET and HEAD', async () => {
    for (const path of ['/', '/v1', '/v1/chat/completion', '/v1/models/', '/v2/responses', `/${'x'.repeat(3000)}`]) {
      const [status, code, answer] = await refused({ path, headers: JSON_TYPE, body: '{}' });
      if (path !== '/v1/models/') expect([path, status, code]).toEqual([path, 404, 'unknown_path']);
      else expect(status).toBe(405);
      expect(answer.body.length).toBeLessThan(1000);
    }
    const [, , near] = await refused({ path: '/v2/chat/completion', headers: JSON_TYPE, body: '{}' });
    expect(near.body.toString()).toContain('that answer: /v1/chat/completions, ');
    const [status, , answer] = await refused({ method: 'POST', path: '/healthz' });
    expect([status, answer.headers['allow']]).toEqual([405, 'GET, HEAD']);
  });

  test.each(JSON_PATHS)('%s: depth, tokens and size are bounded', async (path) => {
    const deep = `{"model":"up/m","x":${'['.repeat(30)}${']'.repeat(30)}}`;
    const many = `{"model":"up/m","x":[${'{},'.repeat(600)}1]}`;
    const big = `{"model":"up/m","x":"${'y'.repeat(150_000)}"}`;
    expect((await refused({ path, headers: JSON_TYPE, body: deep })).slice(0, 2)).toEqual([400, 'invalid_json']);
    expect((await refused({ path, headers: JSON_TYPE, body: many })).slice(0, 2)).toEqual([400, 'invalid_json']);
    expect((await refused({ path, headers: JSON_TYPE, body: big })).slice(0, 2)).toEqual([413, 'request_too_large']);
    const chunked = `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
    const answer = await raw(`${chunked}${big.length.toString(16)}\r\n${big}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
  });

  test.each(JSON_PATHS)('%s: broken JSON is refused with its place and without its content', async (path) => {
    for (const body of [
      `{"model":"up/m","input":"${CANARY}"`,
      `{"model": ${CANARY}}`,
      `["${CANARY}"]`,
      '',
      'null',
      `{"a":"${CANARY}\n"}`,
    ]) {
      const [status, code, answer] = await refused({ path, headers: JSON_TYPE, body });
      expect([body, status, code]).toEqual([body, 400, 'invalid_json']);
      expect(answer.body.toString()).not.toContain(CANARY);
    }
    const place = errorOf(await exchange(gateway.url, { path, headers: JSON_TYPE, body: '{"model" "x"}' })).at(
      'message',
    ).text;
    expect(place).toMatch(/at (?:byte|character) 9/);
  });

  test('headers that two parties could read differently are refused', async () => {
    const body = '{"model":"up/m","messages":[]}';
    const head = (lines: string): string =>
      `POST /v1/chat/completions HTTP/1.1\r\n${lines}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
    const doubled = [
      'host: a\r\nhost: b\r\ncontent-type: application/json\r\n',
      'host: a\r\nauthorization: Bearer a\r\nauthorization: Bearer b\r\ncontent-type: application/json\r\n',
      'host: a\r\nx-api-key: a\r\nx-api-key: b\r\ncontent-type: application/json\r\n',
      'host: a\r\ncontent-type: text/plain\r\ncontent-type: application/json\r\n',
    ];
    for (const lines of doubled) expect(await raw(head(lines))).toMatch(/^HTTP\/1\.1 400 /);
    const absolute = head('host: a\r\ncontent-type: application/json\r\n').replace(
      ' /v1/',
      ' http://elsewhere.test/v1/',
    );
    expect(await raw(absolute)).toMatch(/^HTTP\/1\.1 40[04] /);
  });

  test('a page of another site may not call, whatever the path', async () => {
    for (const path of [...PATHS, '/v1/models', '/healthz']) {
      const [status, code] = await refused({
        path,
        headers: { ...JSON_TYPE, 'sec-fetch-site': 'cross-site' },
        body: '{}',
      });
      expect([path, status, code]).toEqual([path, 403, 'cross_site']);
    }
    const own = await exchange(gateway.url, {
      method: 'GET',
      path: '/healthz',
      headers: { 'sec-fetch-site': 'same-origin' },
    });
    expect(own.status).toBe(200);
  });

  test.each([...PATHS, '/', '/v1/realtime'])(
    'OR-88 a WebSocket on %s is refused, the connection ends, and the next request is served',
    async (path) => {
      const start = performance.now();
      const answer = await raw(
        `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      );
      expect(performance.now() - start).toBeLessThan(500);
      expect(answer).toMatch(/^HTTP\/1\.1 426 /);
      expect(answer).toMatch(/\r\nconnection: close\r\n/i);
      expect(Peek.parse(answer.slice(answer.indexOf('\r\n\r\n'))).at('error', 'code').value).toBe('upgrade_required');
      const next = await postJson(
        gateway.url,
        '/v1/chat/completions',
        TEXT_CLIENTS['openai-chat'].request('up/m', true, false),
      );
      expect(next.status).toBe(200);
    },
  );

  test('another upgrade is not taken, and the request is served as it is', async () => {
    const body = JSON.stringify(TEXT_CLIENTS['openai-chat'].request('up/m', true, false));
    const headers = {
      ...JSON_TYPE,
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABkAAQAAP__',
    };
    const answer = await exchange(gateway.url, {
      path: '/v1/chat/completions',
      headers: { ...headers, connection: 'close' },
      body,
    });
    expect(answer.status).toBe(200);
  });

  test('an unknown model names the nearest and says how to add a provider', async () => {
    const answer = await postJson(
      gateway.url,
      '/v1/chat/completions',
      TEXT_CLIENTS['openai-chat'].request('upp/gpt-larg', false, false),
    );
    const error = errorOf(answer);
    expect([answer.status, error.at('code').value, error.at('param').value]).toEqual([404, 'model_not_found', 'model']);
    expect(error.at('message').text).toContain('up/gpt-large');
    expect(error.at('message').text).toContain('streamweir.yaml');
  });
});

describe('Expect: 100-continue', () => {
  const body = JSON.stringify(TEXT_CLIENTS['openai-chat'].request('up/m', true, false));
  const head = (path: string, length: number, more = 'content-type: application/json\r\n'): string =>
    `POST ${path} HTTP/1.1\r\nhost: x\r\n${more}content-length: ${length}\r\nexpect: 100-continue\r\n\r\n`;

  test('is answered with 100 when nothing in the head speaks against the body', async () => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    let seen = '';
    socket.on('data', (bytes) => {
      seen += bytes.toString('latin1');
    });
    socket.write(head('/v1/chat/completions', Buffer.byteLength(body)));
    await until(() => seen.startsWith('HTTP/1.1 100 Continue\r\n\r\n'), 'the permission');
    socket.write(body);
    await until(() => seen.includes('[DONE]'), 'the answer');
    socket.destroy();
    expect(seen.split('HTTP/1.1 ').map((answer) => answer.slice(0, 3))).toEqual(['', '100', '200']);
  });

  test('is answered with the refusal alone where the head is enough for one', async () => {
    expect(await raw(head('/v1/chat/completions', 900_000))).toMatch(/^HTTP\/1\.1 413 /);
    expect(await raw(head('/v1/chat/completions', 100, 'content-type: text/plain\r\n'))).toMatch(/^HTTP\/1\.1 415 /);
    expect(await raw(head('/v1/nothing', 100))).toMatch(/^HTTP\/1\.1 404 /);
    expect(await raw(head('/v1/chat/completions', 100).replace('100-continue', 'a-miracle'), '417')).toMatch(
      /^HTTP\/1\.1 417 /,
    );
  });
});

test('every refusal leaves one line in the access log, with none of the content', async () => {
  const before = gateway.log.length;
  await postJson(gateway.url, '/v1/chat/completions', { model: 'up/m', messages: [{ role: CANARY, content: CANARY }] });
  await postJson(gateway.url, '/v1/responses', { model: 'up/m', input: 'x', temperature: CANARY, stream: CANARY });
  await exchange(gateway.url, { path: '/v1/nothing', headers: JSON_TYPE, body: `{"x":"${CANARY}"}` });
  await exchange(gateway.url, { path: '/v1/responses', headers: JSON_TYPE, body: `{"x":${CANARY}` });
  const lines = gateway.log.slice(before);
  expect(lines.map((line) => Peek.parse(line).at('ended').value)).toEqual(['refused', 'refused', 'refused', 'refused']);
  expect(lines.map((line) => Peek.parse(line).at('status').value)).toEqual([400, 400, 404, 400]);
  expect(lines.join('')).not.toContain(CANARY);
});
