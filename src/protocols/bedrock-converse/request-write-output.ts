import { familyOf } from './words-models.ts';
import { OWN } from './words.ts';
import { asArray, asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Generation, OutputFormat, Request, Tool } from '../../model/request.ts';
import type { Target } from '../codec.ts';

type Schema = Extract<OutputFormat, { type: 'schema' }>;

const JSON_ONLY = 'Answer with one JSON object and nothing else: no text around it and no code fence.';

/** What of the body holds an answer to its form. */
export interface Held {
  /** For `outputConfig.textFormat`. */
  readonly format?: JsonObject;
  /** A tool through which the answer is to come, for models that know no other way. */
  readonly tool?: JsonObject;
  /** What the model is told instead, where there is no schema. */
  readonly instruction?: string;
}

/** How an answer in the wanted form is asked for. */
export function holdOutput(request: Generation, target: Target): Held {
  const { output } = request;
  if (output === undefined || output.type === 'text') return {};
  if (output.type !== 'schema' || output.schema === undefined) return { instruction: JSON_ONLY };
  const { schema, name, description } = output;
  const tool = answerToolOf(request, target);
  if (tool === undefined) {
    const jsonSchema = {
      schema: JSON.stringify(closed(schema)),
      name,
      ...(description !== undefined && { description }),
    };
    return { format: { type: 'json_schema', structure: { jsonSchema } } };
  }
  const said = description ?? 'Gives the answer. Call it once, with the whole answer as its input.';
  return {
    tool: { toolSpec: { name: tool, description: said, inputSchema: { json: { type: 'object', ...schema } } } },
  };
}

/** Name of the tool that the answer is forced through, where the model cannot be held to a schema otherwise. */
export function answerToolOf(request: Request, { capabilities, model }: Target): string | undefined {
  if (request.task !== 'generation' || request.native.protocol === OWN) return undefined;
  const { output } = request;
  if (output?.type !== 'schema' || output.schema === undefined) return undefined;
  if (capabilities.schemaOutput === 'native' && familyOf(model).schemas) return undefined;
  return freeName(output, request.tools);
}

function freeName(output: Schema, tools: readonly Tool[]): string {
  const name = output.name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 57) || 'response';
  return tools.some((tool) => tool.type === 'function' && tool.name === name) ? `${name}_answer` : name;
}

// Keys whose values are data, not schemas.
const DATA = new Set(['enum', 'const', 'default', 'examples']);

/** A schema whose objects are all closed, as is demanded here; one that says itself that keys may be added is left to the upstream to refuse. */
function closed(schema: JsonObject): JsonObject {
  const copy: Record<string, Json> = {};
  for (const [key, value] of Object.entries(schema)) copy[key] = DATA.has(key) ? value : closedValue(value);
  if (schema['type'] === 'object' && !('additionalProperties' in schema)) copy['additionalProperties'] = false;
  return copy;
}

function closedValue(value: Json): Json {
  const list = asArray(value);
  if (list !== undefined) return list.map(closedValue);
  const object = asObject(value);
  return object === undefined ? value : closed(object);
}
