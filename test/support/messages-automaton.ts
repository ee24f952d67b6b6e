import { createParser } from 'eventsource-parser';
import { Peek } from './peek.ts';

/** A content block as a client puts it together. */
export interface SeenBlock {
  readonly type: string;
  /** The block as it was opened. */
  readonly head: Peek;
  text: string;
  json: string;
  signature: string | undefined;
  readonly citations: Peek[];
  /** Deltas of kinds that only the format's makers know. */
  readonly others: Peek[];
}

/** What a stream of `/v1/messages` said. */
export interface MessageStream {
  readonly message: Peek;
  readonly blocks: readonly SeenBlock[];
  readonly stop: string | undefined;
  readonly stopSequence: string | undefined;
  /** As both official SDKs fold it: the end's figures over those of the beginning. */
  readonly usage: Readonly<Record<string, unknown>>;
  /** The last `message_delta`. */
  readonly last: Peek;
  /** Events that no rule names. */
  readonly unknown: readonly Peek[];
  readonly end: 'stop' | 'error';
  readonly error: Peek | undefined;
}

const FITS: Readonly<Record<string, readonly string[]>> = {
  text: ['text_delta', 'citations_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  redacted_thinking: [],
  tool_use: ['input_json_delta'],
};

/** Reads the whole text of a stream and throws at the first rule of the Messages format that it breaks (MS-01 to MS-04, MS-08, MS-12). */
export function readMessageEvents(text: string): MessageStream {
  const automaton = new Automaton();
  demand(text.endsWith('\n\n'), 'the last event has no blank line');
  demand(!/[\u0085\u2028\u2029\r]/.test(text), 'a bare line end');
  const parser = createParser({
    onEvent: ({ event, data }) => automaton.event(event, data),
    onError: (error) => demand(false, error.message),
  });
  parser.feed(text);
  return automaton.over();
}

function demand(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Error(`broken message: ${rule}`);
}

class Automaton {
  #message: Peek | undefined;
  readonly #blocks: SeenBlock[] = [];
  #open: SeenBlock | undefined;
  #last: Peek | undefined;
  #error: Peek | undefined;
  #stopped = false;
  readonly #unknown: Peek[] = [];

  event(name: string | undefined, data: string): void {
    demand(!this.#stopped && this.#error === undefined, 'MS-12 something follows the end');
    const event = Peek.parse(data);
    const type = event.at('type').text;
    demand(type !== '' && type === name, `MS-01 an event of type ${type} under the name ${name}`);
    if (type === 'ping') return;
    if (type === 'error') this.#fail(event);
    else if (type === 'message_start') this.#start(event);
    else this.#inside(type, event);
  }

  over(): MessageStream {
    demand(this.#stopped || this.#error !== undefined, 'UP-08 neither an end nor an error');
    const message = this.#message ?? new Peek(undefined);
    const last = this.#last ?? new Peek(undefined);
    const told = last.at('usage').value;
    const figures = Object.entries(typeof told === 'object' ? (told ?? {}) : {}).filter(([, value]) => value !== null);
    return {
      message,
      blocks: this.#blocks,
      stop: last.at('delta', 'stop_reason').given ? last.at('delta', 'stop_reason').text : undefined,
      stopSequence: last.at('delta', 'stop_sequence').given ? last.at('delta', 'stop_sequence').text : undefined,
      usage: Object.fromEntries([...Object.entries(message.at('usage').value ?? {}), ...figures]),
      last,
      unknown: this.#unknown,
      end: this.#stopped ? 'stop' : 'error',
      error: this.#error,
    };
  }

  #fail(event: Peek): void {
    this.#error = event;
    for (const key of ['type', 'message']) demand(event.at('error', key).text !== '', `MS-12 an error without ${key}`);
  }

  #start(event: Peek): void {
    demand(this.#message === undefined, 'MS-02 a second message_start');
    const message = event.at('message');
    for (const key of ['id', 'model']) demand(message.at(key).text !== '', `MS-02 a message without ${key}`);
    demand(message.at('type').value === 'message' && message.at('role').value === 'assistant', 'MS-02 no message');
    demand(Array.isArray(message.at('content').value), 'MS-02 a message without content');
    demand(message.has('stop_reason') && !message.at('stop_reason').given, 'MS-02 a message that begins with its end');
    for (const key of ['input_tokens', 'output_tokens'])
      demand(message.at('usage', key).number !== undefined, `MS-09 no ${key} at the beginning`);
    this.#message = message;
  }

  #inside(type: string, event: Peek): void {
    demand(this.#message !== undefined, `MS-02 ${type} before message_start`);
    switch (type) {
      case 'content_block_start':
        this.#begin(event);
        return;
      case 'content_block_delta':
        this.#delta(event);
        return;
      case 'content_block_stop':
        this.#isOpen(event);
        this.#open = undefined;
        return;
      case 'message_delta':
        this.#end(event);
        return;
      case 'message_stop':
        demand(this.#last !== undefined, 'MS-02 message_stop without message_delta');
        this.#stopped = true;
        return;
      default:
        this.#unknown.push(event);
    }
  }

  #begin(event: Peek): void {
    demand(this.#open === undefined, 'MS-02 a block begins inside another');
    demand(this.#last === undefined, 'MS-02 a block behind message_delta');
    const index = event.at('index').number;
    demand(index === this.#blocks.length, `MS-02 block ${index} where ${this.#blocks.length} was due`);
    const head = event.at('content_block');
    const type = head.at('type').text;
    demand(type !== '', 'MS-02 a block without type');
    if (type === 'text') demand(typeof head.at('text').value === 'string', 'a text block without text');
    if (type === 'thinking') demand(typeof head.at('signature').value === 'string', 'FM-14 thinking without signature');
    if (type === 'redacted_thinking') demand(head.at('data').text !== '', 'redacted thinking without data');
    if (type === 'tool_use') {
      demand(/^[a-zA-Z0-9_-]{1,64}$/.test(head.at('id').text), `an id that clients refuse: ${head.at('id').text}`);
      demand(head.at('name').text !== '' && head.has('input'), 'a call without name or input');
    }
    const open = { type, head, text: '', json: '', signature: undefined, citations: [], others: [] };
    this.#open = open;
    this.#blocks.push(open);
  }

  #isOpen(event: Peek): SeenBlock {
    const { number } = event.at('index');
    demand(this.#open !== undefined && number === this.#blocks.length - 1, `MS-02 block ${number} is not open`);
    return this.#open;
  }

  #delta(event: Peek): void {
    const open = this.#isOpen(event);
    const delta = event.at('delta');
    const type = delta.at('type').text;
    const known = Object.values(FITS).flat().includes(type);
    demand(!known || (FITS[open.type]?.includes(type) ?? type === 'input_json_delta'), `MS-02 ${type} in ${open.type}`);
    demand(type !== 'signature_delta' || open.signature === undefined, 'a second signature');
    const text = delta.at('text').text + delta.at('thinking').text;
    demand(text.isWellFormed(), 'CC-03 a character in two pieces');
    open.text += text;
    open.json += delta.at('partial_json').text;
    if (type === 'signature_delta') open.signature = delta.at('signature').text;
    if (type === 'citations_delta') open.citations.push(delta.at('citation'));
    if (!known) open.others.push(delta);
  }

  #end(event: Peek): void {
    demand(this.#open === undefined, 'MS-02 message_delta inside a block');
    demand(this.#last === undefined, 'MS-02 a second message_delta');
    demand(event.at('delta', 'stop_reason').text !== '', 'MS-02 a message_delta without stop_reason');
    demand(event.at('delta').has('stop_sequence'), 'a message_delta without stop_sequence');
    const begun = this.#message?.at('usage') ?? new Peek(undefined);
    for (const [key, value] of Object.entries(event.at('usage').value ?? {}))
      demand(value !== 0 || (begun.at(key).number ?? 0) === 0, `MS-08 ${key} is taken back`);
    demand(
      (event.at('usage', 'output_tokens').number ?? begun.at('output_tokens').number ?? 0) >= 0,
      'MS-07 no output',
    );
    this.#last = event;
  }
}
