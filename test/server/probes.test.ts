import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import type { Gateway } from '../support/gateway.ts';
import { Peek } from '../support/peek.ts';
import { exchange } from '../support/raw-client.ts';
import type { RawAnswer } from '../support/raw-client.ts';

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway('');
});

afterAll(() => gateway.close());

function ask(method: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> {
  return exchange(gateway.url, {
    method,
    path,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method === 'POST' && { body: '{}' }),
  });
}

/** Whose format an error is in, by what it has beside its message. */
function formatOf(answer: RawAnswer): string {
  const body = Peek.parse(answer.body.toString());
  if (body.at('type').text === 'error') return 'messages';
  return body.at('error').has('status') ? 'gemini' : 'openai';
}

describe('an error where no model answers', () => {
  test.each([
    ['/anthropic', 'messages'],
    ['/anthropic/v1/nothing', 'messages'],
    ['/v1/messages/batches', 'messages'],
    ['/gemini', 'gemini'],
    ['/genai/', 'gemini'],
    ['/gemini/v1/nothing', 'gemini'],
    ['/v1beta/nothing', 'gemini'],
    ['/openai', 'openai'],
    ['/v1/nothing', 'openai'],
    ['/v1/messagesque', 'openai'],
  ])('at %s is told in the format %s', async (path, format) => {
    const answer = await ask('POST', path);
    expect(answer.status).toBe(404);
    expect(formatOf(answer)).toBe(format);
  });

  test.each([
    ['anthropic-version', 'messages'],
    ['x-goog-api-key', 'gemini'],
  ])('is told in the format whose clients alone send %s', async (header, format) => {
    expect(formatOf(await ask('GET', '/v1/models/none', { [header]: 'x' }))).toBe(format);
    expect(formatOf(await ask('GET', '/openai/v1/models/none', { [header]: 'x' }))).toBe('openai');
  });

  test('an unknown operation on a model is not found, whatever the method of its path', async () => {
    const answer = await ask('POST', '/v1beta/models/sandbox%2Fecho:predict');
    expect(answer.status).toBe(404);
    expect(answer.body.toString()).toContain(':generateContent');
    expect((await ask('POST', '/v1beta/models/:generateContent')).status).toBe(404);
    expect((await ask('POST', '/v1beta/models/sandbox%2Fecho')).status).toBe(405);
  });
});

describe('the list of models', () => {
  test.each([
    ['/anthropic/v1/models', 'has_more'],
    ['/gemini/v1/models', 'models'],
    ['/gemini/v1beta/models', 'models'],
    ['/openai/v1/models', 'object'],
  ])('ML-01 ML-02 at %s has the form of the prefix without any header', async (path, key) => {
    const answer = await ask('GET', path);
    expect(answer.status).toBe(200);
    expect(Peek.parse(answer.body.toString()).has(key)).toBe(true);
  });
});

describe('the id of a request', () => {
  test.each([
    ['/v1/messages', 'request-id'],
    ['/anthropic/v1/models', 'request-id'],
    ['/v1/chat/completions', 'x-request-id'],
    ['/v1/responses', 'x-request-id'],
  ])('WD-08 at %s stands in the header %s, be the answer an error', async (path, header) => {
    const { headers } = await ask(path.endsWith('models') ? 'GET' : 'POST', path);
    expect(headers[header]).toMatch(/^req_/);
    expect(headers[header]).toBe(headers['streamweir-request-id']);
  });
});

describe('the document of public paths', () => {
  test('declares each name that stands in a path, and asks no body for a model that the path names', async () => {
    const document = Peek.parse((await ask('GET', '/openapi.json')).body.toString());
    const paths = Object.entries(document.at('paths').value as Record<string, object>);
    expect(paths.length).toBeGreaterThan(30);
    for (const [path, operations] of paths) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(operations)) {
        const told = new Peek(operation);
        expect(told.at('parameters').list.map((each) => each.at('name').text)).toEqual(names);
        const ref = told.at('requestBody', 'content', 'application/json', 'schema', '$ref').text;
        const required = document.at('components', 'schemas', ref.split('/').at(-1) ?? '', 'required').list;
        if (ref !== '') expect(required.length).toBe(names.includes('model') ? 0 : 1);
      }
    }
    expect(document.at('paths', '/v1beta/models').given).toBe(true);
  });
});
