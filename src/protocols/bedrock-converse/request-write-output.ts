import { familyOf } from './words-models.ts';
import { OWN } from './words.ts';
import { closedSchema, freeToolName, JSON_ONLY } from '../closed-schema.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Generation, Request } from '../../model/request.ts';
import type { Target } from '../codec.ts';

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
      schema: JSON.stringify(closedSchema(schema)),
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
  return freeToolName(output.name, request.tools);
}
