import { STORED_METHODS } from '../gateway/stored-paths.ts';
import type { StoredThing } from '../gateway/stored-paths.ts';
import { DIALECT_ROUTES, KEPT_PATHS } from '../protocols/index.ts';
import type { DialectRoute, FormFiles } from '../protocols/index.ts';

interface Operation {
  readonly summary: string;
  readonly parameters?: readonly unknown[];
  readonly requestBody?: unknown;
  readonly responses: Record<string, unknown>;
}

const OBJECT = { type: 'object', additionalProperties: true } as const;
const ERROR = {
  description: 'What was wrong and how to mend it',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
} as const;

const SCHEMAS = {
  Ask: OBJECT,
  Generate: { ...OBJECT, required: ['model'], properties: { model: { type: 'string' }, stream: { type: 'boolean' } } },
  // The rest of it is told in the client's own format.
  Error: {
    ...OBJECT,
    required: ['error'],
    properties: { error: { ...OBJECT, required: ['message'], properties: { message: { type: 'string' } } } },
  },
} as const;

/** The public paths as an OpenAPI 3.1 document, made from the very table that serves them. */
export function openApiDocument(): unknown {
  const asking = DIALECT_ROUTES.map((route) => [route.path, { post: asks(route) }] as const);
  const plain = Object.entries(PLAIN).map(([path, summary]) => [path, { get: tells(path, summary) }] as const);
  return {
    openapi: '3.1.0',
    info: { title: 'Streamweir', version: '0.1.0', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths: Object.fromEntries<unknown>([...asking, ...kept(), ...plain]),
    components: { schemas: SCHEMAS },
  };
}

function asks({ path, body, files, summary }: DialectRoute): Operation {
  const names = namesIn(path);
  // Where the path names the model, the body need not.
  const schema = names.includes('model') ? 'Ask' : 'Generate';
  const json = { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } };
  const form = files === undefined ? {} : { 'multipart/form-data': { schema: formOf(files) } };
  return {
    summary,
    ...(names.length > 0 && { parameters: names.map(inPath) }),
    requestBody: { required: true, content: body === 'form' ? form : { ...json, ...form } },
    responses: {
      200: { description: 'The answer: whole, or as server-sent events where streaming was asked for' },
      default: ERROR,
    },
  };
}

// Of the names of a list and of a single file either will do, so only where there is one name is it required.
function formOf({ names, most }: FormFiles): unknown {
  const file = { type: 'string', format: 'binary' } as const;
  const files = names.map((name): readonly [string, unknown] => [
    name,
    name.endsWith('[]') ? { type: 'array', items: file, maxItems: most } : file,
  ]);
  return {
    ...OBJECT,
    required: ['model', ...(names.length === 1 ? names : [])],
    properties: { model: { type: 'string' }, ...Object.fromEntries<unknown>(files) },
  };
}

const KEPT: readonly (readonly [part: StoredThing['part'], summary: string])[] = [
  ['', 'An answer that is kept'],
  ['input_items', 'What a kept answer was asked'],
  ['cancel', 'Cancel an answer'],
];

function kept(): readonly (readonly [string, unknown])[] {
  return KEPT_PATHS.flatMap(({ path }) =>
    KEPT.map(([part, summary]) => {
      const whole = part === '' ? `${path}/{id}` : `${path}/{id}/${part}`;
      const methods = STORED_METHODS[part].filter((method) => method !== 'HEAD');
      const operation = tells(whole, summary);
      return [whole, Object.fromEntries(methods.map((method) => [method.toLowerCase(), operation]))] as const;
    }),
  );
}

function tells(path: string, summary: string): Operation {
  const names = namesIn(path);
  return {
    summary,
    ...(names.length > 0 && { parameters: names.map(inPath) }),
    responses: { 200: { description: 'OK' }, ...(names.length > 0 && { 404: ERROR }) },
  };
}

function namesIn(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
}

function inPath(name: string): unknown {
  return { name, in: 'path', required: true, description: 'May hold slashes.', schema: { type: 'string' } };
}

const PLAIN: Record<string, string> = {
  '/v1/models': 'List every model the configuration can reach',
  '/v1/models/{id}': 'One model',
  '/v1beta/models': 'List them in the format of that version',
  '/v1beta/models/{id}': 'One model in that format',
  '/healthz': 'Whether the process lives',
  '/readyz': 'Whether it takes requests',
  '/openapi.json': 'This document',
};
