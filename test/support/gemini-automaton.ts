import { createParser } from 'eventsource-parser';
import { Peek } from './peek.ts';

/** A function call as a client finds it in one part. */
export interface GeminiCall {
  readonly id: string;
  readonly name: string;
  /** The arguments as JSON text. */
  readonly args: string;
  readonly signature: string;
}

/** What a stream of `:streamGenerateContent` said, by the number of the candidate. */
export interface GeminiStream {
  readonly texts: ReadonlyMap<number, string>;
  readonly thoughts: ReadonlyMap<number, string>;
  readonly finishes: ReadonlyMap<number, string>;
  /** The calls of all candidates, in their order. */
  readonly calls: readonly GeminiCall[];
  /** Every signature, in the order of its part. */
  readonly signatures: readonly string[];
  readonly blocked: string;
  readonly usage: Peek | undefined;
  /** `done`: it ended as a whole answer; `error`: it told of an error, whose object is kept. */
  readonly end: 'done' | 'error';
  readonly error: Peek | undefined;
}

/**
 * How the text is framed and what is known of its writer: `passed` streams keep what their upstream wrote, which may be an end in every message
 * and parts of calls.
 */
export interface GeminiForm {
  readonly list?: boolean;
  readonly passed?: boolean;
}

/** Reads the whole text of a stream and throws at the first rule of the format that it breaks (GM-02 to GM-05, GM-07, GM-08). */
export function readGeminiStream(text: string, form: GeminiForm = {}): GeminiStream {
  const automaton = new Automaton(form.passed === true);
  demand(!/[\u0085\u2028\u2029\r]/.test(text), 'WD-03 a bare line end');
  if (form.list === true) {
    demand(text.startsWith('[') && text.endsWith(']'), 'GM-02 no closed list');
    demand(!/^(?:data:|\s*$)/m.test(text), 'GM-02 something of another framing');
    for (const message of Peek.parse(text).list) automaton.message(message);
    return automaton.over();
  }
  demand(text.endsWith('\n\n'), 'WD-06 the last event has no blank line');
  const parser = createParser({
    onEvent: ({ event, data }) => {
      demand(event === undefined, `GM-02 an event line: ${event}`);
      demand(!data.startsWith('[DONE'), 'GM-07 a marker of the end');
      automaton.message(Peek.parse(data));
    },
    onError: (error) => demand(false, error.message),
  });
  parser.feed(text);
  return automaton.over();
}

function demand(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Error(`broken stream of generated content: ${rule}`);
}

class Candidate {
  text = '';
  thought = '';
  finish: string | undefined;
}

class Automaton {
  readonly #passed: boolean;
  readonly #candidates = new Map<number, Candidate>();
  readonly #calls: GeminiCall[] = [];
  readonly #signatures: string[] = [];
  #identity: string | undefined;
  #blocked = '';
  #usage: Peek | undefined;
  #error: Peek | undefined;

  constructor(passed: boolean) {
    this.#passed = passed;
  }

  message(message: Peek): void {
    demand(this.#error === undefined, 'WD-04 something follows the error');
    if (message.has('error')) {
      this.#fail(message);
      return;
    }
    const identity = JSON.stringify([message.at('modelVersion').value, message.at('responseId').value]);
    demand((this.#identity ??= identity) === identity, `GM-03 ${this.#identity} became ${identity}`);
    demand(message.at('modelVersion').text !== '' && message.at('responseId').text !== '', 'GM-03 no identity');
    this.#blocked = message.at('promptFeedback', 'blockReason').text || this.#blocked;
    const { list } = message.at('candidates');
    demand(list.length > 0 || this.#blocked !== '' || this.#passed, 'GM-03 a message without candidates');
    for (const candidate of list) this.#candidate(candidate);
    if (message.has('usageMetadata')) this.#count(message.at('usageMetadata'));
  }

  over(): GeminiStream {
    const candidates = [...this.#candidates];
    const ended =
      candidates.length > 0 ? candidates.every(([, { finish }]) => finish !== undefined) : this.#blocked !== '';
    demand(ended || this.#error !== undefined, 'UP-08 neither an end nor an error');
    return {
      texts: new Map(candidates.map(([number, { text }]) => [number, text])),
      thoughts: new Map(candidates.map(([number, { thought }]) => [number, thought])),
      finishes: new Map(candidates.flatMap(([number, { finish }]) => (finish === undefined ? [] : [[number, finish]]))),
      calls: this.#calls,
      signatures: this.#signatures,
      blocked: this.#blocked,
      usage: this.#usage,
      end: this.#error === undefined ? 'done' : 'error',
      error: this.#error,
    };
  }

  #fail(message: Peek): void {
    this.#error = message.at('error');
    demand(!message.has('candidates'), 'GM-08 an error beside candidates');
    demand(Number.isInteger(this.#error.at('code').value), 'GM-08 an error without code');
    for (const key of ['message', 'status']) demand(this.#error.at(key).text !== '', `GM-08 an error without ${key}`);
  }

  #count(usage: Peek): void {
    // Counts of zero are left out by the makers of the format.
    for (const key of ['promptTokenCount', 'totalTokenCount']) {
      const count = usage.at(key).value;
      demand(this.#passed || typeof count === 'number', `GM-05 usage without ${key}`);
    }
    this.#usage = usage;
  }

  #candidate(value: Peek): void {
    const number = value.at('index').number ?? (this.#passed ? 0 : undefined);
    demand(number !== undefined, 'GM-03 a candidate without index');
    const candidate = this.#candidates.get(number) ?? new Candidate();
    this.#candidates.set(number, candidate);
    demand(this.#passed || candidate.finish === undefined, 'GM-03 a message of a candidate that is finished');
    const parts = value.at('content', 'parts').list;
    // Clients drop a whole turn from their history for one message without parts, or without a role.
    demand(this.#passed || parts.length > 0, 'GM-03 a message without parts');
    demand(this.#passed || value.at('content', 'role').value === 'model', 'GM-03 a content without role');
    for (const part of parts) this.#part(candidate, part);
    if (!value.has('finishReason')) return;
    demand(/^[A-Z][A-Z_]*$/.test(value.at('finishReason').text), 'GM-06 an end that is no word');
    candidate.finish = value.at('finishReason').text;
  }

  #part(candidate: Candidate, part: Peek): void {
    const { value } = part;
    demand(typeof value === 'object' && value !== null && Object.keys(value).length > 0, 'GM-04 an empty part');
    const signature = part.at('thoughtSignature').text;
    if (signature !== '') {
      demand(this.#passed || Buffer.from(signature, 'base64').length > 0, 'GM-04 a signature that is no base64');
      this.#signatures.push(signature);
    }
    if (part.at('thought').value === true) candidate.thought += part.at('text').text;
    else candidate.text += part.at('text').text;
    if (!part.has('functionCall')) return;
    const call = part.at('functionCall');
    const whole = call.at('name').text !== '' && typeof call.at('args').value === 'object' && call.at('args').given;
    demand(this.#passed || whole, 'GM-04 a call that is not complete');
    this.#calls.push({
      id: call.at('id').text,
      name: call.at('name').text,
      args: JSON.stringify(call.at('args').value ?? {}),
      signature,
    });
  }
}
