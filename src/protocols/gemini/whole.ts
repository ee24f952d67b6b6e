import { Grounding } from './encoder-grounding.ts';
import { isBlocked } from './encoder.ts';
import { callPart, mediaPart, sealPart, textPart } from './encoder-parts.ts';
import { writeLogprobs } from './logprobs.ts';
import { usageMetadata } from './usage.ts';
import { finishWord } from './words.ts';
import { lineSafe } from '../../framing/sse-writer.ts';
import type { Completion, WrittenBlock } from '../../model/completion.ts';
import type { ChoiceFinish } from '../../model/event.ts';
import { asArray, asNumber, asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { inputTotal } from '../../model/usage.ts';
import type { Reply, WholeAnswer } from '../codec.ts';
import { asFloats } from '../vectors.ts';

const CONTENT_TYPE = 'application/json; charset=utf-8';

/** A `GenerateContentResponse`: the fold of what the stream would have said. */
export function encodeWhole(completion: Completion, reply: Reply): WholeAnswer {
  const finish = completion.finish ?? { reason: 'stop' as const };
  const ends: readonly ChoiceFinish[] = [{ ...finish, choice: 0 }, ...(finish.others ?? [])];
  const own = completion.natives.flatMap(({ protocol, value }) => objectsIn(protocol === 'gemini' ? value : null));
  const feedback: JsonObject = Object.assign(
    {},
    ...own.map(({ candidates: _candidates, ...more }) => more),
  ) as JsonObject;
  const blocked = isBlocked(feedback) && completion.blocks.length === 0;
  const candidates = ends.map((end) => candidateJson(end, completion, own)).join(',');
  const rest = JSON.stringify({
    ...feedback,
    ...(completion.usage !== undefined && { usageMetadata: usageMetadata(completion.usage) }),
    modelVersion: reply.model,
    responseId: reply.id,
  });
  const body = blocked ? rest : `{"candidates":[${candidates}],${rest.slice(1)}`;
  return { contentType: CONTENT_TYPE, body: lineSafe(body) };
}

function candidateJson(end: ChoiceFinish, completion: Completion, own: readonly JsonObject[]): string {
  const blocks = completion.blocks.filter(({ head }) => (head.choice ?? 0) === end.choice);
  const natives = own
    .flatMap(({ candidates }) => (asArray(candidates) ?? []).flatMap(objectsIn))
    .filter((item) => (asNumber(item['index']) ?? 0) === end.choice);
  const parts = [...natives.flatMap(nativeParts), ...blocks.flatMap((block) => partOf(block) ?? [])];
  const logprobs = blocks.flatMap((block) => block.logprobs);
  const extras: JsonObject = Object.assign(
    groundingOf(blocks),
    ...natives.map(({ content: _content, index: _index, ...more }) => more),
  ) as JsonObject;
  const beside = JSON.stringify({
    finishReason: finishWord(end.reason, end.raw),
    index: end.choice,
    ...(logprobs.length > 0 && { logprobsResult: writeLogprobs(logprobs) }),
    ...extras,
  });
  const content = parts.length === 0 ? textPart('', false) : parts.join(',');
  return `{"content":{"parts":[${content}],"role":"model"},${beside.slice(1)}`;
}

function objectsIn(value: Json): readonly JsonObject[] {
  const object = asObject(value);
  return object === undefined ? [] : [object];
}

function nativeParts(candidate: JsonObject): readonly string[] {
  return (asArray(asObject(candidate['content'])?.['parts']) ?? []).map((part) => JSON.stringify(part));
}

function partOf({ head, text, audio, seal }: WrittenBlock): string | undefined {
  switch (head.type) {
    case 'text':
    case 'refusal':
      return text === '' && seal === undefined ? undefined : textPart(text, false, seal);
    case 'reasoning':
    case 'reasoning-summary':
      if (text === '') return seal === undefined ? undefined : sealPart(seal, false);
      return textPart(text, true, seal);
    case 'tool-call':
      return callPart(head, text, seal);
    case 'media':
      return audio.length === 0 ? undefined : mediaPart(head, audio, seal);
    case 'vector':
      return undefined;
    default:
      return head satisfies never;
  }
}

function groundingOf(blocks: readonly WrittenBlock[]): JsonObject {
  const grounding = new Grounding();
  for (const { head, text, annotations } of blocks) {
    if (head.type !== 'text') continue;
    grounding.block();
    grounding.text(text);
    for (const annotation of annotations) if (annotation.type === 'url') grounding.add(annotation);
  }
  return grounding.metadata();
}

/** The answer to a count of tokens. */
export function encodeCount({ usage }: Completion): WholeAnswer {
  const totalTokens = usage === undefined ? 0 : inputTotal(usage);
  const raw = asObject(usage?.raw);
  const own = raw !== undefined && 'totalTokens' in raw ? raw : {};
  return { contentType: CONTENT_TYPE, body: JSON.stringify({ ...own, totalTokens }) };
}

/** The answer to one text that was embedded. */
export function encodeEmbedding(completion: Completion): WholeAnswer {
  const [embedding] = valuesIn(completion);
  return {
    contentType: CONTENT_TYPE,
    body: JSON.stringify({ embedding: embedding ?? { values: [] }, ...counted(completion) }),
  };
}

/** The answer to a list of texts that were embedded, in their order. */
export function encodeEmbeddings(completion: Completion): WholeAnswer {
  return {
    contentType: CONTENT_TYPE,
    body: JSON.stringify({ embeddings: valuesIn(completion), ...counted(completion) }),
  };
}

function valuesIn({ blocks }: Completion): readonly JsonObject[] {
  return blocks.flatMap(({ vector }) => (vector === undefined ? [] : [{ values: asFloats(vector) }]));
}

function counted({ usage }: Completion): JsonObject {
  if (usage === undefined || usage.estimated === true) return {};
  return { usageMetadata: { promptTokenCount: inputTotal(usage), totalTokenCount: inputTotal(usage) } };
}
