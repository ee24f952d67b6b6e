import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import { schemaFault } from '../support/json-schema.ts';
import { Peek } from '../support/peek.ts';
import { finalOf, replyTo, streamed, written } from './openai-responses-bench.ts';

const file = join(import.meta.dirname, '../../../shared/reference/openresponses/openapi.json');
const there = existsSync(file);
const root = there ? Peek.parse(readFileSync(file, 'utf8')) : new Peek({});
const schemas = root.at('components', 'schemas');
const eventSchemas = new Map(
  Object.keys(Object.assign({}, schemas.value))
    .filter((name) => name.endsWith('StreamingEvent'))
    .map((name) => [schemas.at(name, 'properties', 'type', 'enum', 0).text, schemas.at(name)]),
);

// What is said in the words that every server of the format has: no native items, no custom tools, no raw reasoning.
const COMMON = [
  'greeting',
  'interleaved-calls',
  'empty-output',
  'done-only',
  'cut-off-call',
  'filtered',
  'sealed-without-summary',
  'error-after-text',
  'failed-first',
];

describe.skipIf(!there)('the published schema', () => {
  test.each(COMMON)('OR-15 OR-29 OR-33 OR-35 OR-36 OR-39 every event of %s keeps it', (name) => {
    const broken: Event = { type: 'error', error: { kind: 'timeout', message: 'Too slow.' } };
    for (const events of [streamed(name), [...streamed(name).slice(0, -1), broken]])
      for (const event of written(events, replyTo({ model: 'm', input: 'Hi' })).events) {
        const schema = eventSchemas.get(event.at('type').text);
        expect(schema, event.at('type').text).toBeDefined();
        if (schema !== undefined) expect(schemaFault(schema, event, root)).toBeUndefined();
      }
  });

  test('OR-33 the response object keeps it, whatever the request echoed', () => {
    const body = {
      model: 'm',
      input: 'Hi',
      instructions: 'Be brief.',
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: true }],
      tool_choice: { type: 'allowed_tools', tools: [{ type: 'function', name: 'f' }] },
      text: { verbosity: 'low' },
      reasoning: { effort: 'low' },
      metadata: { a: 'b' },
      max_output_tokens: 100,
      include: ['reasoning.encrypted_content'],
    };
    const response = finalOf(written(streamed('sealed-without-summary'), replyTo(body)).events);
    expect(schemaFault(schemas.at('ResponseResource'), response, root)).toBeUndefined();
  });

  test('the check itself refuses what breaks it', () => {
    const response = finalOf(written(streamed('greeting'), replyTo({ model: 'm', input: 'Hi' })).events);
    const broken = (change: object): string | undefined =>
      schemaFault(schemas.at('ResponseResource'), new Peek(Object.assign({}, response.value, change)), root);
    expect(broken({ created_at: 1.5 })).toContain('created_at');
    expect(broken({ tools: null })).toContain('tools');
    expect(broken({ output: [{ type: 'message' }] })).toContain('output[0]');
  });
});
