import { refuse } from '../model/errors.ts';
import { parseJson } from '../model/json.ts';
import type { JsonObject } from '../model/json.ts';
import { isValid } from './schema/check.ts';
import { NoValue, SchemaDocument } from './schema/document.ts';
import { valueFor } from './schema/value.ts';

/**
 * JSON text that is valid against a schema; texts in it that may say anything say the name of their key, the outermost `word`.
 * Throws GatewayFailure (`invalid_json_schema`) blaming the field `param` when there is none.
 */
export function jsonFor(schema: JsonObject, word: string, param: string): string {
  try {
    return JSON.stringify(valueFor(schema, word));
  } catch (error) {
    if (!(error instanceof NoValue)) throw error;
    return refuse(
      param,
      `The sandbox has no value that is valid against this JSON Schema: ${error.message}.`,
      'invalid_json_schema',
    );
  }
}

/** The JSON text that an option of the model name gives for a tool, if the tool's schema takes it. */
export function demandValid(text: string, schema: JsonObject, tool: string): string {
  try {
    if (isValid(parseJson(text), schema, new SchemaDocument(schema))) return text;
  } catch (error) {
    if (!(error instanceof NoValue)) throw error;
  }
  return refuse(
    'model',
    `The sandbox option 'args' is not valid against the parameters of the tool '${tool}': ${text}`,
  );
}
