import { createParser } from 'eventsource-parser';
import type { EventSourceMessage } from 'eventsource-parser';
import { Peek } from './peek.ts';
import type { RawAnswer } from './raw-client.ts';

/** A tool call as a client understood it. */
export interface ToldCall {
  readonly id: string;
  readonly name: string;
  args: string;
}

/**
 * What one answer told its client, read independently of the gateway's own decoders (which must not judge themselves).
 * Only the first of several parallel choices is told.
 */
export interface Told {
  text: string;
  reasoning: string;
  refusal: string;
  readonly calls: ToldCall[];
  /** The dialect's own word: `finish_reason`, or `status` with `:reason` for an incomplete response. */
  finish: string | undefined;
  usage: Peek;
  /** Message of the error, in the stream or as an HTTP answer. */
  error: string | undefined;
  /** Whether the answer ended the way the dialect ends a complete one. */
  normalEnd: boolean;
  /** Rules of the dialect that the answer broke. */
  readonly broken: string[];
}

/** An answer of which nothing was read yet. */
export function nothingTold(): Told {
  return {
    text: '',
    reasoning: '',
    refusal: '',
    calls: [],
    finish: undefined,
    usage: new Peek(undefined),
    error: undefined,
    normalEnd: false,
    broken: [],
  };
}

/** Notes a rule as broken, once, unless it holds. */
export function demand(told: Told, holds: boolean, rule: string): void {
  if (!holds && !told.broken.includes(rule)) told.broken.push(rule);
}

/** The events of a streamed answer; notes every rule of the wire that the bytes break. */
export function eventsOf(answer: RawAnswer, told: Told): readonly EventSourceMessage[] {
  const text = answer.body.toString();
  const type = answer.headers['content-type'];
  demand(told, type === 'text/event-stream; charset=utf-8', `WD-01: content type ${type}`);
  demand(told, !/[\u0085\u2028\u2029\r]/.test(text), 'WD-02, WD-03: a line end other than LF');
  demand(told, text.endsWith('\n\n'), 'WD-06: the last event has no blank line');
  const split = answer.chunks.find((chunk) => chunk.length < 2 || chunk.at(-1) !== 10 || chunk.at(-2) !== 10);
  demand(told, split === undefined, `WD-02: a write ends inside an event: …${split?.toString().slice(-60)}`);
  const events: EventSourceMessage[] = [];
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onError: (error) => {
      demand(told, false, `SSE: ${error.message}`);
    },
  });
  parser.feed(text);
  return events;
}

/** Reads an HTTP error; undefined when the status is a success. */
export function readHttpError(answer: RawAnswer): Told | undefined {
  if (answer.status > 0 && answer.status < 400) return undefined;
  const told = nothingTold();
  if (answer.status === 0)
    return { ...told, error: 'the connection broke before the response', broken: ['FM-05: no HTTP answer at all'] };
  const error = Peek.parse(answer.body.toString()).at('error');
  demand(told, error.at('message').text !== '', 'CC-26: the error body has no error.message');
  for (const key of ['message', 'type', 'param', 'code'])
    demand(told, error.has(key), `CC-26: the error body lacks ${key}`);
  told.error = error.at('message').text;
  return told;
}
