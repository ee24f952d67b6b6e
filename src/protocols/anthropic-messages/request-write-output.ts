import { OWN } from './seals.ts';
import type { Generation, Request } from '../../model/request.ts';
import { closedSchema, freeToolName, JSON_ONLY } from '../closed-schema.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Target } from '../codec.ts';

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
  if (name === undefined) return { format: { type: 'json_schema', schema: closedSchema(schema) } };
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
  return freeToolName(output.name, generation.tools);
}
