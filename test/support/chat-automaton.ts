import { createParser } from 'eventsource-parser';
import { Peek } from './peek.ts';

/** What a stream of `/v1/chat/completions` said, by the number of the choice. */
export interface ChatStream {
  readonly texts: ReadonlyMap<number, string>;
  readonly reasonings: ReadonlyMap<number, string>;
  readonly finishes: ReadonlyMap<number, string>;
  /** The calls of all choices, in the order of their openers. */
  readonly calls: readonly { readonly id: string; readonly name: string; readonly args: string }[];
  readonly usage: Peek | undefined;
  /** `done`: it ended as a whole answer; `error`: it told of an error, whose frame is kept. */
  readonly end: 'done' | 'error';
  readonly error: Peek | undefined;
}

interface Call {
  readonly id: string;
  readonly name: string;
  args: string;
}

class Choice {
  text = '';
  reasoning = '';
  /** Whether the delta before was text. */
  wasText = false;
  finish: string | undefined;
  readonly calls: Call[] = [];
}

/**
 * Reads the whole text of a stream and throws at the first rule of the chat format that it breaks (CC-01 to CC-09, CC-15, CC-25).
 * @param asked whether the client asked for usage
 */
export function readChatStream(text: string, asked: boolean): ChatStream {
  const automaton = new Automaton(asked);
  const parser = createParser({
    onEvent: ({ event, data }) => {
      demand(event === undefined, `WD-02 an event line: ${event}`);
      automaton.frame(data);
    },
    onError: (error) => demand(false, error.message),
  });
  demand(text.endsWith('\n\n'), 'WD-06 the last event has no blank line');
  demand(!/[\u0085\u2028\u2029\r]/.test(text), 'WD-03 a bare line end');
  parser.feed(text);
  return automaton.over();
}

function demand(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Error(`broken chat stream: ${rule}`);
}

class Automaton {
  readonly #asked: boolean;
  readonly #choices = new Map<number, Choice>();
  readonly #calls: Call[] = [];
  #identity: string | undefined;
  #usage: Peek | undefined;
  #error: Peek | undefined;
  #done = false;

  constructor(asked: boolean) {
    this.#asked = asked;
  }

  frame(data: string): void {
    demand(!this.#done && this.#error === undefined, 'WD-04 something follows the terminal frame');
    if (data === '[DONE]') {
      this.#finish();
      return;
    }
    const chunk = Peek.parse(data);
    if (chunk.has('error')) this.#fail(chunk);
    else this.#chunk(chunk);
  }

  over(): ChatStream {
    demand(this.#done || this.#error !== undefined, 'UP-08 neither [DONE] nor an error');
    const choices = [...this.#choices];
    return {
      texts: new Map(choices.map(([number, { text }]) => [number, text])),
      reasonings: new Map(choices.map(([number, { reasoning }]) => [number, reasoning])),
      finishes: new Map(
        choices.flatMap(([number, { finish }]) => (finish === undefined ? [] : [[number, finish] as const])),
      ),
      calls: this.#calls,
      usage: this.#usage,
      end: this.#done ? 'done' : 'error',
      error: this.#error,
    };
  }

  #finish(): void {
    this.#done = true;
    demand(this.#choices.size > 0, 'CC-04 [DONE] without any choice');
    for (const [number, { finish }] of this.#choices)
      demand(finish !== undefined, `CC-04 choice ${number} has no finish reason`);
    demand(this.#asked === (this.#usage !== undefined), 'CC-09 the usage chunk is there exactly when it was asked for');
  }

  #fail(chunk: Peek): void {
    this.#error = chunk;
    demand(!chunk.has('choices'), 'CC-25 an error frame with choices');
    demand(chunk.at('error', 'message').text !== '', 'CC-25 an error without message');
    for (const key of ['type', 'code', 'param']) demand(chunk.at('error').has(key), `CC-25 an error without ${key}`);
  }

  #chunk(chunk: Peek): void {
    demand(this.#usage === undefined, 'CC-09 a chunk after the usage chunk');
    const identity = JSON.stringify(['id', 'created', 'model'].map((key) => chunk.at(key).value));
    demand((this.#identity ??= identity) === identity, `CC-01 ${this.#identity} became ${identity}`);
    demand(chunk.at('id').text !== '' && Number.isInteger(chunk.at('created').value), 'CC-01 no id, or no time');
    demand(chunk.at('object').value === 'chat.completion.chunk', `CC-01 object ${String(chunk.at('object').value)}`);
    demand(Array.isArray(chunk.at('choices').value), 'CC-01 choices is no list');
    const { list } = chunk.at('choices');
    if (list.length === 0) {
      demand(this.#asked, 'CC-07 a chunk without choices');
      demand(chunk.at('usage').given, 'CC-09 a chunk without choices and usage');
      this.#usage = chunk.at('usage');
    } else if (this.#asked)
      demand(chunk.has('usage') && !chunk.at('usage').given, 'CC-08 usage is not null beside choices');
    else demand(!chunk.has('usage'), 'CC-07 a usage key that was not asked for');
    for (const choice of list) this.#choice(choice);
  }

  #choice(value: Peek): void {
    const number = value.at('index').number;
    demand(number !== undefined, 'CC-01 a choice without index');
    const delta = value.at('delta');
    demand(typeof delta.value === 'object' && delta.given, 'CC-01 a choice without delta');
    let choice = this.#choices.get(number);
    demand(delta.has('role') === (choice === undefined), 'CC-02 the role is not exactly on the first chunk');
    if (choice === undefined) {
      demand(delta.at('role').value === 'assistant', 'CC-02 the role is not assistant');
      choice = new Choice();
      this.#choices.set(number, choice);
    }
    demand(choice.finish === undefined, 'CC-04 a chunk of a choice that is finished');
    this.#delta(choice, delta);
    const finish = value.at('finish_reason');
    demand(value.has('finish_reason'), 'CC-01 a choice without finish_reason');
    demand(!finish.given || finish.text !== '', 'CC-14 an empty finish reason');
    if (finish.given) choice.finish = finish.text;
    const says = Object.values(delta.value as object).some((part) => part !== null) || finish.given;
    demand(says || value.at('logprobs').given, 'CC-03 an empty delta');
  }

  #delta(choice: Choice, delta: Peek): void {
    const { value } = delta.at('content');
    demand(value === undefined || value === null || typeof value === 'string', 'CC-03 content is no text');
    const { text } = delta.at('content');
    // Halves with something else between them were never one character of the upstream's.
    const halved = choice.wasText && /[\ud800-\udbff]$/.test(choice.text) && /^[\udc00-\udfff]/.test(text);
    demand(!halved, 'CC-03 a character in two pieces');
    choice.wasText = text !== '';
    demand(text !== '' || value !== '' || delta.has('role'), 'CC-03 an empty piece of text');
    choice.text += text;
    choice.reasoning += delta.at('reasoning_content').text;
    for (const fragment of delta.at('tool_calls').list) this.#call(choice, fragment);
  }

  #call(choice: Choice, fragment: Peek): void {
    const index = fragment.at('index').number ?? -1;
    const fn = fragment.at('function');
    const known = choice.calls[index];
    if (known !== undefined) {
      demand(
        !fragment.has('id') && !fragment.has('type') && !fn.has('name'),
        'CC-15 id, type or name after the opener',
      );
      known.args += fn.at('arguments').text;
      return;
    }
    demand(index === choice.calls.length, `CC-15 call ${index} where ${choice.calls.length} was due`);
    demand(/^[a-zA-Z0-9_-]{1,64}$/.test(fragment.at('id').text), 'CC-18 an id that clients refuse');
    demand(
      fragment.at('type').value === 'function' && fn.at('name').text !== '',
      'CC-15 an opener without type or name',
    );
    const call = { id: fragment.at('id').text, name: fn.at('name').text, args: fn.at('arguments').text };
    choice.calls.push(call);
    this.#calls.push(call);
  }
}
