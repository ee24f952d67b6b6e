import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DIALECT_ROUTES } from '../../src/protocols/index.ts';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { exchange, postJson } from '../support/raw-client.ts';
import type { RawAnswer } from '../support/raw-client.ts';

let upstream: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  gateway = await startGateway(`providers:
  up: {base_url: '${upstream.url}/v1', models: [plain, org/family/model, 'odd 100%']}
  dead: {base_url: 'http://127.0.0.1:9/v1', models: [still-listed]}`);
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

function get(path: string, method = 'GET'): Promise<RawAnswer> {
  return exchange(gateway.url, { method, path });
}

test('ML-01 the list holds what is configured, what answers or not, and the sandbox, each once and in the form of the format', async () => {
  const answer = await get('/v1/models');
  const list = Peek.parse(answer.body.toString());
  expect([answer.status, list.at('object').value]).toEqual([200, 'list']);
  const ids = list.at('data').list.map((model) => model.at('id').text);
  expect(ids).toEqual(expect.arrayContaining(['up/plain', 'up/org/family/model', 'dead/still-listed', 'sandbox/echo']));
  expect(new Set(ids).size).toBe(ids.length);
  for (const model of list.at('data').list) {
    expect(Object.keys(model.value ?? {}).toSorted()).toEqual(['created', 'id', 'object', 'owned_by']);
    expect([model.at('object').value, Number.isInteger(model.at('created').number)]).toEqual(['model', true]);
  }
});

test('ML-01 one model is found by its id, with slashes as they are or escaped; another is 404', async () => {
  for (const path of [
    'up/plain',
    'up/org/family/model',
    'up%2Forg%2Ffamily%2Fmodel',
    'sandbox/echo',
    'up/odd%20100%25',
  ]) {
    const answer = await get(`/v1/models/${path}`);
    expect([path, answer.status, Peek.parse(answer.body.toString()).at('id').value]).toEqual([
      path,
      200,
      decodeURIComponent(path),
    ]);
  }
  for (const path of ['nobody/nothing', 'up/none', 'up/odd%', '%zz', '%00', '__proto__']) {
    const answer = await get(`/v1/models/${path}`);
    const error = Peek.parse(answer.body.toString()).at('error');
    expect([path, answer.status, error.at('code').value, error.at('param').value]).toEqual([
      path,
      404,
      'model_not_found',
      'model',
    ]);
  }
});

test('WD-08 every plain answer names its request, and HEAD gives the head alone', async () => {
  for (const path of [
    '/healthz',
    '/readyz',
    '/openapi.json',
    '/v1/models',
    '/v1/models/up/plain',
    '/healthz/',
    '/healthz?x=1',
  ]) {
    const answer = await get(path);
    expect([path, answer.status, answer.headers['content-type']]).toEqual([path, 200, 'application/json']);
    expect(answer.headers['streamweir-request-id']).toMatch(/^req_/);
    const head = await get(path, 'HEAD');
    expect([path, head.status, head.body.length, head.headers['content-length']]).toEqual([
      path,
      200,
      0,
      answer.headers['content-length'],
    ]);
  }
});

async function keptResponse(): Promise<string> {
  const answer = await postJson(gateway.url, '/v1/responses', { model: 'sandbox/echo', input: 'Hi' });
  return Peek.parse(answer.body.toString()).at('id').text;
}

test('the OpenAPI document describes every public path, and each of them answers', async () => {
  const document = Peek.parse((await get('/openapi.json')).body.toString());
  expect(document.at('openapi').text).toMatch(/^3\.1\./);
  expect([document.at('info', 'title').given, document.at('info', 'version').given]).toEqual([true, true]);
  const paths = Object.keys(document.at('paths').value ?? {});
  expect(paths).toEqual(expect.arrayContaining(DIALECT_ROUTES.map((route) => route.path)));
  for (const path of paths) {
    const operations = Object.keys(document.at('paths', path).value ?? {});
    for (const method of operations) {
      const id = path.startsWith('/v1/responses') ? await keptResponse() : 'up/plain';
      const answer = await get(path.replace('{id}', id), method.toUpperCase());
      expect([path, method, answer.status === 404 || answer.status === 405]).toEqual([path, method, false]);
      expect(document.at('paths', path, method, 'summary').given).toBe(true);
      const responses = Object.values(document.at('paths', path, method, 'responses').value ?? {});
      for (const response of responses) expect(new Peek(response).at('description').given).toBe(true);
    }
  }
  for (const [, name = ''] of JSON.stringify(document.value).matchAll(/"#\/components\/schemas\/(\w+)"/g))
    expect(document.at('components', 'schemas', name).given).toBe(true);
  const parameters = document.at('paths', '/v1/models/{id}', 'get', 'parameters').list;
  expect(
    parameters.map((parameter) => [
      parameter.at('name').value,
      parameter.at('in').value,
      parameter.at('required').value,
    ]),
  ).toEqual([['id', 'path', true]]);
});

test('an upstream that is slow to list its models does not hold the list for long', async () => {
  upstream.on('', async () => {
    await sleep(10_000);
  });
  const start = performance.now();
  expect((await get('/v1/models')).status).toBe(200);
  expect(performance.now() - start).toBeLessThan(5000);
});
