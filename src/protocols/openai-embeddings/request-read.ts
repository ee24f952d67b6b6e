import { refuse } from '../../model/errors.ts';
import { Fields } from '../../model/fields.ts';
import { asArray, asNumber } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { EmbeddingRequest } from '../../model/request.ts';

/** Reads the body of `POST /v1/embeddings` (EM-01). */
export function decodeRequest(body: JsonObject): EmbeddingRequest {
  const fields = new Fields(body);
  const model = fields.requiredString('model');
  const inputs = readInputs(fields.get('input') ?? fields.missing('input'));
  const dimensions = fields.integer('dimensions');
  if (dimensions !== undefined && dimensions < 1) refuse('dimensions', "'dimensions' must be at least 1.");
  const user = fields.string('user');
  return {
    task: 'embedding',
    model,
    stream: false,
    inputs,
    encoding: readEncoding(fields),
    ...(dimensions !== undefined && { dimensions }),
    ...(user !== undefined && { user }),
    native: { protocol: 'openai-embeddings', value: body },
  };
}

function readInputs(input: Json): EmbeddingRequest['inputs'] {
  if (typeof input === 'string') return [input];
  const list = asArray(input);
  if (list === undefined)
    return refuse('input', "'input' must be a text, a list of texts, a list of token ids, or a list of such lists.");
  if (list.length === 0) refuse('input', "'input' must not be empty.", 'empty_array');
  // What the first one is, all have to be: of a list in which they differ nobody could say how many inputs it holds.
  if (asNumber(list[0]) !== undefined) return [tokens(list, 'input')];
  if (typeof list[0] === 'string') return list.map(text);
  return list.map((item, index) => tokens(asArray(item) ?? badItem(index), `input[${index}]`));
}

function text(item: Json, index: number): string {
  return typeof item === 'string'
    ? item
    : refuse(`input[${index}]`, `'input[${index}]' must be a text, like the others.`);
}

function tokens(list: readonly Json[], path: string): readonly Json[] {
  if (list.length === 0) refuse(path, `'${path}' must not be empty.`, 'empty_array');
  for (const [index, id] of list.entries())
    if (!Number.isInteger(asNumber(id))) refuse(`${path}[${index}]`, `'${path}[${index}]' must be a token id.`);
  return list;
}

function badItem(index: number): never {
  return refuse(`input[${index}]`, `'input[${index}]' must be a text or a list of token ids.`);
}

function readEncoding(fields: Fields): EmbeddingRequest['encoding'] {
  const encoding = fields.string('encoding_format') ?? 'float';
  if (encoding === 'float' || encoding === 'base64') return encoding;
  return refuse('encoding_format', "'encoding_format' must be one of 'float', 'base64'.");
}
