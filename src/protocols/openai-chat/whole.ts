import { isLegacy, reasoningKeys } from './encoder.ts';
import { carriedExtra, carriedThought, sealedDetails, sealedExtra, writeAnnotation } from './seals.ts';
import { usageObject } from './usage.ts';
import { finishWord, gatewayStop } from './words.ts';
import { lineSafe } from '../../framing/sse-writer.ts';
import type { TextKind } from '../../model/block.ts';
import type { Completion, WrittenBlock } from '../../model/completion.ts';
import type { ChoiceFinish } from '../../model/event.ts';
import { asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Reply, WholeAnswer } from '../codec.ts';

/** A `chat.completion` object: the fold of what the stream would have said (CC-28). */
export function encodeWhole(completion: Completion, reply: Reply): WholeAnswer {
  const finish = completion.finish ?? { reason: 'stop' as const };
  const ends: readonly ChoiceFinish[] = [{ ...finish, choice: 0 }, ...(finish.others ?? [])];
  const stop = ends.map((end) => gatewayStop(end.reason, end.raw)).find((word) => word !== undefined);
  const body = {
    id: `chatcmpl-${reply.id}`,
    object: 'chat.completion',
    created: reply.created,
    model: reply.model,
    choices: ends.map((end) => choiceObject(end, completion, reply)),
    usage: completion.usage === undefined ? null : usageObject(completion.usage),
    ...(stop !== undefined && { x_gateway: { stop } }),
  };
  return { contentType: 'application/json; charset=utf-8', body: lineSafe(JSON.stringify(body)) };
}

function choiceObject(end: ChoiceFinish, completion: Completion, reply: Reply): JsonObject {
  const blocks = completion.blocks.filter((block) => (block.head.choice ?? 0) === end.choice);
  const legacy = isLegacy(reply.body);
  const called = blocks.some((block) => block.head.type === 'tool-call');
  const stopSequence = end.choice === 0 ? completion.finish?.stopSequence : undefined;
  return {
    index: end.choice,
    message: messageObject(blocks, legacy, reply),
    logprobs: logprobsObject(blocks),
    finish_reason: finishWord(end.reason, called, legacy),
    ...(stopSequence !== undefined && { stop_reason: stopSequence }),
  };
}

function messageObject(blocks: readonly WrittenBlock[], legacy: boolean, reply: Reply): JsonObject {
  const calls = blocks.flatMap((block) => callObject(block) ?? []);
  const refusal = textOf(blocks, ['refusal']);
  const audio = audioObject(blocks, reply);
  const content =
    textOf(blocks, ['text']) ?? (calls.length > 0 || refusal !== undefined || audio !== undefined ? null : '');
  const thought = textOf(blocks, ['reasoning', 'reasoning-summary']);
  const keys = reasoningKeys(reply);
  const details = keys.length === 0 ? [] : blocks.flatMap(detailsOf);
  const annotations = blocks.flatMap((block) =>
    block.annotations.flatMap((annotation) => writeAnnotation(annotation) ?? []),
  );
  return {
    role: 'assistant',
    content,
    refusal: refusal ?? null,
    ...(thought !== undefined && Object.fromEntries(keys.map((key) => [key, thought]))),
    ...(details.length > 0 && { reasoning_details: details }),
    ...(annotations.length > 0 && { annotations }),
    ...(audio !== undefined && { audio }),
    ...(calls.length > 0 &&
      (legacy ? { function_call: asObject(calls[0])?.['function'] ?? null } : { tool_calls: calls })),
  };
}

function detailsOf({ head, seal, text }: WrittenBlock): readonly Json[] {
  if (head.type === 'tool-call' || seal === undefined) return [];
  if (seal.protocol === 'openai-chat') return sealedDetails(seal) ?? [];
  return [carriedThought(seal, head.type, head.type.startsWith('reasoning') ? text : '')];
}

function textOf(blocks: readonly WrittenBlock[], kinds: readonly TextKind[]): string | undefined {
  const texts = blocks.filter((block) => kinds.some((kind) => kind === block.head.type)).map((block) => block.text);
  return texts.length === 0 ? undefined : texts.join('');
}

function callObject({ head, text, seal }: WrittenBlock): JsonObject | undefined {
  if (head.type !== 'tool-call') return undefined;
  const { id, name } = head;
  if (head.custom === true) return { id, type: 'custom', custom: { name, input: text } };
  const extra = seal === undefined || seal.protocol === 'openai-chat' ? sealedExtra(seal) : carriedExtra(seal);
  return {
    id,
    type: 'function',
    function: { name, arguments: text },
    ...(extra !== undefined && { extra_content: extra }),
  };
}

function audioObject(blocks: readonly WrittenBlock[], reply: Reply): JsonObject | undefined {
  const block = blocks.find(({ head }) => head.type === 'media' && head.media === 'audio');
  if (block === undefined) return undefined;
  return {
    id: block.head.itemId ?? `audio_${reply.id}`,
    data: Buffer.concat(block.audio.map((piece) => Buffer.from(piece, 'base64'))).toString('base64'),
    transcript: block.text,
    // The format wants a time until which the sound may be referred to; the gateway keeps none.
    expires_at: reply.created,
  };
}

function logprobsObject(blocks: readonly WrittenBlock[]): Json {
  const content = tokensOf(blocks, 'text');
  const refusal = tokensOf(blocks, 'refusal');
  return content === null && refusal === null ? null : { content, refusal };
}

function tokensOf(blocks: readonly WrittenBlock[], kind: TextKind): Json {
  const tokens = blocks.filter(({ head }) => head.type === kind).flatMap(({ logprobs }) => logprobs);
  return tokens.length === 0 ? null : tokens;
}
