import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editKeys } from '../../src/framing/json-edit.ts';
import { scanJson } from '../../src/framing/json-scan.ts';
import type { ScannedObject } from '../../src/framing/json-scan.ts';

const LIMITS = { depth: 64, tokens: 250_000 };

function scanned(text: string): ScannedObject {
  const scan = scanJson(Buffer.from(text), LIMITS);
  if (scan.problem !== undefined) throw new Error(`${scan.problem} at ${scan.offset}`);
  return scan;
}

function set(text: string, values: Record<string, string>): string {
  return Buffer.from(editKeys(Buffer.from(text), scanned(text), values)).toString();
}

/** JSON text with white space, escapes and number forms as nobody's serialiser writes them. */
const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
const jsonString = fc
  .array(fc.constantFrom('a', 'é', '日', '😀', '\\"', '\\\\', '\\n', '\\u0041', '{', ']', ',', ':', 'x'.repeat(40)), {
    maxLength: 12,
  })
  .map((parts) => `"${parts.join('')}"`);
// V8 13.6 takes a key that is one escape (`"\\n"`) for a backslash once an object that begins alike had the backslash as its key: it would be no judge.
const jsonKey = fc
  .oneof(jsonString, fc.constantFrom('"model"', '"mod\\u0065l"', '"__proto__"'))
  .filter((key) => key !== '"\\\\"');
const scalar = fc.oneof(
  jsonString,
  fc.constantFrom('1.0', '-0', '1e2', '12345678901234567890', 'true', 'false', 'null', '""'),
);
const { value: jsonValue, object: jsonObject } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, scalar, tie('list'), tie('object')),
  list: fc
    .tuple(space, fc.array(tie('value'), { maxLength: 4 }), space)
    .map(([a, items, b]) => `[${a}${items.join(`${b},${a}`)}${b}]`),
  object: fc
    .tuple(space, fc.array(fc.tuple(jsonKey, tie('value')), { maxLength: 5 }), space)
    .map(
      ([a, members, b]) => `{${a}${members.map(([key, value]) => `${key}${b}:${a}${value}`).join(`${a},${b}`)}${b}}`,
    ),
}));

function parsed(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  return Object.assign(Object.create(null) as Record<string, unknown>, value);
}

describe('a scan', () => {
  test('UP-09 the last range of each key holds the value JSON.parse gives it, byte for byte', () => {
    fc.assert(
      fc.property(space, jsonObject, space, (before, object, after) => {
        const text = `${before}${object}${after}`;
        const bytes = Buffer.from(text);
        const { values, close } = scanned(text);
        const expected = parsed(text);
        expect(bytes[close]).toBe('}'.charCodeAt(0));
        expect([...values.keys()].toSorted()).toEqual(Object.keys(expected).toSorted());
        for (const [key, ranges] of values) {
          for (const { start, end } of ranges)
            expect(bytes.toString('utf8', start, end)).toMatch(/^\S[^]*(?<=\S)$|^\S$/);
          const last = ranges.at(-1);
          expect(JSON.parse(bytes.toString('utf8', last?.start, last?.end))).toEqual(expected[key]);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('any JSON that is no object is let through without keys', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          scalar,
          fc.array(jsonValue).map((items) => `[${items.join()}]`),
        ),
        (text) => {
          expect(scanned(` ${text}\n`)).toEqual({ values: new Map(), close: -1 });
        },
      ),
    );
  });

  test('a JSON text cut anywhere is a syntax problem', () => {
    fc.assert(
      fc.property(jsonObject, (text) => {
        const bytes = Buffer.from(text);
        for (let cut = 0; cut < bytes.length; cut += 1)
          expect(scanJson(bytes.subarray(0, cut), LIMITS), text.slice(0, cut)).toMatchObject({ problem: 'syntax' });
      }),
    );
  });

  test('what the scan refuses as syntax, JSON.parse refuses too', () => {
    const soup = fc.array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '"a"', '1', 'true', ' '), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(soup, (parts) => {
        const text = parts.join('');
        if (scanJson(Buffer.from(text), LIMITS).problem !== undefined) expect(() => parsed(text)).toThrow(SyntaxError);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['{"a":1', 6],
    ['{"a" 1}', 5],
    ['{"a":}', 5],
    ['{a:1}', 1],
    ['{"a":[1}}', 7],
    ['{"a":1,}', 7],
    ['{"a":1}}', 7],
    ['{"a":"x}', 8],
    ['{"\\x":1}', 1],
    ['', 0],
  ])('%j is a syntax problem at byte %i', (text, offset) => {
    expect(scanJson(Buffer.from(text), LIMITS)).toEqual({ problem: 'syntax', offset });
  });
});

describe('limits', () => {
  test('nesting over the limit is refused at the bracket that exceeds it', () => {
    const nested = (depth: number): Buffer => Buffer.from(`{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`);
    expect(scanJson(nested(64), LIMITS).problem).toBeUndefined();
    expect(scanJson(nested(65), LIMITS)).toEqual({ problem: 'depth', offset: 5 + 63 });
    expect(scanJson(Buffer.alloc(1_000_000, '['), LIMITS)).toEqual({ problem: 'depth', offset: 64 });
  });

  test('brackets and commas count, in strings they do not', () => {
    const limits = { depth: 4, tokens: 5 };
    expect(scanJson(Buffer.from('{"a":[1,2],"b":",,,[[[{{{"}'), limits).problem).toBeUndefined();
    expect(scanJson(Buffer.from('{"a":[1,2],"b":[],"c":1}'), limits)).toEqual({ problem: 'tokens', offset: 17 });
    expect(scanJson(Buffer.from(`[${'{},'.repeat(200_000)}{}]`), LIMITS).problem).toBe('tokens');
  });
});

describe('splicing', () => {
  test('UP-09 UP-10 a new model leaves every other byte alone: order, spaces, escapes and numbers', () => {
    const text =
      '\n{ "temperature": 1.0, "seed":12345678901234567890,\t"model" : "gw/é" , "top_p":1e2,"x":"\\u00e9\\/" }\n';
    expect(set(text, { model: '"m"' })).toBe(text.replace('"gw/é"', '"m"'));
  });

  test('UP-09 every value of a repeated key is replaced, however the key is spelt, and only at the top', () => {
    const text = '{"model":"a","x":{"model":"inner"},"mod\\u0065l":{"b":[]},"model":1}';
    expect(set(text, { model: '"m"' })).toBe('{"model":"m","x":{"model":"inner"},"mod\\u0065l":"m","model":"m"}');
  });

  test('UP-09 keys that are absent are appended, also to an empty object', () => {
    const values = { stream_options: '{"include_usage":true}', 'a"b': '1' };
    expect(set('{"model":"é" }', values)).toBe('{"model":"é" ,"stream_options":{"include_usage":true},"a\\"b":1}');
    expect(set('{ }', values)).toBe('{ "stream_options":{"include_usage":true},"a\\"b":1}');
  });

  test('UP-09 UP-10 any key set on any object parses to the object with that key set, the rest of its bytes unchanged', () => {
    fc.assert(
      fc.property(jsonObject, jsonValue, jsonValue, (object, first, second) => {
        const after = set(object, { model: first, added: second });
        expect(parsed(after)).toEqual({ ...parsed(object), ...parsed(`{"model":${first},"added":${second}}`) });
        const [model] = scanned(object).values.get('model') ?? [];
        const kept = Buffer.from(object).subarray(0, model?.start ?? scanned(object).close);
        expect(Buffer.from(after).subarray(0, kept.length)).toEqual(kept);
      }),
      { numRuns: 500 },
    );
  });
});

describe('keys that go', () => {
  test.each([
    ['{"a":1,"model":"m","b":2}', ['model'], '{"a":1,"b":2}'],
    ['{"model":"m","b":2}', ['model'], '{"b":2}'],
    ['{"a":1, "model" : "m" }', ['model'], '{"a":1 }'],
    ['{"a":1,"model":"m","stream":true}', ['model', 'stream'], '{"a":1}'],
    ['{"model":"m","a":1,"stream":true,"model":2}', ['model', 'stream'], '{"a":1}'],
    ['{"model":"m"}', ['model'], '{}'],
    [String.raw`{"a\"b\\":1,"mod\u0065l":"m","c":3}`, ['model'], String.raw`{"a\"b\\":1,"c":3}`],
    ['{"a":1}', ['model'], '{"a":1}'],
  ])('UP-09 %s without %j', (text, gone, rest) => {
    const values = Object.fromEntries(gone.map((key) => [key, undefined]));
    expect(Buffer.from(editKeys(Buffer.from(text), scanned(text), values)).toString()).toBe(rest);
  });

  test('UP-09 whatever the body, the other members stay as they came, and a new one may be added', () => {
    fc.assert(
      fc.property(jsonObject, (text) => {
        const edited = editKeys(Buffer.from(text), scanned(text), { model: undefined, added: '7' });
        const { model: _model, ...rest } = parsed(text);
        expect(parsed(Buffer.from(edited).toString())).toEqual({ ...rest, added: 7 });
      }),
    );
  });
});
