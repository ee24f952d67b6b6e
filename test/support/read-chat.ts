import { Peek } from './peek.ts';
import type { RawAnswer } from './raw-client.ts';
import { demand, eventsOf, nothingTold, readHttpError } from './told.ts';
import type { Told, ToldCall } from './told.ts';

/** Which of the two data-only text formats is read. */
export type ChunkFormat = 'chat' | 'completions';

const OBJECT = { chat: 'chat.completion.chunk', completions: 'text_completion' };

/** Reads a whole answer of `/v1/chat/completions` or `/v1/completions`. */
export function readWholeChoices(answer: RawAnswer, format: ChunkFormat): Told {
  const refused = readHttpError(answer);
  if (refused !== undefined) return refused;
  const told = nothingTold();
  const body = Peek.parse(answer.body.toString());
  const choice = body.at('choices').list.find((candidate) => candidate.at('index').value === 0);
  if (choice === undefined) return { ...told, broken: ['CC-28: no choice 0'] };
  if (format === 'completions') told.text = choice.at('text').text;
  else takeMessage(told, choice.at('message'));
  const finish = choice.at('finish_reason');
  if (finish.given) told.finish = finish.text;
  told.usage = body.at('usage');
  told.normalEnd = answer.end === 'clean' && finish.given;
  demand(told, told.usage.given, 'CC-28: no usage');
  return told;
}

function takeMessage(told: Told, message: Peek): void {
  told.text = message.at('content').text;
  told.reasoning = message.at('reasoning_content').text;
  told.refusal = message.at('refusal').text;
  for (const call of message.at('tool_calls').list) told.calls.push(callOf(call));
  // Some servers fill the field without calling anything.
  if (message.at('function_call', 'name').text !== '') told.calls.push(callOf(legacyCall(message)));
}

function callOf(call: Peek): ToldCall {
  const body = bodyOf(call);
  return { id: call.at('id').text, name: body.at('name').text, args: argsOf(body) };
}

function bodyOf(call: Peek): Peek {
  return call.at('function').given ? call.at('function') : call.at('custom');
}

function argsOf(body: Peek): string {
  return body.at('arguments').text + body.at('input').text;
}

// The older form has one call, with neither index nor id.
function legacyCall(holder: Peek): Peek {
  return new Peek({ index: 0, function: holder.at('function_call').value });
}

/** Reads a streamed answer of `/v1/chat/completions` or `/v1/completions`, checking the rules that hold for every stream of theirs. */
export function readChoiceStream(answer: RawAnswer, format: ChunkFormat): Told {
  const refused = readHttpError(answer);
  if (refused !== undefined) return refused;
  const told = nothingTold();
  const reader = new ChunkReader(told, format);
  for (const event of eventsOf(answer, told)) {
    demand(told, event.event === undefined, `an event line: ${event.event}`);
    demand(told, !told.normalEnd && told.error === undefined, 'WD-04: something follows the terminal frame');
    if (event.data === '[DONE]') told.normalEnd = true;
    else reader.chunk(Peek.parse(event.data));
  }
  reader.over();
  if (answer.end !== 'clean') told.normalEnd = false;
  return told;
}

class ChunkReader {
  readonly #told: Told;
  readonly #format: ChunkFormat;
  readonly #finished = new Set<number>();
  readonly #opened = new Set<number>();
  #identity: string | undefined;
  #usageOwnChunk = false;

  constructor(told: Told, format: ChunkFormat) {
    this.#told = told;
    this.#format = format;
  }

  chunk(chunk: Peek): void {
    const told = this.#told;
    if (chunk.at('error').given) {
      told.error = chunk.at('error', 'message').text;
      demand(told, !chunk.has('choices'), 'CC-25: an error frame with choices');
      return;
    }
    const identity = [chunk.at('id').value, chunk.at('created').value, chunk.at('model').value].join(' ');
    demand(told, (this.#identity ??= identity) === identity, 'CC-01: id, created or model changed');
    demand(told, chunk.at('object').value === OBJECT[this.#format], `CC-01: object ${chunk.at('object').text}`);
    demand(told, Array.isArray(chunk.at('choices').value), 'CC-01: choices is no array');
    demand(told, !this.#usageOwnChunk, 'CC-09: a chunk follows the usage chunk');
    const usage = chunk.at('usage');
    if (usage.given) told.usage = usage;
    const choices = chunk.at('choices').list;
    if (choices.length === 0) this.#usageOwnChunk = true;
    demand(told, !usage.given || choices.length === 0, 'CC-08: usage on a chunk with choices');
    demand(told, choices.length > 0 || usage.given, 'CC-07: an empty chunk without usage');
    for (const choice of choices) this.#choice(choice);
  }

  over(): void {
    for (const index of this.#opened)
      demand(this.#told, !this.#told.normalEnd || this.#finished.has(index), 'CC-04: a choice without finish reason');
  }

  #choice(choice: Peek): void {
    const told = this.#told;
    const index = choice.at('index').number ?? -1;
    demand(told, !this.#finished.has(index), 'CC-04: a chunk of a choice after its finish chunk');
    const first = !this.#opened.has(index);
    this.#opened.add(index);
    const finish = choice.at('finish_reason');
    if (finish.given) this.#finished.add(index);
    if (this.#format === 'chat')
      demand(told, first === choice.at('delta', 'role').given, 'CC-02: role is not exactly on the first chunk');
    if (index !== 0) return;
    if (finish.given) told.finish ??= finish.text;
    if (this.#format === 'completions') told.text += choice.at('text').text;
    else this.#delta(choice.at('delta'));
  }

  #delta(delta: Peek): void {
    const told = this.#told;
    told.text += delta.at('content').text;
    told.reasoning += delta.at('reasoning_content').text;
    told.refusal += delta.at('refusal').text;
    for (const call of delta.at('tool_calls').list) this.#call(call);
    if (delta.at('function_call').given) this.#call(legacyCall(delta));
  }

  #call(fragment: Peek): void {
    const { calls } = this.#told;
    const index = fragment.at('index').number ?? -1;
    const call = calls[index];
    if (call === undefined) {
      demand(this.#told, index === calls.length, `CC-15: tool call ${index} where ${calls.length} was due`);
      calls.push(callOf(fragment));
      return;
    }
    const body = bodyOf(fragment);
    demand(this.#told, !fragment.at('id').given && !body.at('name').given, 'CC-15: id or name after the opener');
    call.args += argsOf(body);
  }
}
