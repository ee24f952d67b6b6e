import type { Reply, WholeAnswer } from '../codec.ts';
import type { Completion } from '../../model/completion.ts';
import { SpeechEncoder } from './encoder.ts';
import { streamForm } from './request-read.ts';

/** The whole sound: what the stream would have been, in one piece. */
export function encodeWhole(completion: Completion, reply: Reply): WholeAnswer {
  const chunks: (string | Uint8Array)[] = [];
  const encoder = new SpeechEncoder((chunk) => chunks.push(chunk), reply);
  for (const block of completion.blocks)
    for (const base64 of block.audio) encoder.push({ type: 'audio-delta', index: 0, base64 });
  if (completion.usage !== undefined) encoder.push({ type: 'usage', usage: completion.usage });
  encoder.push({ type: 'finish', reason: completion.finish?.reason ?? 'other' });
  const body = Buffer.concat(chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)));
  return { contentType: streamForm(reply.request).contentType, body };
}
