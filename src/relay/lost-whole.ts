import type { Completion, WrittenBlock } from '../model/completion.ts';
import type { Event } from '../model/event.ts';
import type { Dialect, Reply } from '../protocols/codec.ts';

/** How much of a whole answer the client's format cannot say: what its encoder loses of it, block by block. */
export function lostOfWhole(completion: Completion, dialect: Dialect, reply: Reply): number {
  // Other tasks have answers of one kind, which their formats are made for.
  if (reply.request.task !== 'generation') return 0;
  const encoder = dialect.encoder(() => undefined, reply);
  encoder.push({ type: 'start', id: completion.id, model: completion.model });
  completion.blocks.forEach((block, index) => {
    for (const event of eventsOf(block, index)) encoder.push(event);
  });
  for (const native of completion.natives) encoder.push({ type: 'native', native });
  if (completion.finish !== undefined) encoder.push({ type: 'finish', ...completion.finish });
  return encoder.lost;
}

function eventsOf(block: WrittenBlock, index: number): readonly Event[] {
  const { head, text, audio, annotations, logprobs, seal } = block;
  const said: Event =
    head.type === 'tool-call'
      ? { type: 'input-delta', index, json: text }
      : { type: 'text-delta', index, text, ...(logprobs.length > 0 && { logprobs }) };
  return [
    { type: 'block-start', index, block: head },
    ...(text === '' ? [] : [said]),
    ...audio.map((base64): Event => ({ type: 'audio-delta', index, base64 })),
    ...annotations.map((annotation): Event => ({ type: 'annotation', index, annotation })),
    { type: 'block-end', index, ...(seal !== undefined && { seal }) },
  ];
}
