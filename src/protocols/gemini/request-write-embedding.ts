import { isBatch, resourceOf } from './request-write-path.ts';
import { unsupported } from '../../model/errors.ts';
import { asArray, asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { EmbeddingRequest } from '../../model/request.ts';
import type { BodyPatch, Target, UpstreamRequest } from '../codec.ts';

/** Puts a request for embeddings into this format's words: one text, a list of them, or a prediction of the cloud host. */
export function encodeEmbedding(request: EmbeddingRequest, target: Target): UpstreamRequest {
  const lost = request.user === undefined ? {} : { lost: ['user'] };
  if (target.hosting?.style === 'vertex') return { body: JSON.stringify(prediction(request)), ...lost };
  if (request.native.protocol === 'gemini')
    return { body: JSON.stringify({ ...request.native.value, ...patchEmbedding(request, target) }) };
  const each = textsOf(request).map((text) => embedding(request, text, target));
  return { body: JSON.stringify(isBatch(request) ? { requests: each } : each[0]), ...lost };
}

/** What changes in a body of this format: the model it repeats, or all of it where the host embeds by predicting. */
export function patchEmbedding(request: EmbeddingRequest, target: Target): BodyPatch {
  const { value } = request.native;
  if (target.hosting?.style === 'vertex')
    return { ...Object.fromEntries(Object.keys(value).map((key) => [key, undefined])), ...prediction(request) };
  const model = resourceOf(target.model);
  if (!isBatch(request)) return 'model' in value ? { model } : {};
  return { requests: (asArray(value['requests']) ?? []).map((each): Json => ({ ...asObject(each), model })) };
}

function embedding(request: EmbeddingRequest, text: string, target: Target): JsonObject {
  const { dimensions, purpose, title } = request;
  return {
    model: resourceOf(target.model),
    content: { parts: [{ text }] },
    ...(purpose !== undefined && { taskType: purpose }),
    ...(title !== undefined && { title }),
    ...(dimensions !== undefined && { outputDimensionality: dimensions }),
  };
}

function prediction(request: EmbeddingRequest): JsonObject {
  const { dimensions, purpose, title } = request;
  return {
    instances: textsOf(request).map((content) => ({
      content,
      ...(purpose !== undefined && { task_type: purpose }),
      ...(title !== undefined && { title }),
    })),
    ...(dimensions !== undefined && { parameters: { outputDimensionality: dimensions } }),
  };
}

function textsOf(request: EmbeddingRequest): readonly string[] {
  return request.inputs.map((input) =>
    typeof input === 'string' ? input : unsupported('input', 'The chosen model embeds texts, not lists of token ids.'),
  );
}
