import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { GatewayError } from '../../src/model/errors.ts';
import { asObject } from '../../src/model/json.ts';
import type { Json, JsonObject } from '../../src/model/json.ts';
import { dialect, protocol } from '../../src/protocols/openai-responses/index.ts';
import { target } from './exchange.ts';

const BODY: JsonObject = {
  model: 'm',
  stream: true,
  instructions: 'Be brief.',
  input: [
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'a' },
        { type: 'input_image', image_url: 'data:image/png;base64,AA', detail: 'low' },
      ],
    },
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 'Hm' }],
      content: null,
      encrypted_content: 'x',
    },
    { type: 'message', role: 'assistant', id: 'msg_1', content: [{ type: 'output_text', text: 'b', annotations: [] }] },
    { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
    {
      type: 'function_call_output',
      call_id: 'call_1',
      output: [{ type: 'input_file', filename: 'a', file_data: 'BB' }],
    },
    { type: 'web_search_call', id: 'ws_1' },
  ],
  tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: true }, { type: 'web_search' }],
  tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
  text: { format: { type: 'json_schema', name: 'n', schema: {} }, verbosity: 'low' },
  reasoning: { effort: 'low', summary: 'auto' },
  metadata: { a: 'b' },
  include: ['reasoning.encrypted_content'],
  stream_options: { include_obfuscation: false },
  max_output_tokens: 9,
  temperature: 1,
};

function paths(value: Json | undefined, at: readonly string[] = []): readonly (readonly string[])[] {
  const entries: readonly (readonly [string, Json])[] =
    typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [at, ...entries.flatMap(([key, each]) => paths(each, [...at, key]))];
}

function changed(value: Json, path: readonly string[], to: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return to;
  if (Array.isArray(value))
    return value.map((each: Json, index) => (String(index) === key ? changed(each, rest, to) : each));
  const object = asObject(value) ?? {};
  return { ...object, [key]: changed(object[key] ?? null, rest, to) };
}

/** What a body comes to: a refusal, or undefined where it is read and can be written for an upstream of another client format. */
function refusalOf(body: JsonObject): GatewayError | undefined {
  try {
    const request = dialect.decodeRequest(body);
    if (request.task !== 'generation') return undefined;
    protocol.encodeRequest({ ...request, native: { protocol: 'openai-chat', value: {} } }, target());
    return undefined;
  } catch (error) {
    if (error instanceof GatewayFailure) return error.error;
    throw error;
  }
}

const places = paths(BODY).filter((path) => path.length > 0);

test('OR-41 OR-42 a body with any one value replaced is read, or refused by a path that leads to it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...places),
      fc.constantFrom<Json[]>('zzz', 7, true, null, [], {}, [7], { type: 'zzz' }),
      (path, to) => {
        const refusal = refusalOf(asObject(changed(BODY, path, to)) ?? {});
        if (refusal === undefined) return;
        expect(refusal.kind).toBe('invalid_request');
        expect(refusal.param?.split(/[.[\]]+/)[0]).toMatch(
          path[0] === 'input' || path[0] === 'tools' ? /^(input|tools|messages)$/ : (path[0] ?? ''),
        );
      },
    ),
    { numRuns: 3000 },
  );
});
