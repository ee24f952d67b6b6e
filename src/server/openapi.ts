import { DIALECT_ROUTES } from '../protocols/index.ts';

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

/** The public paths as an OpenAPI 3.1 document, made from the very table that serves them. */
export function openApiDocument(): unknown {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const { path, body, summary } of DIALECT_ROUTES) {
    const media = body === 'json' ? 'application/json' : 'multipart/form-data';
    paths[path] = {
      post: {
        summary,
        requestBody: {
          required: true,
          content: { [media]: { schema: { $ref: `#/components/schemas/${body === 'json' ? 'Generate' : 'Upload'}` } } },
        },
        responses: {
          200: { description: 'The answer: whole, or as server-sent events where streaming was asked for' },
          default: ERROR,
        },
      },
    };
  }
  for (const [path, summary] of Object.entries(PLAIN)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    paths[path] = {
      get: {
        summary,
        ...(names.length > 0 && { parameters: names.map(inPath) }),
        responses: { 200: { description: 'OK' }, ...(names.length > 0 && { 404: ERROR }) },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Streamweir', version: '0.1.0', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      schemas: {
        Generate: {
          ...OBJECT,
          required: ['model'],
          properties: { model: { type: 'string' }, stream: { type: 'boolean' } },
        },
        Upload: {
          ...OBJECT,
          required: ['model', 'file'],
          properties: { model: { type: 'string' }, file: { type: 'string', format: 'binary' } },
        },
        Error: {
          type: 'object',
          required: ['error'],
          properties: {
            error: {
              type: 'object',
              required: ['message', 'type', 'param', 'code'],
              properties: {
                message: { type: 'string' },
                type: { type: 'string' },
                param: { type: ['string', 'null'] },
                code: { type: ['string', 'null'] },
              },
            },
          },
        },
      },
    },
  };
}

function inPath(name: string): unknown {
  return { name, in: 'path', required: true, description: 'May hold slashes.', schema: { type: 'string' } };
}

const PLAIN: Record<string, string> = {
  '/v1/models': 'List every model the configuration can reach',
  '/v1/models/{id}': 'One model',
  '/healthz': 'Whether the process lives',
  '/readyz': 'Whether it takes requests',
  '/openapi.json': 'This document',
};
