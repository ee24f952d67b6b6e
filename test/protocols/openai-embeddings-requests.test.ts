import { expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { EmbeddingRequest, Generation, Request } from '../../src/model/request.ts';
import { dialect, protocol } from '../../src/protocols/openai-embeddings/index.ts';
import { target } from './exchange.ts';

function read(body: JsonObject): EmbeddingRequest {
  const request: Request = dialect.decodeRequest({ model: 'm', ...body });
  if (request.task !== 'embedding') throw new Error('it asks for something else');
  return request;
}

/** Path and code of a refusal. */
function refusal(act: () => unknown): readonly unknown[] {
  try {
    act();
  } catch (error) {
    if (error instanceof GatewayFailure) return [error.error.kind, error.error.param, error.error.code];
    throw error;
  }
  return ['no refusal'];
}

test.each<readonly [string, JsonObject['input'], EmbeddingRequest['inputs']]>([
  ['a text', 'one', ['one']],
  ['an empty text', '', ['']],
  ['texts', ['one', ''], ['one', '']],
  ['token ids', [1, 2, 3], [[1, 2, 3]]],
  ['lists of token ids', [[1], [2, 3]], [[1], [2, 3]]],
])('EM-01 input: %s', (_name, input, inputs) => {
  expect(read({ input: input ?? '' }).inputs).toEqual(inputs);
});

test('EM-01 EM-02 encoding, dimensions and user are read, and the encoding is float by default', () => {
  expect(read({ input: 'a' })).toMatchObject({ task: 'embedding', model: 'm', stream: false, encoding: 'float' });
  expect(read({ input: 'a', encoding_format: 'base64', dimensions: 8, user: 'u' })).toMatchObject({
    encoding: 'base64',
    dimensions: 8,
    user: 'u',
  });
});

test.each<readonly [string, JsonObject, string, string]>([
  ['no input', {}, 'input', 'missing_required_parameter'],
  ['an empty list', { input: [] }, 'input', 'empty_array'],
  ['an empty list of token ids', { input: [[1], []] }, 'input[1]', 'empty_array'],
  ['an object', { input: { text: 'a' } }, 'input', 'invalid_value'],
  ['a list that mixes texts and ids', { input: ['a', 1] }, 'input[1]', 'invalid_value'],
  ['a list that mixes ids and texts', { input: [1, 'a'] }, 'input[1]', 'invalid_value'],
  ['a list that mixes lists and texts', { input: [[1], 'a'] }, 'input[1]', 'invalid_value'],
  ['a token id that is no whole number', { input: [[1, 2.5]] }, 'input[0][1]', 'invalid_value'],
  ['an unknown encoding', { input: 'a', encoding_format: 'base64_int8' }, 'encoding_format', 'invalid_value'],
  ['no dimensions', { input: 'a', dimensions: 0 }, 'dimensions', 'invalid_value'],
  ['a part of a dimension', { input: 'a', dimensions: 1.5 }, 'dimensions', 'invalid_value'],
])('EM-01 %s is refused with its place', (_name, body, param, code) => {
  expect(refusal(() => read(body))).toEqual(['invalid_request', param, code]);
});

test('EM-01 the model must be named', () => {
  expect(refusal(() => dialect.decodeRequest({ input: 'a' }))).toEqual([
    'invalid_request',
    'model',
    'missing_required_parameter',
  ]);
});

test('UP-09 only the model differs in what is passed on', () => {
  expect(protocol.patch(read({ input: 'a' }), target())).toEqual({ model: 'upstream-model' });
  expect(protocol.path(read({ input: 'a' }), target())).toBe('/embeddings');
});

test('a request for text is refused by a model that makes embeddings', () => {
  const native = { protocol: 'openai-chat', value: {} } as const;
  const text: Generation = {
    task: 'generation',
    model: 'm',
    stream: true,
    turns: [],
    tools: [],
    sampling: {},
    stop: [],
    native,
  };
  expect(refusal(() => protocol.encodeRequest(text, target()))).toEqual([
    'invalid_request',
    'model',
    'unsupported_parameter',
  ]);
});
