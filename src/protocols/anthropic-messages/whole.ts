import { OWN, callSealBlock, thinkingBlock, writeCitation } from './seals.ts';
import { usageObject } from './usage.ts';
import { stopWord } from './words.ts';
import { lineSafe } from '../../framing/sse-writer.ts';
import type { NativeValue } from '../../model/block.ts';
import type { Completion, WrittenBlock } from '../../model/completion.ts';
import { asNumber, asObject, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { inputTotal, NO_USAGE } from '../../model/usage.ts';
import type { Reply, WholeAnswer } from '../codec.ts';

/** A `message` object: the fold of what the stream would have said; or the count that was asked for. */
export function encodeWhole(completion: Completion, reply: Reply): WholeAnswer {
  const body = reply.request.task === 'count' ? countObject(completion) : messageObject(completion, reply);
  return { contentType: 'application/json; charset=utf-8', body: lineSafe(JSON.stringify(body)) };
}

function countObject({ usage }: Completion): JsonObject {
  return { input_tokens: inputTotal(usage ?? NO_USAGE) };
}

function messageObject(completion: Completion, reply: Reply): JsonObject {
  const { reason, raw, stopSequence } = completion.finish ?? { reason: 'stop' as const };
  const known = reason !== 'stop-sequence' || stopSequence !== undefined;
  return {
    id: `msg_${reply.id}`,
    type: 'message',
    role: 'assistant',
    model: reply.model,
    content: contentOf(completion),
    stop_reason: known ? stopWord(reason, raw) : 'end_turn',
    stop_sequence: (reason === 'stop-sequence' ? stopSequence : undefined) ?? null,
    ...extrasOf(completion.natives),
    usage: usageObject(completion.usage ?? NO_USAGE),
  };
}

/** What the stream's last delta would tell inside and beside itself; here all of it stands in the message. */
function extrasOf(natives: readonly NativeValue[]): JsonObject {
  return natives.reduce<JsonObject>((extras, native) => {
    const value = ownNative(native);
    if (value?.['type'] !== 'message_delta') return extras;
    const { type: _type, delta, ...beside } = value;
    return { ...extras, ...asObject(delta), ...beside };
  }, {});
}

/** The blocks; those that only this format knows take back the places they had. */
function contentOf({ blocks, natives }: Completion): readonly Json[] {
  const content = blocks.flatMap((block): readonly Json[] =>
    (block.head.choice ?? 0) === 0 ? blockObjects(block) : [],
  );
  for (const native of natives) {
    const value = ownNative(native);
    const block = value?.['content_block'];
    if (block !== undefined) content.splice(asNumber(value?.['index']) ?? content.length, 0, block);
  }
  return content;
}

function ownNative({ protocol, value }: NativeValue): JsonObject | undefined {
  return protocol === OWN ? asObject(value) : undefined;
}

function blockObjects(block: WrittenBlock): readonly Json[] {
  const { head, text, seal } = block;
  switch (head.type) {
    case 'reasoning':
    case 'reasoning-summary':
      return text === '' && seal === undefined ? [] : [thinkingBlock(text, seal)];
    case 'tool-call': {
      const { id, name } = head;
      const input = head.custom === true ? { input: text } : inputOf(text);
      const call = { type: 'tool_use', id, name, input };
      return seal === undefined ? [call] : [callSealBlock(seal), call];
    }
    case 'text':
    case 'refusal':
    case 'media':
      return textObjects(block);
    case 'vector':
      return [];
    default:
      return head satisfies never;
  }
}

function textObjects({ text, annotations }: WrittenBlock): readonly Json[] {
  const citations = annotations.flatMap((annotation): readonly Json[] => {
    const citation = writeCitation(annotation);
    return citation === undefined ? [] : [citation];
  });
  if (text === '' && citations.length === 0) return [];
  return [{ type: 'text', text, ...(citations.length > 0 && { citations }) }];
}

// An input that the limit cut off is no JSON; what it would have been nobody knows (FM-13).
function inputOf(text: string): JsonObject {
  try {
    return asObject(parseJson(text)) ?? {};
  } catch {
    return {};
  }
}
