import { refuse } from '../../model/errors.ts';
import { Fields } from '../../model/fields.ts';
import { asArray, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { PassingRequest } from '../../model/request.ts';

type Field = readonly [name: string, value: string];

/** Reads the body of `POST /v1/images/generations`. */
export function readGeneration(body: JsonObject): PassingRequest {
  return read(body, 'image');
}

/** Reads `POST /v1/images/edits`: the fields of its form, or its JSON body, which names the pictures instead of holding them. */
export function readEdit(body: JsonObject): PassingRequest {
  return read(body, 'image-edit');
}

function read(body: JsonObject, task: 'image' | 'image-edit'): PassingRequest {
  const model = new Fields(body).requiredString('model');
  if (model === '') new Fields(body).missing('model');
  const fields = task === 'image-edit' ? fieldsOf(body) : undefined;
  return {
    task,
    model,
    stream: readStream(body['stream'] ?? false),
    ...(fields !== undefined && { fields }),
    native: { protocol: 'openai-images', value: body },
  };
}

// The fields of a form are texts.
function readStream(value: Json): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false' || value === '') return false;
  return refuse('stream', "'stream' must be true or false.");
}

/** The body as form fields, in their order; undefined where it can have been no form. */
function fieldsOf(body: JsonObject): readonly Field[] | undefined {
  const fields: Field[] = [];
  for (const [name, value] of Object.entries(body))
    for (const item of asArray(value) ?? [value]) {
      const text = asString(item);
      if (text === undefined) return undefined;
      fields.push([name, text]);
    }
  return fields;
}
