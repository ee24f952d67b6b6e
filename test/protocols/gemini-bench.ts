import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Generation } from '../../src/model/request.ts';
import type { Place, Reply } from '../../src/protocols/codec.ts';
import { protocol, streamDialect } from '../../src/protocols/gemini/index.ts';
import { decoded, encoded, fixture, framesOf, reply, streamOf } from './exchange.ts';

/** What a path says beside its body. */
export function place(model = 'm', query: Readonly<Record<string, string>> = { alt: 'sse' }): Place {
  return { params: { model }, query };
}

/** A streamed request of a client of this format. */
export const OWN: Generation = streamDialect.decodeRequest(
  { contents: [{ parts: [{ text: 'hi' }] }] },
  place(),
) as Generation;

/** The same request of a client of another format. */
export const FOREIGN: Generation = { ...OWN, native: { protocol: 'openai-chat', value: {} } };

/** A client of this format that reads its stream as one list. */
export const LISTED: Generation = { ...OWN, framing: 'array' };

/** The frames of one of our fixtures. */
export function framesFrom(scenario: string): ReturnType<typeof framesOf> {
  return framesOf(fixture(`gemini/${scenario}/streamed.sse`).toString());
}

/** The events of one of our fixtures, streamed. */
export function streamedFrom(scenario: string, request: Generation = FOREIGN): Event[] {
  return decoded(protocol, request, streamOf(framesFrom(scenario)));
}

/** The events of a whole body. */
export function wholeOf(body: string, request: Generation = FOREIGN): Event[] {
  return decoded(protocol, request, (decoder) => decoder.whole(body));
}

/** The events of messages that come one by one. */
export function read(messages: readonly JsonObject[], request: Generation = FOREIGN): Event[] {
  return decoded(protocol, request, streamOf(messages.map((each) => ({ data: JSON.stringify(each) }))));
}

/** A message of the first candidate. */
export function message(parts: readonly JsonObject[], finishReason?: string, more: JsonObject = {}): JsonObject {
  const candidate = {
    content: { parts, role: 'model' },
    index: 0,
    ...(finishReason !== undefined && { finishReason }),
  };
  return { candidates: [candidate], modelVersion: 'v', responseId: 'r', ...more };
}

/** The text of the stream that a client reads. */
export function written(events: Iterable<Event>, request: Generation = OWN): string {
  return encoded(streamDialect, events, reply(request)).text;
}

/** What an encoder is told of a request of this format. */
export function replyTo(request: Generation = OWN): Reply {
  return reply(request);
}
