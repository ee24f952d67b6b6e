import { expect, test } from 'vitest';
import { openApiDocument } from '../../src/server/openapi.ts';
import { Peek } from '../support/peek.ts';

const document = new Peek(openApiDocument());

function bodyOf(path: string): Peek {
  return document.at('paths', path, 'post', 'requestBody', 'content');
}

test('a path that takes JSON, a form or both says so', () => {
  const kinds = ['/v1/embeddings', '/v1/rerank', '/v1/audio/transcriptions', '/v1/images/edits'].map((path) =>
    Object.keys(bodyOf(path).value ?? {}),
  );
  expect(kinds).toEqual([
    ['application/json'],
    ['application/json'],
    ['multipart/form-data'],
    ['application/json', 'multipart/form-data'],
  ]);
});

test('a form names its files: the one it needs, or the several it may hold', () => {
  const schema = (path: string): Peek => bodyOf(path).at('multipart/form-data', 'schema');
  const binary = { type: 'string', format: 'binary' };
  expect(schema('/v1/audio/transcriptions').value).toMatchObject({
    required: ['model', 'file'],
    properties: { file: binary },
  });
  expect(schema('/v1/images/edits').value).toMatchObject({
    required: ['model'],
    properties: { image: binary, 'image[]': { type: 'array', items: binary }, mask: binary },
  });
});
