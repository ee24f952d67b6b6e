import { Peek } from './peek.ts';
import type { RawAnswer } from './raw-client.ts';
import { demand, eventsOf, nothingTold } from './told.ts';
import type { Told, ToldCall } from './told.ts';

/** Reads a whole answer of `/v1/messages`. */
export function readWholeMessage(answer: RawAnswer): Told {
  const refused = readRefusal(answer);
  if (refused !== undefined) return refused;
  const told = nothingTold();
  const body = Peek.parse(answer.body.toString());
  demand(told, body.at('type').value === 'message' && body.at('role').value === 'assistant', 'no message');
  for (const block of body.at('content').list) takeBlock(told, block, JSON.stringify(block.at('input').value));
  const stop = body.at('stop_reason');
  if (stop.given) told.finish = stop.text;
  told.usage = body.at('usage');
  told.normalEnd = answer.end === 'clean' && stop.given;
  demand(told, told.usage.at('output_tokens').number !== undefined, 'no usage');
  return told;
}

function takeBlock(told: Told, block: Peek, input: string | undefined): void {
  switch (block.at('type').value) {
    case 'text':
      told.text += block.at('text').text;
      return;
    case 'thinking':
      told.reasoning += block.at('thinking').text;
      demand(told, typeof block.at('signature').value === 'string', 'FM-14: thinking without signature');
      return;
    case 'tool_use':
      told.calls.push({ id: block.at('id').text, name: block.at('name').text, args: input ?? '' });
      return;
    default:
  }
}

/** Reads a streamed answer of `/v1/messages`, checking the rules that hold for every stream of it (MS-01 to MS-04, MS-08, MS-12). */
export function readMessageStream(answer: RawAnswer): Told {
  const refused = readRefusal(answer);
  if (refused !== undefined) return refused;
  const told = nothingTold();
  const reader = new EventReader(told);
  for (const { event, data } of eventsOf(answer, told)) {
    const payload = Peek.parse(data);
    demand(told, event === payload.at('type').value, `MS-01: the event line ${event} for ${payload.at('type').text}`);
    if (event === 'ping') continue;
    demand(told, !told.normalEnd && told.error === undefined, 'MS-12: something follows the end');
    reader.event(payload);
  }
  if (answer.end !== 'clean') told.normalEnd = false;
  return told;
}

// The body of an error has another shape here than in the chat format.
function readRefusal(answer: RawAnswer): Told | undefined {
  if (answer.status > 0 && answer.status < 400) return undefined;
  const told = nothingTold();
  if (answer.status === 0)
    return { ...told, error: 'the connection broke before the response', broken: ['FM-05: no HTTP answer at all'] };
  const body = Peek.parse(answer.body.toString());
  demand(told, body.at('type').value === 'error', 'MS-13: the error body is of no type');
  for (const key of ['type', 'message'])
    demand(told, body.at('error', key).text !== '', `MS-13: the error body lacks ${key}`);
  told.error = body.at('error', 'message').text;
  return told;
}

class EventReader {
  readonly #told: Told;
  #usage: Record<string, unknown> = {};
  #begun = false;
  #ended = false;
  #count = 0;
  #open: { readonly type: string; readonly call: ToldCall | undefined } | undefined;

  constructor(told: Told) {
    this.#told = told;
  }

  event(event: Peek): void {
    const told = this.#told;
    const type = event.at('type').text;
    if (type === 'error') {
      told.error = event.at('error', 'message').text;
      return;
    }
    if (type === 'message_start') {
      demand(told, !this.#begun, 'MS-02: a second message_start');
      this.#begun = true;
      this.#figures(event.at('message', 'usage'));
      return;
    }
    demand(told, this.#begun, `MS-02: ${type} before message_start`);
    if (type === 'content_block_start') this.#start(event);
    else if (type === 'content_block_delta') this.#delta(event);
    else if (type === 'content_block_stop') this.#stop(event);
    else if (type === 'message_delta') this.#end(event);
    else if (type === 'message_stop') {
      demand(told, this.#ended && this.#open === undefined, 'MS-02: message_stop before the end');
      told.normalEnd = true;
    }
  }

  #start(event: Peek): void {
    const told = this.#told;
    demand(told, this.#open === undefined, 'MS-02: blocks overlap');
    demand(told, event.at('index').value === this.#count++, 'MS-02: blocks are not numbered in order');
    const block = event.at('content_block');
    const type = block.at('type').text;
    const call = { id: block.at('id').text, name: block.at('name').text, args: '' };
    if (type === 'tool_use') told.calls.push(call);
    else takeBlock(told, block, undefined);
    this.#open = { type, call: type === 'tool_use' ? call : undefined };
  }

  #delta(event: Peek): void {
    const told = this.#told;
    this.#isOpen(event);
    const delta = event.at('delta');
    if (this.#open?.type === 'text') told.text += delta.at('text').text;
    else if (this.#open?.type === 'thinking') told.reasoning += delta.at('thinking').text;
    if (this.#open?.call !== undefined) this.#open.call.args += delta.at('partial_json').text;
  }

  #stop(event: Peek): void {
    this.#isOpen(event);
    const call = this.#open?.call;
    // Clients take a call whose input was never told for one with the empty object.
    if (call !== undefined && call.args === '') call.args = '{}';
    this.#open = undefined;
  }

  #isOpen(event: Peek): void {
    const open = this.#open !== undefined && event.at('index').value === this.#count - 1;
    demand(this.#told, open, 'MS-02: a block that is not open is named');
  }

  #end(event: Peek): void {
    const told = this.#told;
    demand(told, !this.#ended, 'MS-02: a second message_delta');
    this.#ended = true;
    told.finish = event.at('delta', 'stop_reason').text;
    this.#figures(event.at('usage'));
    told.usage = new Peek(this.#usage);
  }

  /** The figures as both official SDKs fold them. */
  #figures(usage: Peek): void {
    for (const [key, value] of Object.entries(usage.value ?? {})) {
      demand(this.#told, value !== 0 || !this.#usage[key], `MS-08: ${key} is taken back`);
      if (value !== null) this.#usage[key] = value;
    }
  }
}
