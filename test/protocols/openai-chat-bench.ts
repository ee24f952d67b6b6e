import type { Frame } from '../../src/framing/frame.ts';
import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import { checked } from '../../src/model/grammar.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { dialect, protocol } from '../../src/protocols/openai-chat/index.ts';
import type { Decoder, DecoderContext, Reply } from '../../src/protocols/codec.ts';

/** A decoder context for a request; `capabilities` as a modern provider has them. */
export function contextOf(body: JsonObject = {}, namedChoiceStops = false): DecoderContext {
  let minted = 0;
  return {
    request: dialect.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...body }),
    target: {
      model: 'up',
      stream: true,
      capabilities: {
        streamUsage: true,
        maxCompletionTokens: true,
        developerRole: true,
        namedChoiceStops,
        transcriptDelta: 'auto',
      },
    },
    mint: (prefix) => `${prefix}_minted${++minted}`,
  };
}

/** Runs a decoder over what `feed` gives it; every event passes the grammar. */
export function decodeWith(feed: (decoder: Decoder) => void, context: DecoderContext = contextOf()): readonly Event[] {
  const events: Event[] = [];
  feed(protocol.decoder(checked((event) => events.push(event)), context));
  return events;
}

/** The events of data payloads: objects are stringified, strings sent as they are; the body ends after them. */
export function decodeAll(payloads: readonly (string | object)[], context?: DecoderContext): readonly Event[] {
  return decodeWith((decoder) => {
    for (const payload of payloads) decoder.push({ data: typeof payload === 'string' ? payload : JSON.stringify(payload) });
    decoder.end();
  }, context);
}

/** A chunk with one choice. */
export function chunk(delta: object, finish: string | null = null, index = 0): object {
  return { id: 'c1', object: 'chat.completion.chunk', created: 7, model: 'up', choices: [{ index, delta, finish_reason: finish }] };
}

/** The whole answer that payloads amount to. */
export function answer(payloads: readonly (string | object)[], context?: DecoderContext): Completion {
  return collect(decodeAll(payloads, context));
}

/** The frames of a well-formed event stream; framing has its own tests. */
export function framesOf(text: string): readonly Frame[] {
  return text.split(/\r?\n\r?\n/).flatMap((block) => {
    const lines = block.split(/\r?\n/);
    const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).replace(/^ /, ''));
    const event = lines.find((line) => line.startsWith('event:'))?.slice(6).trim();
    return data.length === 0 ? [] : [{ data: data.join('\n'), ...(event !== undefined && { event }) }];
  });
}

/** What the encoder needs to know, for a client body. */
export function replyOf(body: JsonObject = {}, options: Partial<Reply['options']> = {}): Reply {
  const context = contextOf(body);
  return {
    id: 'abc123',
    created: 1700000000,
    model: 'shown',
    request: context.request,
    body,
    mint: context.mint,
    now: () => 1700000001,
    options: { responsesDoneMarker: false, chatReasoningField: 'reasoning_content', ...options },
  };
}

/** The writes an encoder makes of events. */
export function encodeAll(events: readonly Event[], reply: Reply = replyOf()): { readonly writes: readonly string[]; readonly lost: number } {
  const writes: string[] = [];
  const encoder = dialect.encoder((text) => writes.push(String(text)), reply);
  for (const event of events) encoder.push(event);
  return { writes, lost: encoder.lost };
}
