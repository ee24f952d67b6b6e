import { AwsReader } from '../../../src/framing/aws-reader.ts';
import type { Frame, FrameReader } from '../../../src/framing/frame.ts';
import { SseReader } from '../../../src/framing/sse-reader.ts';
import { checked } from '../../../src/model/grammar.ts';
import type { Event } from '../../../src/model/event.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Request } from '../../../src/model/request.ts';
import type { Decoder, Dialect, Protocol, Reply } from '../../../src/protocols/codec.ts';
import { DIALECT_ROUTES, PROTOCOLS } from '../../../src/protocols/index.ts';
import { reply, target } from '../../protocols/exchange.ts';
import type { RawAnswer } from '../../support/raw-client.ts';
import { TEXT_CLIENTS } from '../../support/text-requests.ts';
import type { TextDialect } from '../../support/text-requests.ts';
import type { Told } from '../../support/told.ts';

/** Both halves of a text format, with a request of it. */
export interface Format {
  readonly id: TextDialect;
  readonly dialect: Dialect;
  readonly protocol: Protocol;
  /** What the client asks. */
  readonly body: JsonObject;
  readonly request: Request;
}

function formatOf(id: TextDialect): Format {
  const path = id === 'gemini' ? ':streamGenerateContent' : TEXT_CLIENTS[id].path;
  const route = DIALECT_ROUTES.find((each) => (id === 'gemini' ? each.path.endsWith(path) : each.path === path));
  if (route === undefined) throw new Error(`no route of ${id}`);
  const { dialect } = route;
  const wishes = id === 'openai-responses' ? { include: ['reasoning.encrypted_content'] } : {};
  const body = { ...TEXT_CLIENTS[id].request('m', true, true), ...wishes } as JsonObject;
  const request = dialect.decodeRequest(body, { params: { model: 'm' }, query: { alt: 'sse' } });
  return { id, dialect, protocol: PROTOCOLS[id], body, request };
}

/** Every text format that clients speak. */
export const FORMATS: readonly Format[] = (
  ['openai-responses', 'openai-chat', 'anthropic-messages', 'gemini', 'openai-completions'] as const
).map(formatOf);

/** What the encoders of a format are told of an exchange. */
export function replyOf({ request, body }: Format): Reply {
  return reply(request, body);
}

/** The events, each checked against the grammar, that a decoder makes of what is fed to it. */
export function eventsFrom(protocol: Protocol, request: Request, feed: (decoder: Decoder) => void): readonly Event[] {
  const events: Event[] = [];
  let minted = 0;
  const emit = checked((event) => events.push(event));
  feed(protocol.decoder(emit, { request, target: target(), mint: (prefix) => `${prefix}_${minted++}` }));
  return events;
}

/** Feeds the bytes of a stream through the reader of its framing, and then its end. */
export function feedStream(decoder: Decoder, bytes: Uint8Array, framing: 'sse' | 'aws', size: number): void {
  const take = (frame: Frame): void => {
    if (decoder.phase !== 'closed') decoder.push(frame);
  };
  const reader: FrameReader =
    framing === 'aws' ? new AwsReader(take, { eventBytes: 1 << 24 }) : new SseReader(take, { eventBytes: 1 << 24 });
  try {
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    reader.end();
  } catch (broken) {
    // What the reader cannot read further is the upstream's fault, as in the relay.
    if (!(broken instanceof Error && /Frame/.test(broken.name))) throw broken;
    decoder.fail({ kind: 'bad_response', message: broken.message });
    return;
  }
  decoder.end();
}

/** What the client of a format reads of the events. */
export function readBack(format: Format, events: readonly Event[]): { readonly bytes: Buffer; readonly told: Told } {
  const chunks: Buffer[] = [];
  const encoder = format.dialect.encoder((chunk) => void chunks.push(Buffer.from(chunk)), replyOf(format));
  for (const event of events) encoder.push(event);
  const bytes = Buffer.concat(chunks);
  const answer: RawAnswer = {
    status: 200,
    headers: { 'content-type': format.dialect.streamForm(format.request).contentType },
    body: bytes,
    chunks,
    reads: [],
    end: 'clean',
  };
  return { bytes, told: TEXT_CLIENTS[format.id].read(answer, true) };
}
