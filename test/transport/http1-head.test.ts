import { describe, expect, test } from 'vitest';
import { readHead } from '../../src/transport/http1/response-head.ts';

describe('headers', () => {
  const headersOf = (...lines: readonly string[]): Record<string, unknown> => ({
    ...readHead(['HTTP/1.1 200 OK', ...lines].join('\r\n')).headers,
  });

  test('have lower-case names, and values without the spaces and tabs around', () => {
    expect(headersOf('X-Request-ID: \t a b\t ', 'Empty:', 'x_y:1:2')).toEqual({
      'x-request-id': 'a b',
      empty: '',
      x_y: '1:2',
    });
  });

  test('lose no byte of a value, though it may look like a space of another kind', () => {
    const utf8 = Buffer.from('voilà').toString('latin1');
    expect(headersOf(`x: \xa0${utf8}\xa0`)).toEqual({ x: `\xa0${utf8}\xa0` });
  });

  test('that come more than once are joined, but for cookies', () => {
    expect(headersOf('a: 1', 'set-cookie: x=1', 'A: 2', 'Set-Cookie: y=2, z', 'a:')).toEqual({
      a: '1, 2, ',
      'set-cookie': ['x=1', 'y=2, z'],
    });
  });

  test('with names that objects have for themselves are harmless', () => {
    const { headers } = readHead(
      'HTTP/1.1 200 OK\r\n__proto__: a\r\n__PROTO__: b\r\nconstructor: c\r\nhasOwnProperty: d',
    );
    expect(Object.entries(headers)).toEqual([
      ['constructor', 'c'],
      ['hasownproperty', 'd'],
    ]);
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
    expect(Object.keys({})).toEqual([]);
  });

  test.each([
    ['timeout=5', 4000],
    ['timeout=1', 0],
    ['timeout=0', 0],
    ['timeout=999999999', 999_999_998_000],
    ['max=100', Infinity],
    ['', Infinity],
  ])('say for how long a connection is kept: keep-alive: %s', (hint, keeps) => {
    expect(readHead(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\nkeep-alive: ${hint}`).keeps).toBe(keeps);
  });
});
