import { readSignature, signatureOf } from './seals.ts';
import { asArray, asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

const UNSIGNED = 'skip_thought_signature_validator';

/**
 * A body of this format without the envelopes of other formats' seals, which mean nothing to its maker: a part that was nothing else goes, and
 * a call of another model is marked as one where the model demands signatures.
 */
export function withoutForeignSeals(body: JsonObject, demandsSignatures: boolean): JsonObject {
  const request = asObject(body['generateContentRequest']);
  const inner =
    request === undefined ? {} : { generateContentRequest: withoutForeignSeals(request, demandsSignatures) };
  const contents = asArray(body['contents']);
  if (contents === undefined) return { ...body, ...inner };
  return { ...body, ...inner, contents: contents.map((content) => cleaned(content, demandsSignatures)) };
}

function cleaned(value: Json, demandsSignatures: boolean): Json {
  const content = asObject(value);
  const parts = asArray(content?.['parts']);
  if (content === undefined || parts === undefined) return value;
  return { ...content, parts: parts.flatMap((part) => cleanPart(part, demandsSignatures)) };
}

function cleanPart(value: Json, demandsSignatures: boolean): readonly Json[] {
  const part = asObject(value);
  const signature = part === undefined ? undefined : signatureOf(part);
  if (part === undefined || signature === undefined || readSignature(signature).protocol === 'gemini') return [value];
  const { thoughtSignature: _one, thought_signature: _other, ...rest } = part;
  if (rest['text'] === '') return [];
  const call = rest['functionCall'] ?? rest['function_call'];
  return [call !== undefined && demandsSignatures ? { ...rest, thoughtSignature: UNSIGNED } : rest];
}
