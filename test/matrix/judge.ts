import { createHash } from 'node:crypto';
import type { Told } from '../support/told.ts';
import type { Ending, ExpectedCall, ExpectedUsage, Facts, TextDialect } from './facts.ts';

/** What is known of the exchange that an answer is judged by. */
export interface Judged {
  readonly dialect: TextDialect;
  /** Whether the upstream speaks the client's own format, so that its own words may pass. */
  readonly sameFormat: boolean;
  /** Whether the client asked for token counts (they are always in whole answers and in responses). */
  readonly wantsUsage: boolean;
}

const CHOICE_WORD: Readonly<Record<Ending, string>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  filter: 'content_filter',
};
const RESPONSE_WORD: Readonly<Record<Ending, string>> = {
  stop: 'completed',
  length: 'incomplete:max_output_tokens',
  'tool-calls': 'completed',
  filter: 'incomplete:content_filter',
};

/** Everything an answer got wrong; empty when it told the facts, kept the rules of its dialect and ended normally. */
export function faultsOf(told: Told, facts: Facts, judged: Judged): readonly string[] {
  const faults = [...told.broken];
  const note = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault);
  };
  note(told.error === undefined, `error: ${told.error}`);
  note(told.normalEnd, 'did not end normally');
  note(
    sha(told.text) === facts.textSha,
    `text: ${told.text.length} characters, ${JSON.stringify(told.text.slice(0, 60))}`,
  );
  // Legacy completions can say neither reasoning, refusal nor calls: their text and ending are what is left.
  if (judged.dialect !== 'openai-completions') {
    note(sha(told.reasoning) === facts.reasoningSha, `reasoning: ${told.reasoning.length} characters`);
    note(sha(told.refusal) === facts.refusalSha, `refusal: ${told.refusal.length} characters`);
    faults.push(...callFaults(told, facts));
  }
  note(endingFits(told.finish, facts, judged), `finish: ${told.finish} for ${facts.rawEnding}`);
  if (judged.wantsUsage) faults.push(...usageFaults(told, facts.usage, judged.dialect));
  else note(!told.usage.given, 'CC-07: usage that was not asked for');
  return faults;
}

function sha(text: string): string | undefined {
  return text === '' ? undefined : createHash('sha256').update(text).digest('hex');
}

const EMPTY_OBJECT = sha('{}');

function endingFits(finish: string | undefined, facts: Facts, judged: Judged): boolean {
  const words = judged.dialect === 'openai-responses' ? RESPONSE_WORD : CHOICE_WORD;
  if (finish === words[facts.ending]) return true;
  // CC-13: a relay in the same format keeps the upstream's word, except a `stop` over complete calls.
  const kept = facts.rawEnding === 'stop' && facts.calls.length > 0 ? undefined : facts.rawEnding;
  return judged.sameFormat && finish !== undefined && finish === kept;
}

function callFaults(told: Told, facts: Facts): readonly string[] {
  if (told.calls.length !== facts.calls.length) return [`calls: ${told.calls.length} instead of ${facts.calls.length}`];
  return facts.calls.flatMap((expected, index) => {
    const call = told.calls[index];
    if (call === undefined) return ['calls: a gap'];
    const faults: string[] = [];
    if (call.name !== expected.name) faults.push(`call ${index}: name ${call.name}`);
    if (!argsFit(call.args, expected, facts)) faults.push(`call ${index}: arguments ${call.args.slice(0, 80)}`);
    if (expected.id === undefined ? call.id === '' : call.id !== expected.id)
      faults.push(`call ${index}: id ${call.id}`);
    return faults;
  });
}

// CC-16: exactly the upstream's string, `{}` for none; a call the token limit cut off is never repaired.
function argsFit(args: string, expected: ExpectedCall, facts: Facts): boolean {
  const told = sha(args);
  if (expected.argsSha !== undefined) return told === expected.argsSha;
  return told === EMPTY_OBJECT || (facts.ending === 'length' && told === undefined);
}

function usageFaults(told: Told, expected: ExpectedUsage | undefined, dialect: TextDialect): readonly string[] {
  const { usage } = told;
  if (!usage.given) return ['usage: none'];
  if (expected === undefined)
    return usage.at('estimated').value === true ? [] : ['CC-11: usage not marked as estimated'];
  const responses = dialect === 'openai-responses';
  const input = usage.at(responses ? 'input_tokens' : 'prompt_tokens').number;
  const output = usage.at(responses ? 'output_tokens' : 'completion_tokens').number;
  const total = usage.at('total_tokens').number;
  const cached = usage.at(responses ? 'input_tokens_details' : 'prompt_tokens_details', 'cached_tokens').number;
  const reasoning = usage.at(
    responses ? 'output_tokens_details' : 'completion_tokens_details',
    'reasoning_tokens',
  ).number;
  const faults: string[] = [];
  const compare = (name: string, got: number | undefined, wanted: readonly (number | undefined)[]): void => {
    if (!wanted.includes(got)) faults.push(`usage: ${name} ${got} instead of ${wanted.join(' or ')}`);
  };
  compare('input', input, [expected.input]);
  compare('output', output, expected.output);
  if (expected.total !== undefined) compare('total', total, [expected.total]);
  if (expected.cached > 0) compare('cached', cached, [expected.cached]);
  if ((expected.reasoning[0] ?? 0) > 0) compare('reasoning', reasoning, expected.reasoning);
  return faults;
}
