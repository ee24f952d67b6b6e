import type { Reply, WholeAnswer } from '../codec.ts';
import type { Completion } from '../../model/completion.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { PLAIN_FORMATS, asideOf, usageWords } from './words.ts';

/** The whole transcription in the form the client asked for (TR-06); a JSON answer of the same format goes on as it came. */
export function encodeWhole(completion: Completion, reply: Reply): WholeAnswer {
  const format = reply.request.task === 'transcription' ? reply.request.format : 'json';
  const text = completion.blocks.map((block) => (block.head.type === 'text' ? block.text : '')).join('');
  if (PLAIN_FORMATS.has(format)) return { contentType: 'text/plain; charset=utf-8', body: text };
  return { contentType: 'application/json', body: JSON.stringify(wholeObject(completion, reply, format, text)) };
}

function wholeObject(completion: Completion, reply: Reply, format: string, text: string): JsonObject {
  const segments: Json[] = [];
  let last: JsonObject = {};
  for (const { protocol, value } of completion.natives) {
    if (protocol !== 'openai-transcriptions') continue;
    const { event, done, whole } = asideOf(value);
    if (whole !== undefined) return whole;
    if (event?.['type'] === 'transcript.text.segment') segments.push(event);
    last = { ...last, ...done };
  }
  const { usage } = completion;
  const logprobs = completion.blocks.flatMap((block) => block.logprobs);
  const detailed = format === 'verbose_json' || format === 'diarized_json';
  return {
    ...(detailed && {
      task: reply.request.task === 'transcription' && reply.request.translate ? 'translate' : 'transcribe',
    }),
    ...(detailed && usage?.seconds !== undefined && { duration: usage.seconds }),
    text,
    ...(segments.length > 0 && { segments }),
    ...(logprobs.length > 0 && { logprobs }),
    ...(usage !== undefined && { usage: usageWords(usage) }),
    ...last,
  };
}
