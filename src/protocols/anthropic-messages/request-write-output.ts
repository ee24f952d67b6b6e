import { OWN } from './seals.ts';
import type { Generation, OutputFormat, Request, Tool } from '../../model/request.ts';
import { asArray, asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Target } from '../codec.ts';

type Schema = Extract<OutputFormat, { type: 'schema' }>;

const JSON_ONLY = 'Answer with one JSON object and nothing else: no text around it and no code fence.';

/** The request for text that a request is about; undefined for other tasks. */
export function generationOf(request: Request): Generation | undefined {
  if (request.task === 'count') return request.generation;
  return request.task === 'generation' ? request : undefined;
}

/** What of the body holds an answer to its form. */
export interface Held {
  /** For `output_config.format`. */
  readonly format?: JsonObject;
  /** A tool through which the answer is to come, for targets that know no other way. */
  readonly tool?: JsonObject;
  /** What the model is told instead, where there is no schema. */
  readonly instruction?: string;
}

/** How an answer in the wanted form is asked for. */
export function holdOutput(request: Generation, target: Target): Held {
  const { output } = request;
  if (output?.type === 'json') return { instruction: JSON_ONLY };
  if (output?.type !== 'schema') return {};
  const { schema } = output;
  if (schema === undefined) return { instruction: JSON_ONLY };
  const name = answerToolOf(request, target);
  if (name === undefined) return { format: { type: 'json_schema', schema: closed(schema) } };
  const description = output.description ?? 'Gives the answer. Call it once, with the whole answer as its input.';
  return { tool: { name, description, input_schema: { type: 'object', ...schema } } };
}

/** Name of the tool that the answer is forced through, where the target cannot hold it to a schema itself. */
export function answerToolOf(request: Request, { capabilities }: Target): string | undefined {
  const generation = generationOf(request);
  const output = generation?.output;
  if (generation === undefined || generation.native.protocol === OWN) return undefined;
  if (capabilities.schemaOutput === 'native' || output?.type !== 'schema' || output.schema === undefined)
    return undefined;
  return freeName(output, generation.tools);
}

// Keys whose values are data, not schemas.
const DATA = new Set(['enum', 'const', 'default', 'examples']);

function freeName(output: Schema, tools: readonly Tool[]): string {
  const name = output.name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'response';
  return tools.some((tool) => tool.type === 'function' && tool.name === name) ? `${name}_answer` : name;
}

/**
 * A schema whose objects are all closed, which the format demands and other formats leave open unless told to be strict. Where a schema says
 * that keys may be added, it is left to the upstream to refuse it.
 */
function closed(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema).map(
    ([key, value]) => [key, DATA.has(key) ? value : closedValue(value)] as const,
  );
  const copy: Record<string, Json> = Object.fromEntries(entries);
  if (schema['type'] === 'object' && !('additionalProperties' in schema)) copy['additionalProperties'] = false;
  return copy;
}

function closedValue(value: Json): Json {
  const list = asArray(value);
  if (list !== undefined) return list.map(closedValue);
  const object = asObject(value);
  return object === undefined ? value : closed(object);
}
