import { describe, expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { Json, JsonObject } from '../../src/model/json.ts';
import { DIALECT_ROUTES } from '../../src/protocols/index.ts';

type Body = (value: Json) => JsonObject;

const user = (content: Json): JsonObject => ({ role: 'user', content });
const ROWS: readonly (readonly [path: string, param: string, body: Body])[] = [
  ['/v1/responses', 'input', (input) => ({ input })],
  ['/v1/responses', 'input[0].content', (content) => ({ input: [user(content)] })],
  ['/v1/chat/completions', 'messages[0].content', (content) => ({ messages: [user(content)] })],
  ['/v1/chat/completions', 'stop', (stop) => ({ messages: [user('hi')], stop })],
  ['/v1/completions', 'stop', (stop) => ({ prompt: 'hi', stop })],
  ['/v1/messages', 'messages[0].content', (content) => ({ messages: [user(content)], max_tokens: 9 })],
  ['/v1/messages', 'system', (system) => ({ messages: [user('hi')], max_tokens: 9, system })],
];

describe('a field that takes a string or a list', () => {
  test.each(ROWS)('of %s, %s, says so when it is given something else', (path, param, body) => {
    const dialect = DIALECT_ROUTES.find((route) => route.path === path)?.dialect;
    const ask = (value: Json): unknown => dialect?.decodeRequest({ model: 'm', ...body(value) });
    expect(ask('text')).toMatchObject({ task: 'generation' });
    for (const [value, named] of [
      [7, 'a number'],
      [{}, 'an object'],
      [true, 'true'],
    ] as const) {
      const attempt = (): unknown => ask(value);
      expect(attempt).toThrow(GatewayFailure);
      expect(attempt).toThrow(`'${param}' must be a string or a list of `);
      expect(attempt).toThrow(`, not ${named}.`);
    }
  });
});
