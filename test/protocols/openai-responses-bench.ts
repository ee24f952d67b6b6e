import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Reply } from '../../src/protocols/codec.ts';
import { dialect, protocol } from '../../src/protocols/openai-responses/index.ts';
import { Peek } from '../support/peek.ts';
import { assertResponsesStream } from '../support/responses-automaton.ts';
import { decoded, encoded, fixture, framesOf, reply, streamOf } from './exchange.ts';

/** Our own recorded-like answers, streamed and whole. */
export const SCENARIOS: readonly string[] = [
  'greeting',
  'everything',
  'interleaved-calls',
  'empty-output',
  'null-output',
  'absent-output',
  'done-only',
  'output-only',
  'raw-reasoning',
  'native-items',
  'cut-off-call',
  'filtered',
  'sealed-without-summary',
];

/** A body that asks for everything an answer can hold. */
export const ASKS_ALL: JsonObject = {
  model: 'asked-model',
  input: 'Hi',
  include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
  tools: [{ type: 'custom', name: 'run_sql' }],
};

/** What an encoder is told, with ids that differ. */
export function replyTo(body: JsonObject = ASKS_ALL, marker = false): Reply {
  let minted = 0;
  const options = { responsesDoneMarker: marker, chatReasoningField: 'reasoning_content' } as const;
  return { ...reply(dialect.decodeRequest(body), body), mint: (prefix) => `${prefix}_minted${minted++}`, options };
}

/** The events of a stream's text, checked against the grammar of events. */
export function decodeText(text: string): Event[] {
  return decoded(protocol, dialect.decodeRequest(ASKS_ALL), streamOf(framesOf(text)));
}

/** The events of payloads that come one per frame. */
export function decodePayloads(...payloads: readonly unknown[]): Event[] {
  const frames = payloads.map((payload) => ({ data: typeof payload === 'string' ? payload : JSON.stringify(payload) }));
  return decoded(protocol, dialect.decodeRequest(ASKS_ALL), streamOf(frames));
}

/** The events of a fixture, streamed. */
export function streamed(name: string): Event[] {
  return decodeText(fixture(`openai-responses/${name}/streamed.sse`).toString());
}

/** The events of a whole body. */
export function decodeWhole(body: string): Event[] {
  return decoded(protocol, dialect.decodeRequest(ASKS_ALL), (decoder) => {
    decoder.whole(body);
  });
}

/** What the dialect writes for events, its payloads checked against the grammar of the format. */
export function written(
  events: Iterable<Event>,
  to: Reply = replyTo(),
): { readonly text: string; readonly lost: number; readonly events: readonly Peek[] } {
  const { text, lost } = encoded(dialect, events, to);
  const payloads = framesOf(text)
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }): unknown => JSON.parse(data));
  if (payloads.length > 0) assertResponsesStream(payloads);
  return { text, lost, events: payloads.map((payload) => new Peek(payload)) };
}

/** The types of written events, in their order. */
export function typesOf(events: readonly Peek[]): readonly string[] {
  return events.map((event) => event.at('type').text);
}

/** The response object of the terminal event. */
export function finalOf(events: readonly Peek[]): Peek {
  const terminal = events.findLast((event) => event.at('response').given);
  if (terminal === undefined) throw new Error('no lifecycle event was written');
  return terminal.at('response');
}
