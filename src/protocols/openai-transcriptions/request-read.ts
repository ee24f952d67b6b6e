import { refuse } from '../../model/errors.ts';
import { asArray, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { TranscriptionRequest } from '../../model/request.ts';

/** Reads the form fields of `POST /v1/audio/transcriptions` (TR-01), or of `/v1/audio/translations` when `translate`. */
export function decodeRequest(form: JsonObject, translate: boolean): TranscriptionRequest {
  const model = single(form, 'model');
  if (model === undefined || model === '')
    refuse('model', "Missing required parameter: 'model'.", 'missing_required_parameter');
  const language = single(form, 'language');
  const prompt = single(form, 'prompt');
  return {
    task: 'transcription',
    model,
    stream: readStream(form['stream'] ?? 'false'),
    translate,
    ...(language !== undefined && { language }),
    ...(prompt !== undefined && { prompt }),
    format: single(form, 'response_format') ?? 'json',
    fields: Object.entries(form).flatMap(([name, value]) => fieldsOf(name, value)),
  };
}

function single(form: JsonObject, name: string): string | undefined {
  const value = form[name];
  if (value === undefined || value === null) return undefined;
  return asString(value) ?? refuse(name, `'${name}' must be given once, as text.`);
}

function readStream(value: Json): boolean {
  if (value === 'true' || value === true) return true;
  if (value === 'false' || value === false || value === '') return false;
  return refuse('stream', "'stream' must be 'true' or 'false'.");
}

function fieldsOf(name: string, value: Json): readonly (readonly [name: string, value: string])[] {
  if (name === 'file' || value === null) return [];
  return (asArray(value) ?? [value]).map((item) => {
    if (typeof item === 'boolean') return [name, String(item)];
    return [name, asString(item) ?? refuse(name, `'${name}' must be text.`)];
  });
}
