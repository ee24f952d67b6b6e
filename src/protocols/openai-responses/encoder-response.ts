import { writeUsage } from './usage.ts';
import { asArray, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Usage } from '../../model/usage.ts';
import type { Reply } from '../codec.ts';

/** How far a response has come; the keys that follow from it (OR-33, §4.3). */
export interface Progress {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';
  readonly output: readonly Json[];
  readonly usage?: Usage;
  readonly incomplete?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** The response object with all its 31 keys: the request's own values or their defaults, and how far the answer has come. */
export function responseObject(reply: Reply, progress: Progress): JsonObject {
  const { body } = reply;
  const echo = (key: string, otherwise: Json): Json => body[key] ?? otherwise;
  return {
    id: `resp_${reply.id}`,
    object: 'response',
    created_at: Math.trunc(reply.created),
    completed_at: progress.status === 'completed' ? Math.trunc(reply.now()) : null,
    status: progress.status,
    incomplete_details: progress.incomplete === undefined ? null : { reason: progress.incomplete },
    model: reply.model,
    previous_response_id: echo('previous_response_id', null),
    instructions: echo('instructions', null),
    output: progress.output,
    error: progress.error === undefined ? null : { code: progress.error.code, message: progress.error.message },
    tools: (asArray(body['tools']) ?? []).map(toolEcho),
    tool_choice: choiceEcho(body['tool_choice'] ?? 'auto'),
    truncation: echo('truncation', 'disabled'),
    parallel_tool_calls: echo('parallel_tool_calls', true),
    text: textEcho(asObject(body['text'])),
    top_p: echo('top_p', 1),
    presence_penalty: echo('presence_penalty', 0),
    frequency_penalty: echo('frequency_penalty', 0),
    top_logprobs: echo('top_logprobs', 0),
    temperature: echo('temperature', 1),
    reasoning: { effort: null, summary: null, ...asObject(body['reasoning']) },
    usage: progress.usage === undefined ? null : writeUsage(progress.usage),
    max_output_tokens: echo('max_output_tokens', null),
    max_tool_calls: echo('max_tool_calls', null),
    store: echo('store', true),
    background: echo('background', false),
    service_tier: echo('service_tier', 'default'),
    metadata: echo('metadata', {}),
    safety_identifier: echo('safety_identifier', null),
    prompt_cache_key: echo('prompt_cache_key', null),
  };
}

function toolEcho(tool: Json): Json {
  const object = asObject(tool);
  if (object?.['type'] !== 'function') return tool;
  return {
    ...object,
    description: object['description'] ?? null,
    parameters: object['parameters'] ?? null,
    strict: object['strict'] ?? null,
  };
}

function choiceEcho(choice: Json): Json {
  const object = asObject(choice);
  return object?.['type'] === 'allowed_tools' ? { ...object, mode: object['mode'] ?? 'auto' } : choice;
}

function textEcho(text: JsonObject | undefined): Json {
  return { ...text, format: formatEcho(asObject(text?.['format'])) };
}

// The published schema allows only `schema: null` here; real servers echo the schema, and so do we (OR-37).
function formatEcho(format: JsonObject | undefined): Json {
  if (format === undefined) return { type: 'text' };
  if (asString(format['type']) !== 'json_schema') return format;
  return {
    ...format,
    schema: format['schema'] ?? null,
    description: format['description'] ?? null,
    strict: format['strict'] ?? false,
  };
}
