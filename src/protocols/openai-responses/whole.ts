import { onlyAllowedTools } from './encoder-allowed-tools.ts';
import { ResponsesEncoder } from './encoder.ts';
import { ID, OWN_ITEMS } from './words.ts';
import type { Completion, WrittenBlock } from '../../model/completion.ts';
import { GatewayFailure } from '../../model/errors.ts';
import type { Sink } from '../../model/event.ts';
import { asNumber, asObject, asString } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Reply, WholeAnswer } from '../codec.ts';

/**
 * The whole answer: the response object of the terminal event that the same answer would stream (OR-05).
 * @throws GatewayFailure `tool_not_allowed` when nothing but a forbidden call is left of the turn.
 */
export function encodeWhole(completion: Completion, reply: Reply): WholeAnswer {
  const encoder = new ResponsesEncoder(undefined, reply);
  replay(
    completion,
    encoder,
    onlyAllowedTools(reply.request, (event) => encoder.push(event)),
  );
  if (encoder.failure !== undefined) throw new GatewayFailure(encoder.failure);
  return { contentType: 'application/json', body: JSON.stringify(encoder.response), kept: encoder.kept };
}

// A completion keeps native items apart from its blocks; their own `output_index` says where between them they stood.
function replay(completion: Completion, encoder: ResponsesEncoder, emit: Sink): void {
  const natives = completion.natives.flatMap((native) =>
    native.protocol === ID ? [asObject(native.value) ?? {}] : [],
  );
  for (const value of natives) if (isHint(value)) emit({ type: 'native', native: { protocol: ID, value } });
  const items = natives.filter((value) => value['type'] === 'response.output_item.done');
  const insertUpTo = (place: () => number): void => {
    while (items[0] !== undefined && (asNumber(items[0]['output_index']) ?? 0) <= place())
      emit({ type: 'native', native: { protocol: ID, value: items.shift() as JsonObject } });
  };
  completion.blocks.forEach((block, index) => {
    const { itemId } = block.head;
    if (itemId === undefined || itemId !== completion.blocks[index - 1]?.head.itemId)
      insertUpTo(() => encoder.itemCount);
    replayBlock(block, index, emit);
  });
  insertUpTo(() => Number.POSITIVE_INFINITY);
  if (completion.usage !== undefined) emit({ type: 'usage', usage: completion.usage });
  if (completion.finish !== undefined) emit({ type: 'finish', ...completion.finish });
}

function replayBlock(block: WrittenBlock, index: number, emit: Sink): void {
  emit({ type: 'block-start', index, block: block.head });
  if (block.head.type === 'tool-call') emit({ type: 'input-delta', index, json: block.text });
  else
    emit({
      type: 'text-delta',
      index,
      text: block.text,
      ...(block.logprobs.length > 0 && { logprobs: block.logprobs }),
    });
  for (const annotation of block.annotations) emit({ type: 'annotation', index, annotation });
  emit({ type: 'block-end', index, ...(block.seal !== undefined && { seal: block.seal }) });
}

// Only what is told about own items and about the response itself may come before an item.
function isHint(value: JsonObject): boolean {
  const item = asString(asObject(value['item'])?.['type']) ?? '';
  return (
    value['type'] === 'response.completed' || (value['type'] === 'response.output_item.added' && OWN_ITEMS.has(item))
  );
}
