import { createParser } from 'eventsource-parser';
import { Peek } from '../../support/peek.ts';
import type { RawAnswer } from '../../support/raw-client.ts';
import { SAID } from './tell.ts';
import type { Told } from './tell.ts';

/** How clients of a dialect read: a stream comes to what the whole answer would be, and in that each feature is looked for. */
export interface Reading {
  /** What a stream comes to, in the form of a whole answer. */
  fold(events: readonly Peek[]): unknown;
  readonly finds: Readonly<Record<Told, (answer: Peek) => boolean>>;
}

/** The payloads of an event stream, without the marker of its end. */
export function payloadsIn(answer: RawAnswer): readonly Peek[] {
  const payloads: Peek[] = [];
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data !== '[DONE]') payloads.push(Peek.parse(data));
    },
  });
  parser.feed(answer.body.toString());
  return payloads;
}

/** Whether inclusive totals are those that were told; an upstream that cannot tell a figure may leave it out. */
export function counts(input: number | undefined, output: number | undefined): boolean {
  return input === SAID.usage.input && output === SAID.usage.output;
}

/** Texts of a stream, put together key by key. */
export function joined(pieces: readonly Peek[], key: string): string {
  return pieces.map((piece) => piece.at(key).text).join('');
}

/** Nothing of it can stand in an answer of the dialect. */
export function nowhere(...texts: readonly string[]): (answer: Peek) => boolean {
  return (answer) => texts.some((text) => JSON.stringify(answer.value).includes(text));
}

/** The id that an upstream gave a call, without the mark that formats without ids are given. */
export function ownId(id: string): string {
  return id.replace(/^gem_/, '');
}

/** The output of an OpenAI-style usage object; where the total says so, reasoning is counted beside the completion. */
export function outputOf(usage: Peek): number | undefined {
  const prompt = usage.at('prompt_tokens').number ?? 0;
  const completion = usage.at('completion_tokens').number;
  const reasoning = usage.at('completion_tokens_details', 'reasoning_tokens').number ?? 0;
  if (completion === undefined) return undefined;
  return usage.at('total_tokens').number === prompt + completion + reasoning ? completion + reasoning : completion;
}
