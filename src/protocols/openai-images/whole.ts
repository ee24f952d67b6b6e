import type { Completion } from '../../model/completion.ts';
import { asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { grandTotal, inputTotal, outputTotal } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';
import type { Reply, WholeAnswer } from '../codec.ts';
import { encodePassed, passedBody } from '../passed-body.ts';
import { aboutPictures, isDone, passedEvent, PICTURES } from './words.ts';

/** The whole answer: the body as it came, or what the events of a stream amount to. */
export function encodeWhole(completion: Completion, reply: Reply): WholeAnswer {
  if (completion.natives.some((native) => passedBody(native, 'openai-images') !== undefined))
    return encodePassed(completion, PICTURES);
  const pictures = completion.natives.flatMap((native) => {
    const { event, data = '' } = passedEvent(native) ?? {};
    const value = data.startsWith('{') ? (asObject(parseJson(data)) ?? {}) : {};
    return isDone(asString(value['type']) ?? event) ? [value] : [];
  });
  const last = pictures.at(-1) ?? {};
  const { usage } = completion;
  const body = {
    created: last['created_at'] ?? reply.created,
    ...aboutPictures(last),
    data: pictures.map(pictureIn),
    ...(usage !== undefined && usage.estimated !== true && { usage: usageOf(usage) }),
  };
  return { contentType: 'application/json', body: JSON.stringify(body) };
}

function pictureIn(value: JsonObject): JsonObject {
  const keys = ['b64_json', 'url', 'revised_prompt'].filter((key) => value[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, value[key] ?? null]));
}

// The sum over several pictures is nobody's own object.
function usageOf(usage: Usage): Json {
  return (
    usage.raw ?? {
      input_tokens: inputTotal(usage),
      output_tokens: outputTotal(usage),
      total_tokens: grandTotal(usage),
    }
  );
}
