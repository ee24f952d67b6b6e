import type { Frame } from '../src/framing/frame.ts';
import { SseReader } from '../src/framing/sse-reader.ts';
import { dataFrame, DONE_FRAME } from '../src/framing/sse-writer.ts';
import type { Event } from '../src/model/event.ts';
import type { Json, JsonObject } from '../src/model/json.ts';
import { mint, randomId } from '../src/gateway/run-ids.ts';
import type { DecoderContext, Dialect, Protocol, Reply, Write } from '../src/protocols/codec.ts';
import { dialect as responses } from '../src/protocols/openai-responses/index.ts';
import { COMPATIBLE } from '../src/providers/provider.ts';

/** Text events of the streams that are measured. */
export const EVENTS = 1000;
/** Events of a chunk that holds many: as many as one read of a fast upstream brings. */
export const PER_CHUNK = 200;

const WORDS = [
  'The',
  ' river',
  ' rises',
  ' in',
  ' the',
  ' hills',
  ',',
  ' turns',
  ' a',
  ' mill',
  ' and',
  ' meets',
  ' the',
  ' sea',
  '.\n',
  ' "So"',
];
const OTHER_WORDS = ['水', 'は', '低', 'き', 'に', ' café', ' 🌊', ' naïve'];
const SAME = {
  id: 'chatcmpl-made0123456789abcdef',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'made-model-1',
  system_fingerprint: 'fp_made',
};
const USAGE = { prompt_tokens: 21, completion_tokens: EVENTS, total_tokens: EVENTS + 21 };

/** One text as tokens; `wide` has characters beyond ASCII in one of three. */
export function tokens(count: number, wide: boolean): string[] {
  return Array.from(
    { length: count },
    (_, at) => (wide && at % 3 === 0 ? OTHER_WORDS[at % OTHER_WORDS.length] : WORDS[at % WORDS.length]) ?? '',
  );
}

/** The chunks with which a chat upstream would stream a text. */
export function chatChunks(text: readonly string[]): JsonObject[] {
  const chunk = (delta: JsonObject, finish: string | null): JsonObject => ({
    ...SAME,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    usage: null,
  });
  return [
    chunk({ role: 'assistant', content: '' }, null),
    ...text.map((content) => chunk({ content }, null)),
    chunk({}, 'stop'),
    { ...SAME, choices: [], usage: USAGE },
  ];
}

/** The whole body in which a chat upstream would say the same. */
export function chatBody(text: readonly string[]): string {
  const message = { role: 'assistant', content: text.join('') };
  return JSON.stringify({
    ...SAME,
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: USAGE,
  });
}

/** A stream as chat upstreams put it on the wire, an event each. */
export function chatWire(text: readonly string[]): string[] {
  return [...chatChunks(text).map((chunk) => dataFrame(JSON.stringify(chunk))), DONE_FRAME];
}

/** A stream as the gateway's own responses dialect puts it on the wire, an event each. */
export function responsesWire(events: readonly Event[]): string[] {
  const wire: string[] = [];
  const encoder = responses.encoder(
    (chunk) => wire.push(...String(chunk).split(/(?<=\n\n)/)),
    replyFor(responses, true),
  );
  for (const event of events) encoder.push(event);
  return wire;
}

/** What one network read each brings, so many events at a time. */
export function reads(wire: readonly string[], events: number): Buffer[] {
  return Array.from({ length: Math.ceil(wire.length / events) }, (_, at) =>
    Buffer.from(wire.slice(at * events, (at + 1) * events).join('')),
  );
}

/** The messages of a stream. */
export function framesOf(wire: readonly string[]): Frame[] {
  const frames: Frame[] = [];
  new SseReader((frame) => frames.push(frame), { eventBytes: 1_000_000 }).push(Buffer.from(wire.join('')));
  return frames;
}

/** The JSON texts of messages; end markers are none. */
export function payloadsOf(frames: readonly Frame[]): string[] {
  return frames.map(({ data }) => data).filter((data) => data.startsWith('{'));
}

/** What a protocol's decoder makes of messages. */
export function eventsOf(protocol: Protocol, frames: readonly Frame[]): Event[] {
  const events: Event[] = [];
  const decoder = protocol.decoder((event) => events.push(event), contextFor(responses));
  for (const frame of frames) decoder.push(frame);
  decoder.end();
  return events;
}

/** What a client of this dialect asked for. */
export function replyFor(dialect: Dialect, stream: boolean): Reply {
  const asks = { model: 'made/made-model-1', stream, stream_options: { include_usage: true } };
  const body: JsonObject =
    dialect === responses
      ? { model: asks.model, stream, input: 'Where?' }
      : { ...asks, messages: [{ role: 'user', content: 'Where?' }] };
  return {
    id: randomId(),
    created: 1_790_000_000,
    model: asks.model,
    request: dialect.decodeRequest(body),
    body,
    mint,
    now: () => 1_790_000_001,
    options: { responsesDoneMarker: false, chatReasoningField: 'reasoning_content' },
  };
}

/** What a decoder is told when a client of this dialect asked. */
export function contextFor(dialect: Dialect): DecoderContext {
  return {
    request: replyFor(dialect, true).request,
    target: { model: 'made-model-1', stream: true, capabilities: COMPATIBLE },
    mint,
  };
}

/** Counts what is written. */
export function counter(): { readonly write: Write; readonly length: () => number } {
  let length = 0;
  return { write: (chunk) => void (length += chunk.length), length: () => length };
}

/** Parses each text; gives back how many were JSON. */
export function parseEach(texts: readonly string[]): number {
  let parsed = 0;
  for (const text of texts) if (JSON.parse(text) !== null) parsed++;
  return parsed;
}

/** Writes each value as JSON; gives back how long all are. */
export function stringifyEach(values: readonly Json[]): number {
  let length = 0;
  for (const value of values) length += JSON.stringify(value).length;
  return length;
}
