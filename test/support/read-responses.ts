import { isDeepStrictEqual } from 'node:util';
import { Peek } from './peek.ts';
import type { RawAnswer } from './raw-client.ts';
import { demand, eventsOf, nothingTold, readHttpError } from './told.ts';
import type { Told } from './told.ts';

/** Reads a whole answer of `/v1/responses`. */
export function readWholeResponse(answer: RawAnswer): Told {
  const refused = readHttpError(answer);
  if (refused !== undefined) return refused;
  const told = nothingTold();
  const response = Peek.parse(answer.body.toString());
  for (const item of response.at('output').list) takeItem(told, item);
  takeEnd(told, response);
  told.normalEnd = answer.end === 'clean' && NORMAL.has(response.at('status').text);
  demand(told, told.usage.given, 'OR-34: no usage');
  return told;
}

const NORMAL = new Set(['completed', 'incomplete']);
const TERMINAL = new Set(['response.completed', 'response.incomplete', 'response.failed']);

function takeItem(told: Told, item: Peek): void {
  const type = item.at('type').text;
  const content = item.at('content').list;
  if (type === 'message') {
    for (const part of content) {
      told.text += part.at('text').text;
      told.refusal += part.at('refusal').text;
    }
  }
  if (type === 'reasoning')
    for (const part of [...item.at('summary').list, ...content]) told.reasoning += part.at('text').text;
  takeCall(told, item);
}

const CALL_INPUT: Readonly<Record<string, string>> = { function_call: 'arguments', custom_tool_call: 'input' };

function takeCall(told: Told, item: Peek): void {
  const input = CALL_INPUT[item.at('type').text];
  if (input !== undefined)
    told.calls.push({ id: item.at('call_id').text, name: item.at('name').text, args: item.at(input).text });
}

function takeEnd(told: Told, response: Peek): void {
  const status = response.at('status').text;
  told.finish = status === 'incomplete' ? `incomplete:${response.at('incomplete_details', 'reason').text}` : status;
  told.usage = response.at('usage');
  if (response.at('error').given) told.error = response.at('error', 'message').text;
}

/** Reads a streamed answer of `/v1/responses`, checking the rules that hold for every stream of theirs. */
export function readResponseStream(answer: RawAnswer): Told {
  const refused = readHttpError(answer);
  if (refused !== undefined) return refused;
  const told = nothingTold();
  const reader = new EventReader(told);
  for (const event of eventsOf(answer, told)) {
    const value = Peek.parse(event.data);
    demand(
      told,
      event.event === value.at('type').value,
      `OR-08: event line ${event.event} over type ${value.at('type').text}`,
    );
    reader.event(value.at('type').text, value);
  }
  if (answer.end !== 'clean') told.normalEnd = false;
  return told;
}

class EventReader {
  readonly #told: Told;
  readonly #done: unknown[] = [];
  #count = 0;
  #terminal: string | undefined;
  #identity: string | undefined;

  constructor(told: Told) {
    this.#told = told;
  }

  event(type: string, event: Peek): void {
    const told = this.#told;
    demand(told, event.at('sequence_number').value === this.#count, 'OR-19: sequence numbers are not 0, 1, 2 …');
    demand(told, this.#count > 0 || type === 'response.created', `OR-20: the stream begins with ${type}`);
    const mayFollow = this.#terminal === undefined || (this.#terminal === 'response.failed' && type === 'error');
    demand(told, mayFollow, `OR-12: ${type} follows ${this.#terminal}`);
    this.#count += 1;
    if (event.at('response').given) this.#lifecycle(event.at('response'));
    if (TERMINAL.has(type)) this.#end(type, event.at('response'));
    else this.#content(type, event);
  }

  #content(type: string, event: Peek): void {
    const told = this.#told;
    switch (type) {
      case 'response.output_text.delta':
        told.text += event.at('delta').text;
        return;
      case 'response.refusal.delta':
        told.refusal += event.at('delta').text;
        return;
      case 'response.reasoning.delta':
      case 'response.reasoning_text.delta':
      case 'response.reasoning_summary_text.delta':
        told.reasoning += event.at('delta').text;
        return;
      case 'response.output_item.done':
        this.#done[event.at('output_index').number ?? -1] = event.at('item').value;
        takeCall(told, event.at('item'));
        return;
      case 'error':
        told.error = event.at('error', 'message').text;
        return;
      default:
    }
  }

  #lifecycle(response: Peek): void {
    const identity = [response.at('id').value, response.at('created_at').value, response.at('model').value].join(' ');
    demand(this.#told, (this.#identity ??= identity) === identity, 'OR-21: id, created_at or model changed');
  }

  #end(type: string, response: Peek): void {
    const told = this.#told;
    this.#terminal = type;
    takeEnd(told, response);
    if (type === 'response.failed') return;
    told.normalEnd = true;
    demand(
      told,
      isDeepStrictEqual(response.at('output').value, this.#done),
      'OR-28: the final output is not the list of finished items',
    );
    const whole = nothingTold();
    for (const item of response.at('output').list) takeItem(whole, item);
    demand(told, whole.text === told.text, 'OR-05: the text of the final output is not that of the deltas');
  }
}
