import type { Frame } from '../src/framing/frame.ts';
import { collect } from '../src/model/completion.ts';
import type { Event } from '../src/model/event.ts';
import { asObject, parseJson } from '../src/model/json.ts';
import type { Dialect, Protocol } from '../src/protocols/codec.ts';
import * as chat from '../src/protocols/openai-chat/index.ts';
import * as responses from '../src/protocols/openai-responses/index.ts';
import {
  chatBody,
  chatWire,
  contextFor,
  counter,
  EVENTS,
  eventsOf,
  framesOf,
  parseEach,
  payloadsOf,
  replyFor,
  responsesWire,
  stringifyEach,
  tokens,
} from './made.ts';
import type { Bench } from './measure.ts';

/** Wire to meaning and back. */
export function codecBenches(): Bench[] {
  const chatFrames = framesOf(chatWire(tokens(EVENTS, true)));
  const events = eventsOf(chat.protocol, chatFrames);
  const responsesFrames = framesOf(responsesWire(events));
  return [
    decode('codec: decode chat events', chat.protocol, chatFrames),
    encode('codec: encode chat events', chat.dialect, events, chatFrames),
    decode('codec: decode responses events', responses.protocol, responsesFrames),
    encode('codec: encode responses events', responses.dialect, events, responsesFrames),
    whole(),
  ];
}

function decode(name: string, protocol: Protocol, frames: readonly Frame[]): Bench {
  const payloads = payloadsOf(frames);
  const context = contextFor(chat.dialect);
  return {
    name,
    count: frames.length,
    run: () => {
      let events = 0;
      const decoder = protocol.decoder(() => events++, context);
      for (const frame of frames) decoder.push(frame);
      decoder.end();
      return events;
    },
    beside: () => parseEach(payloads),
  };
}

function encode(name: string, dialect: Dialect, events: readonly Event[], frames: readonly Frame[]): Bench {
  const values = payloadsOf(frames).map((payload) => asObject(parseJson(payload)) ?? {});
  const reply = replyFor(dialect, true);
  return {
    name,
    count: events.length,
    run: () => {
      const { write, length } = counter();
      const encoder = dialect.encoder(write, reply);
      for (const event of events) encoder.push(event);
      return length();
    },
    beside: () => stringifyEach(values),
  };
}

function whole(): Bench {
  const body = chatBody(tokens(EVENTS, true));
  // The parser knows the text it read last again, and no gateway reads the same body twice.
  const bodies = [body, `${body} `];
  let turn = 0;
  const next = (): string => bodies[turn++ % 2] ?? body;
  const context = contextFor(chat.dialect);
  const reply = replyFor(chat.dialect, false);
  return {
    name: 'codec: decode and encode a whole chat body',
    count: 1,
    run: () => {
      const events: Event[] = [];
      chat.protocol.decoder((event) => events.push(event), context).whole(next());
      return chat.dialect.encodeWhole(collect(events), reply).body.length;
    },
    beside: () => JSON.stringify(parseJson(next())).length,
  };
}
