import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { collect } from '../../src/model/completion.ts';
import { asObject, parseJson } from '../../src/model/json.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { asking, eventsOf } from './run.ts';

const node = {
  type: 'object',
  properties: { value: { type: 'integer' }, next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
  required: ['value', 'next'],
  additionalProperties: false,
};
const person = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 3 },
    age: { type: 'integer', minimum: 0, maximum: 150 },
    mail: { type: 'string', format: 'email' },
  },
  required: ['name', 'age'],
};

/** Schemas with a value; zod, which has read them by itself, is the judge. */
const POSSIBLE: Record<string, JsonObject> = {
  object: person,
  'strict object': {
    type: 'object',
    properties: {
      steps: {
        type: 'array',
        items: {
          type: 'object',
          properties: { why: { type: 'string' } },
          required: ['why'],
          additionalProperties: false,
        },
      },
    },
    required: ['steps'],
    additionalProperties: false,
  },
  recursive: { $defs: { node }, $ref: '#/$defs/node' },
  'recursive through the root': {
    type: 'object',
    properties: { children: { type: 'array', items: { $ref: '#' } } },
    required: ['children'],
  },
  enum: { enum: ['red', 'green', 3] },
  const: { const: 'only' },
  nullable: { type: ['string', 'null'] },
  'any of': {
    anyOf: [
      { type: 'object', properties: { kind: { const: 'a' }, size: { type: 'number' } }, required: ['kind', 'size'] },
      { type: 'string' },
    ],
  },
  'one of': { oneOf: [{ type: 'integer' }, { type: 'string' }] },
  'all of': { allOf: [person, { type: 'object', properties: { nick: { type: 'string' } }, required: ['nick'] }] },
  pattern: { type: 'string', pattern: '^[A-Z]{2}-\\d{4}(?:-[a-f]+)?$' },
  'pattern and length': { type: 'string', pattern: '^[a-z]+$', minLength: 12, maxLength: 12 },
  'alternatives in a pattern': { type: 'string', pattern: '^(cat|dog)s?$' },
  lengths: { type: 'string', minLength: 40, maxLength: 42 },
  short: { type: 'string', maxLength: 1 },
  uuid: { type: 'string', format: 'uuid' },
  'date-time': { type: 'string', format: 'date-time' },
  date: { type: 'string', format: 'date' },
  ipv4: { type: 'string', format: 'ipv4' },
  uri: { type: 'string', format: 'uri' },
  range: { type: 'integer', minimum: 10, maximum: 20, multipleOf: 7 },
  'open range': { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 0.01 },
  'below zero': { type: 'integer', maximum: -5 },
  tenths: { type: 'number', multipleOf: 0.1, minimum: 0.25 },
  items: { type: 'array', items: { type: 'integer', minimum: 5 }, minItems: 3, maxItems: 4 },
  tuple: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }] },
  record: { type: 'object', additionalProperties: { type: 'integer' } },
};

async function written(schema: JsonObject): Promise<{ readonly text: string; readonly error?: string }> {
  const { blocks, error } = collect(
    await eventsOf('echo', asking('x', { output: { type: 'schema', name: 'thing', schema } })),
  );
  return { text: blocks[0]?.text ?? '', ...(error !== undefined && { error: error.code ?? '' }) };
}

describe('an answer obeys its JSON schema', () => {
  test.each(Object.entries(POSSIBLE))('%s', async (_name, schema) => {
    const { text } = await written(schema);
    const judged = z.fromJSONSchema(schema).safeParse(JSON.parse(text));
    expect(judged.error?.issues ?? []).toEqual([]);
  });
});

function readSchema(text: string): JsonObject {
  return asObject(parseJson(text)) ?? {};
}

test('keywords that zod does not judge', async () => {
  const value = async (schema: JsonObject): Promise<unknown> => JSON.parse((await written(schema)).text);
  const unique = await value({
    type: 'array',
    items: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
    minItems: 3,
    uniqueItems: true,
  });
  expect(new Set((unique as { id: string }[]).map((item) => item.id)).size).toBe(3);
  expect(
    await value({
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
      type: 'object',
      properties: { a: { const: 1 }, b: { const: 2 } },
    }),
  ).toEqual({ a: 1 });
  expect(await value({ type: 'array', contains: { const: 5 }, items: { type: 'integer' } })).toContain(5);
  expect(
    await value({
      type: 'object',
      patternProperties: { '^x-': { const: 1 } },
      additionalProperties: false,
      minProperties: 2,
    }),
  ).toSatisfy(
    (object: object) => Object.keys(object).length === 2 && Object.keys(object).every((key) => key.startsWith('x-')),
  );
  expect(
    await value({ type: 'object', properties: { a: { const: 1 } }, dependentRequired: { a: ['c'] } }),
  ).toHaveProperty('c');
  const condition =
    '{"if":{"properties":{"k":{"const":"x"}}},"then":{"required":["y"]},"type":"object","required":["k"]';
  expect(await value(readSchema(`${condition},"properties":{"k":{"const":"x"}}}`))).toHaveProperty('y');
  expect(await value(readSchema(`${condition},"properties":{"k":{"const":"z"}}}`))).toEqual({ k: 'z' });
  expect(typeof (await value({ not: { type: ['string', 'object', 'array'] } }))).not.toBe('string');
  expect(Object.keys((await value({ type: 'object', required: ['__proto__'] })) as object)).toEqual(['__proto__']);
});

describe('a schema without a value, or beyond the sandbox, is refused at once and never answered wrongly', () => {
  test.each([
    [{ enum: [] }],
    [{ allOf: [{ type: 'string' }, { type: 'integer' }] }],
    [{ $ref: '#' }],
    [{ $ref: '#/$defs/none' }],
    [{ $ref: 'https://example.com/schema' }],
    [{ type: 'object', properties: { self: { $ref: '#' } }, required: ['self'] }],
    [{ type: 'string', pattern: '^(?=x)a$' }],
    [{ type: 'string', minLength: 1e9 }],
    [{ type: 'array', minItems: 1e9 }],
    [{ type: 'string', pattern: '^((a{99999}){99999}){99999}$' }],
    [{ type: 'string', pattern: '^((a{9999}){9999}){9999}$' }],
    [{ const: 'a'.repeat(5000), pattern: '((a{1,5000}){1,5000}){5000}' }],
    [{ type: 'array', minItems: 1000, items: { type: 'string', minLength: 100_000 } }],
    [{ type: 'array', minItems: 1000, items: { type: 'array', minItems: 1000, items: {} } }],
  ] as [JsonObject][])('%j', async (schema) => {
    expect(await written(schema)).toEqual({ text: '', error: 'invalid_json_schema' });
  });
});

test('a pattern that stalls backtracking engines costs nothing here', async () => {
  const { text } = await written({ type: 'string', pattern: '^(a+)+$', default: `${'a'.repeat(60)}b` });
  expect(JSON.parse(text)).toMatch(/^a+$/);
});

const leaf: fc.Arbitrary<JsonObject> = fc.oneof(
  fc.record({ type: fc.constant('integer'), minimum: fc.integer({ min: -50, max: 50 }) }),
  fc
    .tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 0, max: 9 }))
    .map(([low, more]) => ({ type: 'number', minimum: low, maximum: low + more })),
  fc
    .tuple(fc.nat(30), fc.nat(5))
    .map(([least, more]) => ({ type: 'string', minLength: least, maxLength: least + more })),
  fc.constantFrom<JsonObject>({ type: 'boolean' }, { type: 'null' }, { enum: ['a', 'b'] }, { const: 7 }),
);
const { schema: anySchema } = fc.letrec<{ schema: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: fc.nat(3) }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
    fc
      .dictionary(fc.constantFrom('a', 'b', 'c'), tie('schema'))
      .chain((properties) =>
        fc
          .subarray(Object.keys(properties))
          .map((required) => ({ type: 'object', properties, required, additionalProperties: false })),
      ),
  ),
}));

test('any schema of these parts gets a valid value', async () => {
  await fc.assert(
    fc.asyncProperty(anySchema, async (schema) => {
      const { text } = await written(schema);
      const judged = z.fromJSONSchema(schema).safeParse(JSON.parse(text));
      expect(judged.error?.issues ?? []).toEqual([]);
    }),
  );
});
