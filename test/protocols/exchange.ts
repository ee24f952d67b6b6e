import { readFileSync } from 'node:fs';
import { createParser } from 'eventsource-parser';
import type { Frame } from '../../src/framing/frame.ts';
import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import { checked } from '../../src/model/grammar.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Request } from '../../src/model/request.ts';
import type { Capabilities, Decoder, Dialect, Protocol, Reply, Target } from '../../src/protocols/codec.ts';

/** A target that can do everything, streamed; tests take away what they are about. */
export function target(streams = true, capabilities: Partial<Capabilities> = {}): Target {
  const all = { streamUsage: true, maxCompletionTokens: false, developerRole: true, namedChoiceStops: false } as const;
  return {
    model: 'upstream-model',
    stream: streams,
    capabilities: { ...all, transcriptDelta: 'auto', schemaOutput: 'native', ...capabilities },
  };
}

/** The events of a decoder that is fed by `feed`, each checked against the grammar. */
export function decoded(
  protocol: Protocol,
  request: Request,
  feed: (decoder: Decoder) => void,
  to: Target = target(),
): Event[] {
  const events: Event[] = [];
  let minted = 0;
  const mint = (prefix: string): string => `${prefix}_${minted++}`;
  feed(
    protocol.decoder(
      checked((event) => events.push(event)),
      { request, target: to, mint },
    ),
  );
  return events;
}

/** Feeds frames and then the end of the body. */
export function streamOf(frames: readonly Frame[]): (decoder: Decoder) => void {
  return (decoder) => {
    for (const frame of frames) decoder.push(frame);
    decoder.end();
  };
}

/** The frames of the text of an event stream, cut by a reader that is not ours. */
export function framesOf(text: string): Frame[] {
  const frames: Frame[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => void frames.push(event === undefined ? { data } : { event, data }),
  });
  parser.feed(text);
  return frames;
}

/** Parsed payloads of the text of an event stream; `[DONE]` stays as it is. */
export function payloadsOf(text: string): unknown[] {
  return framesOf(text).map(({ data }) => (data === '[DONE]' ? data : (JSON.parse(data) as unknown)));
}

/** What an encoder is told of the exchange. */
export function reply(request: Request, body: JsonObject = {}): Reply {
  return {
    id: 'abcdefghijklmnopqrstuvwx',
    created: 1_767_225_600,
    model: 'asked-model',
    request,
    body,
    mint: (prefix) => `${prefix}_1`,
    now: () => 1_767_225_601,
    options: { responsesDoneMarker: false, chatReasoningField: 'reasoning_content' },
  };
}

/** Everything an encoder writes for events, and how many it lost. */
export function encoded(
  dialect: Dialect,
  events: Iterable<Event>,
  to: Reply,
): { readonly text: string; readonly bytes: Buffer; readonly lost: number } {
  const chunks: Buffer[] = [];
  const encoder = dialect.encoder((chunk) => void chunks.push(Buffer.from(chunk)), to);
  for (const event of events) encoder.push(event);
  const bytes = Buffer.concat(chunks);
  return { text: bytes.toString(), bytes, lost: encoder.lost };
}

/** The answer that events amount to, without its id and the upstream's own usage object, so that answers compare. */
export function folded(events: Iterable<Event>): Omit<Completion, 'id'> {
  const { id: _id, usage, ...rest } = collect(events);
  if (usage === undefined) return rest;
  const { raw: _raw, ...counters } = usage;
  return { ...rest, usage: counters };
}

/** The bytes of one of our own fixtures. */
export function fixture(path: string): Buffer {
  return readFileSync(new URL(`../../fixtures/${path}`, import.meta.url));
}
