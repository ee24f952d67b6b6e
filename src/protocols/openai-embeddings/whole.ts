import type { Completion } from '../../model/completion.ts';
import type { Vector } from '../../model/event.ts';
import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { EmbeddingRequest, Request } from '../../model/request.ts';
import { grandTotal, inputTotal } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';
import type { PassingWhole, Reply, WholeAnswer } from '../codec.ts';
import { readTokenUsage } from '../openai-tokens.ts';
import { plainObject } from '../plain-json.ts';
import { asBase64, asFloats, isVector } from '../vectors.ts';

/** The list of embeddings in the form that was asked for (EM-02, EM-03). */
export function encodeWhole(completion: Completion, reply: Reply): WholeAnswer {
  const vectors = completion.blocks.flatMap(({ vector }) => (vector === undefined ? [] : [vector]));
  const encoding = encodingOf(reply.request);
  const { usage } = completion;
  const body = {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: inForm(vector, encoding) })),
    model: reply.model,
    ...(usage !== undefined && { usage: usageObject(usage) }),
  };
  return { contentType: 'application/json', body: JSON.stringify(body) };
}

/**
 * What a body of this format comes to, if it says what this gateway would say: as many embeddings as inputs, in their order and in the form
 * that was asked for. Costs one plain parse: nothing of it is written anew, so no number can change.
 */
export function passWhole(body: string, reply: Reply): PassingWhole | undefined {
  const answer = plainObject(body);
  const data = asArray(answer?.['data']);
  if (answer?.['object'] !== 'list' || data === undefined || (answer['error'] ?? null) !== null) return undefined;
  const usage = readTokenUsage(answer['usage']);
  const counted = usage !== undefined && usage.suspect !== true && isCounted(answer['usage']);
  if (!counted || asString(answer['model']) === undefined) return undefined;
  const { request } = reply;
  if (request.task !== 'embedding' || data.length !== request.inputs.length) return undefined;
  const ours = data.every((item, index) => isOurs(asObject(item), index, request.encoding));
  return ours ? { finish: 'stop', usage } : undefined;
}

function isOurs(entry: JsonObject | undefined, index: number, encoding: EmbeddingRequest['encoding']): boolean {
  if (entry?.['object'] !== 'embedding' || entry['index'] !== index) return false;
  const vector = entry['embedding'];
  return (typeof vector === 'string') === (encoding === 'base64') && isVector(vector);
}

function inForm(vector: Vector, encoding: EmbeddingRequest['encoding']): Json {
  return encoding === 'base64' ? asBase64(vector) : asFloats(vector);
}

function encodingOf(request: Request): EmbeddingRequest['encoding'] {
  return request.task === 'embedding' ? request.encoding : 'float';
}

// An embedding has no output; what an upstream of this format said of its tokens stands.
function usageObject(usage: Usage): JsonObject {
  const raw = usage.suspect !== true && isCounted(usage.raw) ? asObject(usage.raw) : undefined;
  if (raw !== undefined) return raw;
  const prompt = inputTotal(usage);
  const estimated = usage.estimated === true;
  return {
    prompt_tokens: prompt,
    total_tokens: estimated ? prompt : grandTotal(usage),
    ...(estimated && { estimated }),
  };
}

function isCounted(usage: Json | undefined): boolean {
  const object = asObject(usage);
  return ['prompt_tokens', 'total_tokens'].every((key) => asNumber(object?.[key]) !== undefined);
}
