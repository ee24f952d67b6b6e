import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import type { Block, Seal } from '../../src/model/block.ts';
import type { BlockHead, Event } from '../../src/model/event.ts';
import { checked } from '../../src/model/grammar.ts';
import { asObject, parseJson } from '../../src/model/json.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Generation, Request, Turn } from '../../src/model/request.ts';
import { dialect, protocol } from '../../src/protocols/anthropic-messages/index.ts';
import { decodeRequest } from '../../src/protocols/anthropic-messages/request-read.ts';
import type { Reply, Target } from '../../src/protocols/codec.ts';
import { decodeRequest as decodeChat } from '../../src/protocols/openai-chat/request-read.ts';
import { readMessageEvents } from '../support/messages-automaton.ts';
import type { MessageStream } from '../support/messages-automaton.ts';
import { decoded, reply, streamOf, target } from './exchange.ts';

/** The plainest request of the format. */
export const PLAIN: JsonObject = {
  model: 'm',
  max_tokens: 9,
  messages: [{ role: 'user', content: 'Hello there, you.' }],
};

// What an upstream writes.

/** An event as an upstream writes it. */
export type Payload = Readonly<Record<string, unknown>>;

/** The beginning of a message. */
export const start = (usage: object = { input_tokens: 9, output_tokens: 1 }, more: object = {}): Payload => ({
  type: 'message_start',
  message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'tiny-1', content: [], usage, ...more },
});

/** The beginning of a block. */
export const open = (index: number, block: object): Payload => ({
  type: 'content_block_start',
  index,
  content_block: block,
});

/** A piece of a block. */
export const delta = (index: number, value: object): Payload => ({ type: 'content_block_delta', index, delta: value });

/** The end of a block. */
export const close = (index: number): Payload => ({ type: 'content_block_stop', index });

/** A whole block of text. */
export const textBlock = (index: number, said: string): Payload[] => [
  open(index, { type: 'text', text: '' }),
  delta(index, { type: 'text_delta', text: said }),
  close(index),
];

/** A whole call. */
export const callBlock = (index: number, ...pieces: readonly string[]): Payload[] => [
  open(index, { type: 'tool_use', id: `toolu_${index}`, name: 'f', input: {} }),
  ...pieces.map((json) => delta(index, { type: 'input_json_delta', partial_json: json })),
  close(index),
];

/** The event that says why the message ends. */
export const last = (reason: string | null, usage: object = { output_tokens: 16 }, more: object = {}): Payload => ({
  type: 'message_delta',
  delta: { stop_reason: reason, stop_sequence: null, ...more },
  usage,
});

/** The last event. */
export const STOP: Payload = { type: 'message_stop' };

/** The answer that the payloads of a stream are read as; a text is a payload as it stands. */
export function read(...payloads: readonly (Payload | string)[]): Completion {
  const frames = payloads.map((each) => ({ data: typeof each === 'string' ? each : JSON.stringify(each) }));
  return collect(decoded(protocol, decodeRequest(PLAIN), streamOf(frames)));
}

// What the gateway's own events are.

/** A block opens. */
export const opened = (index: number, head: BlockHead): Event => ({ type: 'block-start', index, block: head });

/** The next text of a block. */
export const piece = (index: number, text: string): Event => ({ type: 'text-delta', index, text });

/** The next input of a call. */
export const input = (index: number, json: string): Event => ({ type: 'input-delta', index, json });

/** The head of a call. */
export const callHead = (index: number): BlockHead => ({ type: 'tool-call', id: `call_${index}`, name: `f${index}` });

/** The end of a block. */
export const ended = (index: number, seal?: Seal): Event => ({
  type: 'block-end',
  index,
  ...(seal !== undefined && { seal }),
});

/** A whole block of text or thinking. */
export const said = (text: string, index = 0, type: 'text' | 'reasoning' = 'text', seal?: Seal): readonly Event[] => [
  opened(index, { type }),
  ...(text === '' ? [] : [piece(index, text)]),
  ended(index, seal),
];

/** The first event of an answer. */
export const START: Event = { type: 'start', id: 'up-1', model: 'up' };

/** The last event of a plain answer. */
export const FINISH: Event = { type: 'finish', reason: 'stop' };

/** What the encoder is told of the exchange. */
export const REPLY: Reply = reply(decodeRequest(PLAIN), PLAIN);

/** What is written for events, write by write, and how many events were lost. */
export function written(
  events: readonly Event[],
  where: Reply = REPLY,
): { readonly writes: readonly string[]; readonly lost: number } {
  const writes: string[] = [];
  const encoder = dialect.encoder((chunk) => void writes.push(String(chunk)), where);
  const push = checked((event) => encoder.push(event));
  for (const event of events) push(event);
  return { writes, lost: encoder.lost };
}

/** What a client reads of it. */
export function told(events: readonly Event[], where: Reply = REPLY): MessageStream {
  return readMessageEvents(written(events, where).writes.join(''));
}

/** The blocks that it reads: type, what they say, and a signature if there is one. */
export function blocksTold(events: readonly Event[]): unknown[] {
  return told(events).blocks.map(({ type, text, json, signature }) => [
    type,
    text + json,
    ...(signature === undefined ? [] : [signature]),
  ]);
}

// What is asked of an upstream.

/** A model that thinks by budget. */
export const OLD = 'claude-sonnet-4-5-20250929';

/** A target with this model. */
export const to = (model: string = OLD, more: Partial<Target> = {}): Target => ({ ...target(), model, ...more });

/** A body as it goes upstream, and what it could not say. */
export interface Written {
  readonly body: JsonObject;
  readonly lost: readonly string[] | undefined;
}

/** What goes upstream for a request. */
export function writtenOf(request: Request, where: Target = to()): Written {
  const { body, lost } = protocol.encodeRequest(request, where);
  return { body: asObject(parseJson(String(body))) ?? {}, lost };
}

/** A request of the chat format. */
export const ask = (more: JsonObject = {}): Generation =>
  decodeChat({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more });

/** What goes upstream for a request of the chat format. */
export const write = (more: JsonObject = {}, where: Target = to()): Written => writtenOf(ask(more), where);

/** The messages that turns become. */
export const turnsOf = (turns: readonly Turn[], where: Target = to()): unknown =>
  writtenOf({ ...ask(), turns }, where).body['messages'];

/** A block of text. */
export const says = (text: string): Block => ({ type: 'text', text });

/** A call in a conversation. */
export const call = (id: string, json = '{}'): Block => ({ type: 'tool-call', id, name: 'f', input: json });

/** The result of a call. */
export const result = (id: string, text = 'ok'): Block => ({
  type: 'tool-result',
  id,
  output: [says(text)],
  failed: false,
});

/** A block of text on the wire. */
export const shown = (text: string): JsonObject => ({ type: 'text', text });

/** A call on the wire. */
export const use = (id: string): JsonObject => ({ type: 'tool_use', id, name: 'f', input: {} });

/** The result of a call on the wire. */
export const gave = (id: string, content = 'ok'): JsonObject => ({ type: 'tool_result', tool_use_id: id, content });

/** A tool in the words of the chat format. */
export const TOOLS: readonly JsonObject[] = [
  { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } },
];
