import { Peek } from './peek.ts';
import type { RawAnswer } from './raw-client.ts';
import { demand, eventsOf, nothingTold } from './told.ts';
import type { Told } from './told.ts';

/** Reads a whole answer of `:generateContent`. */
export function readWholeContent(answer: RawAnswer): Told {
  const refused = readRefusal(answer);
  if (refused !== undefined) return refused;
  const told = nothingTold();
  const reader = new MessageReader(told);
  reader.message(Peek.parse(answer.body.toString()));
  reader.over(answer.end);
  return told;
}

/** Reads a streamed answer of `:streamGenerateContent?alt=sse`, checking the rules that hold for every stream of it. */
export function readContentEvents(answer: RawAnswer): Told {
  const refused = readRefusal(answer);
  if (refused !== undefined) return refused;
  const told = nothingTold();
  const reader = new MessageReader(told);
  for (const { event, data } of eventsOf(answer, told)) {
    demand(told, event === undefined, `GM-02: an event line: ${event}`);
    demand(told, !data.startsWith('[DONE'), 'GM-07: a marker of the end');
    if (data.startsWith('{')) reader.message(Peek.parse(data));
  }
  reader.over(answer.end);
  return told;
}

/** Reads a streamed answer of `:streamGenerateContent` without `alt`: one JSON list, each element written whole. */
export function readContentList(answer: RawAnswer): Told {
  const refused = readRefusal(answer);
  if (refused !== undefined) return refused;
  const told = nothingTold();
  const reader = new MessageReader(told);
  const type = answer.headers['content-type'];
  demand(told, type === 'application/json; charset=utf-8', `GM-02: content type ${type}`);
  const split = answer.chunks.find((chunk) => !/[}\]]$/.test(chunk.toString()));
  demand(told, split === undefined, `GM-02: a write ends inside an element: …${split?.toString().slice(-60)}`);
  const text = answer.body.toString();
  demand(told, text.startsWith('[') && text.endsWith(']'), 'GM-02: the list is not closed');
  if (text.endsWith(']')) for (const message of Peek.parse(text).list) reader.message(message);
  reader.over(answer.end);
  return told;
}

// The error of this format has a code and a status word of its own.
function readRefusal(answer: RawAnswer): Told | undefined {
  if (answer.status > 0 && answer.status < 400) return undefined;
  const told = nothingTold();
  if (answer.status === 0)
    return { ...told, error: 'the connection broke before the response', broken: ['FM-05: no HTTP answer at all'] };
  const body = Peek.parse(answer.body.toString());
  const error = (body.list[0] ?? body).at('error');
  demand(told, error.at('code').value === answer.status, 'GM-08: the code is not the status');
  for (const key of ['message', 'status'])
    demand(told, error.at(key).text !== '', `GM-08: the error body has no ${key}`);
  told.error = error.at('message').text;
  return told;
}

/** Reads messages; only the first candidate is told. */
class MessageReader {
  readonly #told: Told;
  readonly #finished = new Set<number>();
  readonly #opened = new Set<number>();
  #identity: string | undefined;
  #blocked = false;

  constructor(told: Told) {
    this.#told = told;
  }

  message(message: Peek): void {
    const told = this.#told;
    demand(told, told.error === undefined, 'GM-08: something follows the error');
    if (message.at('error').given) {
      told.error = message.at('error', 'message').text;
      demand(told, !message.has('candidates'), 'GM-08: an error beside candidates');
      for (const key of ['code', 'status'])
        demand(told, message.at('error').has(key), `GM-08: an error without ${key}`);
      return;
    }
    const identity = JSON.stringify([message.at('modelVersion').value, message.at('responseId').value]);
    demand(told, (this.#identity ??= identity) === identity, 'GM-03: modelVersion or responseId changed');
    for (const candidate of message.at('candidates').list) this.#candidate(candidate);
    const reason = message.at('promptFeedback', 'blockReason');
    if (reason.given) {
      this.#blocked = true;
      told.finish ??= reason.text;
    }
    if (message.at('usageMetadata', 'totalTokenCount').given) told.usage = message.at('usageMetadata');
  }

  over(end: RawAnswer['end']): void {
    const told = this.#told;
    const ended = this.#opened.size > 0 && [...this.#opened].every((number) => this.#finished.has(number));
    told.normalEnd = end === 'clean' && told.error === undefined && (ended || this.#blocked);
    demand(told, !told.normalEnd || this.#blocked || told.usage.given, 'GM-05: no usage');
  }

  #candidate(candidate: Peek): void {
    const told = this.#told;
    const number = candidate.at('index').number ?? 0;
    this.#opened.add(number);
    const finish = candidate.at('finishReason');
    if (finish.given) this.#finished.add(number);
    if (number !== 0) return;
    if (finish.given) told.finish = finish.text;
    for (const part of candidate.at('content', 'parts').list) this.#part(part);
  }

  #part(part: Peek): void {
    const told = this.#told;
    const { text } = part.at('text');
    if (part.at('thought').value === true) told.reasoning += text;
    else told.text += text;
    const call = part.at('functionCall');
    if (!call.given) return;
    demand(told, call.at('name').text !== '', 'GM-04: a call without name');
    const args = JSON.stringify(call.at('args').value ?? {});
    told.calls.push({ id: call.at('id').text, name: call.at('name').text, args });
  }
}
