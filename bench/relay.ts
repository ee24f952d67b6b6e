import type { Gear } from '../src/model/record.ts';
import type { Dialect, Protocol } from '../src/protocols/codec.ts';
import * as chat from '../src/protocols/openai-chat/index.ts';
import * as responses from '../src/protocols/openai-responses/index.ts';
import { Answer } from '../src/relay/answer.ts';
import { Downstream } from '../src/relay/downstream.ts';
import { Relay } from '../src/relay/relay.ts';
import { Tally } from '../src/relay/tally.ts';
import {
  chatWire,
  contextFor,
  EVENTS,
  eventsOf,
  framesOf,
  parseEach,
  payloadsOf,
  PER_CHUNK,
  reads,
  replyFor,
  responsesWire,
  tokens,
} from './made.ts';
import type { Bench } from './measure.ts';
import { Sink } from './sink.ts';

const MB = 1_000_000;
const LIMITS = { event: 4 * MB, whole: 16 * MB, total: 64 * MB };
const DEADLINES = { first: 60_000, idle: 60_000, progress: 60_000, total: 600_000 };
const TIMERS = { keepAlive: 15_000, writeStall: 30_000 };
const HEAD = { 'content-type': 'text/event-stream' };

interface Way {
  readonly from: Protocol;
  readonly to: Dialect;
  readonly gear: Gear;
}

const SAME: Way = { from: chat.protocol, to: chat.dialect, gear: 'bytes' };
const TO_RESPONSES: Way = { from: chat.protocol, to: responses.dialect, gear: 'events' };
const TO_CHAT: Way = { from: responses.protocol, to: chat.dialect, gear: 'events' };

/** A whole answer's way from the upstream's reads to the client's writes, without either socket. */
export function relayBenches(): Bench[] {
  const wire = chatWire(tokens(EVENTS, false));
  const wide = chatWire(tokens(EVENTS, true));
  // An upstream that leaves out what clients who want usage are told in each event: all of them are mended.
  const sparse = wire.map((event) => event.replace(',"usage":null', ''));
  const ours = responsesWire(eventsOf(chat.protocol, framesOf(wide)));
  return [
    relay('relay: chat to chat, 200 a read', SAME, wire, PER_CHUNK),
    relay('relay: chat to chat, 1 a read', SAME, wire, 1),
    relay('relay: chat to chat beyond ASCII, 200 a read', SAME, wide, PER_CHUNK),
    relay('relay: chat to chat mended, 200 a read', SAME, sparse, PER_CHUNK),
    relay('relay: chat to responses, 200 a read', TO_RESPONSES, wide, PER_CHUNK),
    relay('relay: chat to responses, 1 a read', TO_RESPONSES, wide, 1),
    relay('relay: responses to chat, 200 a read', TO_CHAT, ours, PER_CHUNK),
    { ...relay('relay: a chat stream of one token', SAME, chatWire(tokens(1, false)), 1), count: 1 },
  ];
}

function relay(name: string, way: Way, wire: readonly string[], perRead: number): Bench {
  const chunks = reads(wire, perRead);
  const payloads = payloadsOf(framesOf(wire));
  const run = carrier(way, chunks);
  return { name, count: wire.length, run, beside: () => parseEach(payloads) };
}

/** Carries these reads to a client; gives back how many bytes it got. */
function carrier({ from, to, gear }: Way, chunks: readonly Buffer[]): () => number {
  const reply = replyFor(to, true);
  const context = contextFor(to);
  return () => {
    const sink = new Sink();
    let done = false;
    const parts = {
      downstream: new Downstream(sink, TIMERS, { drained: () => undefined, gone: () => undefined }),
      dialect: to,
      reply,
      tally: new Tally(100, () => performance.now()),
      headers: () => ({ 'x-request-id': reply.id }),
      failedEarly: () => undefined,
      done: () => (done = true),
      sameFormat: from.id === to.id,
    };
    const carried = new Relay({
      answer: () => new Answer(parts),
      protocol: from,
      context: () => context,
      limits: LIMITS,
      deadlines: DEADLINES,
      usageGrace: 1000,
      failed: () => undefined,
      faulted: () => undefined,
      tellable: (text) => text,
    });
    carried.head(200, HEAD);
    for (const chunk of chunks) carried.data(chunk);
    carried.end();
    if (!done || parts.tally.finish !== 'stop' || carried.gear !== gear)
      throw new Error(`A stream of ${from.id} went wrong on its way to ${to.id} (${carried.gear}).`);
    return sink.bytes;
  };
}
