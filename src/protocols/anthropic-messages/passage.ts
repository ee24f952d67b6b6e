import { MESSAGE, STOP_FRAME, endFrames } from './encoder.ts';
import { finalUsage, mergeUsage } from './usage.ts';
import type { Frame } from '../../framing/frame.ts';
import type { Event } from '../../model/event.ts';
import { isSafeId } from '../../model/ids.ts';
import { asNumber, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Usage } from '../../model/usage.ts';
import type { Identity, Judgement, Passage, Reply } from '../codec.ts';

const EVENT_NAME = /^[\w.:-]+$/;

/** The types of blocks that each known type of delta fits; others fit any. */
const FITS: ReadonlyMap<string, (block: string) => boolean> = new Map([
  ['text_delta', (block: string) => block === 'text'],
  ['citations_delta', (block: string) => block === 'text'],
  ['thinking_delta', (block: string) => block === 'thinking'],
  ['signature_delta', (block: string) => block === 'thinking'],
  ['input_json_delta', (block: string) => block !== 'text' && block !== 'thinking'],
]);

/** Keys that typed clients demand of a block. */
const DEMANDED: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  ['text', { text: '' }],
  ['thinking', { thinking: '', signature: '' }],
  ['tool_use', { input: {} }],
]);

/**
 * Lets the events of a message pass to a client of the same format: what only the format itself knows stays, names of events and keys that
 * clients demand are added. Where blocks overlap, or a message begins anew, the rest is encoded (MS-02, FM-14).
 */
export class MessagesPassage implements Passage {
  readonly textKey = '"text":"';
  event = '';
  isPlainText = false;
  readonly #identity: Identity | undefined;
  readonly #begun: Set<number>;
  /** The block that is open, by its number and type. */
  #block: { readonly number: number; readonly type: string } | undefined;
  /** The block whose text was the first to be nothing but text. */
  #plain: number | undefined;
  #next = 0;
  #usage: JsonObject = {};
  #stopped = false;
  #over = false;

  constructor(reply: Reply) {
    this.#identity = reply.identity;
    this.#begun = reply.identity?.begun ?? new Set();
  }

  /** Text may pass without a look as long as the block is open whose text was the first to be plain: the number is part of its look. */
  get open(): boolean {
    return this.#block !== undefined && this.#block.number === this.#plain;
  }

  judge(frame: Frame): Judgement {
    this.isPlainText = false;
    const event = eventOf(frame.data);
    const type = asString(event?.['type']) ?? '';
    if (event === undefined || !EVENT_NAME.test(type) || this.#over) return 'drop';
    this.event = type;
    if (type === 'ping') return 'pass';
    if (type === 'message_start') return this.#start(event);
    if (!this.#begun.has(MESSAGE)) return 'encode';
    switch (type) {
      case 'content_block_start':
        return this.#open(event);
      case 'content_block_delta':
        return this.#delta(event);
      case 'content_block_stop':
        return this.#close(event);
      case 'message_delta':
        return this.#end(event);
      case 'message_stop':
        return this.#stop();
      default:
        return 'pass';
    }
  }

  closing(finish: Extract<Event, { type: 'finish' }>, usage: Usage): string {
    if (this.#over) return '';
    this.#over = true;
    return this.#stopped ? STOP_FRAME : endFrames(finish, {}, {}, finalUsage(usage, this.#usage));
  }

  #start(event: JsonObject): Judgement {
    const message = asObject(event['message']) ?? {};
    this.#take(message['usage']);
    // One that says the same again, of a proxy that tried twice, is one too many; behind content it is another answer.
    if (this.#begun.has(MESSAGE)) return this.#next === 0 ? 'drop' : 'encode';
    this.#begun.add(MESSAGE);
    const { id, model } = this.#identity ?? { id: '', model: '' };
    const demanded = {
      id,
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 0, output_tokens: 0 },
    };
    const whole =
      Object.keys(demanded).every((key) => key in message) && message['id'] !== '' && message['model'] !== '';
    if (whole && Array.isArray(message['content'])) return 'pass';
    const named = id === '' ? {} : { id };
    return { json: JSON.stringify({ ...event, message: { ...demanded, ...message, ...named, model, content: [] } }) };
  }

  #open(event: JsonObject): Judgement {
    const block = asObject(event['content_block']);
    const type = asString(block?.['type']);
    const number = asNumber(event['index']);
    if (block === undefined || type === undefined || number !== this.#next || this.#block !== undefined)
      return 'encode';
    if (type === 'tool_use' && !isCall(block)) return 'encode';
    this.#block = { number, type };
    this.#next++;
    this.#begun.add(number);
    const demanded = DEMANDED.get(type) ?? {};
    if (Object.keys(demanded).every((key) => key in block)) return 'pass';
    return { json: JSON.stringify({ ...event, content_block: { ...demanded, ...block } }) };
  }

  #delta(event: JsonObject): Judgement {
    const delta = asObject(event['delta']);
    const type = asString(delta?.['type']);
    const block = this.#block;
    if (delta === undefined || type === undefined || block === undefined || asNumber(event['index']) !== block.number)
      return 'encode';
    if (FITS.get(type)?.(block.type) === false || Object.values(delta).some(isCut)) return 'encode';
    if (type === 'signature_delta') return this.#sign(block.number);
    this.isPlainText = type === 'text_delta' && delta['text'] !== '' && typeof delta['text'] === 'string';
    if (this.isPlainText) this.#plain ??= block.number;
    return 'pass';
  }

  /** A block is signed once; blocks stand by their numbers among what was sealed. */
  #sign(number: number): Judgement {
    const signed = this.#identity?.sealed;
    if (signed?.has(String(number)) === true) return 'drop';
    signed?.add(String(number));
    return 'pass';
  }

  #close(event: JsonObject): Judgement {
    const number = asNumber(event['index']);
    // The end of a block that is not open ends nothing.
    if (this.#block === undefined || this.#block.number !== number) return 'drop';
    this.#block = undefined;
    this.#identity?.ended.add(number);
    return 'pass';
  }

  #end(event: JsonObject): Judgement {
    const before = this.#usage;
    const usage = this.#take(event['usage']);
    const reason = asString(asObject(event['delta'])?.['stop_reason']) ?? '';
    if (this.#stopped) return 'drop';
    if (this.#block !== undefined) return 'encode';
    // There is one of these, and it says why the message ends; the figures of an earlier one count in it.
    if (reason === '') return 'drop';
    this.#stopped = true;
    const merged = mergeUsage(before, usage ?? {});
    const stands = usage !== undefined && Object.keys(usage).every((key) => merged[key] === usage[key]);
    if (stands && 'output_tokens' in usage) return 'pass';
    const told = Object.keys(usage ?? {}).map((key) => [key, merged[key] ?? null] as const);
    const output = merged['output_tokens'] ?? 0;
    return { json: JSON.stringify({ ...event, usage: { output_tokens: output, ...Object.fromEntries(told) } }) };
  }

  #stop(): Judgement {
    if (this.#block !== undefined) return 'encode';
    // Without its reason the end is written by whoever closes the stream.
    if (!this.#stopped) return 'drop';
    this.#over = true;
    return 'pass';
  }

  #take(value: Json | undefined): JsonObject | undefined {
    const usage = asObject(value);
    if (usage !== undefined) this.#usage = mergeUsage(this.#usage, usage);
    return usage;
  }
}

function isCall(block: JsonObject): boolean {
  return isSafeId(asString(block['id']) ?? '') && (asString(block['name']) ?? '') !== '';
}

/** Whether a text begins or ends with half a character (CC-03). */
function isCut(value: Json): boolean {
  return typeof value === 'string' && !value.isWellFormed();
}

function eventOf(data: string): JsonObject | undefined {
  if (data.startsWith('[DONE]')) return undefined;
  try {
    return asObject(parseJson(data));
  } catch {
    return undefined;
  }
}
