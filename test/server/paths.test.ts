import { describe, expect, test } from 'vitest';
import { DIALECT_ROUTES } from '../../src/protocols/index.ts';
import { findPath } from '../../src/server/paths.ts';

describe('a request target', () => {
  test.each(DIALECT_ROUTES.filter(({ path }) => !path.includes('{')).map(({ path }) => path))('%s is found', (path) => {
    expect(findPath(path).route?.path).toBe(path);
    expect(findPath(`${path}/?beta=true`)).toMatchObject({ path, place: { query: { beta: 'true' } } });
  });

  test.each([
    ['/openai/v1/chat/completions', '/v1/chat/completions', 'openai'],
    ['/openai/chat/completions', '/v1/chat/completions', 'openai'],
    ['/anthropic/v1/messages', '/v1/messages', 'anthropic'],
    ['/anthropic/messages', '/v1/messages', 'anthropic'],
    ['/gemini/v1beta/models', '/v1beta/models', 'google'],
    ['/genai/models/x', '/v1beta/models/x', 'google'],
    ['/gemini/v1/models/x', '/v1/models/x', 'google'],
  ])('%s is %s, whose models are those of %s', (url, path, provider) => {
    expect(findPath(url)).toMatchObject({ path, prefix: { provider } });
  });

  test('a path that only begins like a prefix is another one', () => {
    expect(findPath('/openaid/v1/models').prefix).toBeUndefined();
    expect(findPath('/openai').prefix).toBeUndefined();
  });

  test('of a query name that comes twice the first counts, and none reaches a prototype', () => {
    const { query } = findPath('/v1/models?key=a&key=b&__proto__=x').place;
    expect(query['key']).toBe('a');
    expect(Object.getPrototypeOf(query)).toBeNull();
  });
});
