import { createHash } from 'node:crypto';
import { Peek } from '../support/peek.ts';
import type { TextDialect } from '../support/text-requests.ts';
import type { Told } from '../support/told.ts';
import { canonicalJson } from './canonical.ts';
import type { Ending, ExpectedCall, Facts } from './facts.ts';

/** What is known of the exchange that an answer is judged by. */
export interface Judged {
  readonly dialect: TextDialect;
  /** Whether the upstream speaks the client's own format, so that its own words may pass. */
  readonly sameFormat: boolean;
  /** Whether the client asked for token counts (they are always in whole answers and in responses). */
  readonly wantsUsage: boolean;
}

type Words = Readonly<Record<Ending, string>>;

const CHOICE_WORD: Words = {
  stop: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  filter: 'content_filter',
};

const WORDS: Readonly<Record<TextDialect, Words>> = {
  'openai-chat': CHOICE_WORD,
  'openai-completions': CHOICE_WORD,
  'openai-responses': {
    stop: 'completed',
    'stop-sequence': 'completed',
    length: 'incomplete:max_output_tokens',
    'tool-calls': 'completed',
    filter: 'incomplete:content_filter',
  },
  'anthropic-messages': {
    stop: 'end_turn',
    'stop-sequence': 'stop_sequence',
    length: 'max_tokens',
    'tool-calls': 'tool_use',
    filter: 'refusal',
  },
  gemini: { stop: 'STOP', 'stop-sequence': 'STOP', length: 'MAX_TOKENS', 'tool-calls': 'STOP', filter: 'SAFETY' },
};

/** Everything an answer got wrong; empty when it told the facts, kept the rules of its dialect and ended normally. */
export function faultsOf(told: Told, facts: Facts, judged: Judged): readonly string[] {
  const faults = [...told.broken];
  const note = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault);
  };
  note(told.error === undefined, `error: ${told.error}`);
  note(told.normalEnd, 'did not end normally');
  const object = ARGUMENTS_ARE_OBJECTS.has(judged.dialect);
  note(
    sha(told.text) === facts.textSha || (object && facts.textSha === undefined && sha(told.text) === facts.refusalSha),
    `text: ${told.text.length} characters, ${JSON.stringify(told.text.slice(0, 60))}`,
  );
  // Legacy completions can say neither reasoning, refusal nor calls: their text and ending are what is left.
  if (judged.dialect !== 'openai-completions') {
    note(sha(told.reasoning) === facts.reasoningSha, `reasoning: ${told.reasoning.length} characters`);
    // The two younger formats have no word for a refusal, and tell it as text.
    note(object || sha(told.refusal) === facts.refusalSha, `refusal: ${told.refusal.length} characters`);
    faults.push(...callFaults(told, facts, judged));
  }
  note(endingFits(told.finish, facts, judged), `finish: ${told.finish} for ${facts.rawEnding}`);
  if (judged.wantsUsage) faults.push(...usageFaults(told, facts, judged));
  else note(!told.usage.given, 'CC-07: usage that was not asked for');
  return faults;
}

function sha(text: string): string | undefined {
  return text === '' ? undefined : createHash('sha256').update(text).digest('hex');
}

const ARGUMENTS_ARE_OBJECTS: ReadonlySet<TextDialect> = new Set(['anthropic-messages', 'gemini']);

const EMPTY_OBJECT = sha('{}');

function endingFits(finish: string | undefined, facts: Facts, judged: Judged): boolean {
  if (finish === WORDS[judged.dialect][facts.ending]) return true;
  // CC-13: a relay in the same format keeps the upstream's word, except a `stop` over complete calls.
  const kept = facts.rawEnding === 'stop' && facts.calls.length > 0 ? undefined : facts.rawEnding;
  return judged.sameFormat && finish !== undefined && finish === kept?.replace(/^blocked:/, '');
}

function callFaults(told: Told, facts: Facts, judged: Judged): readonly string[] {
  const calls = toldOf(facts, judged.dialect);
  if (told.calls.length !== calls.length) return [`calls: ${told.calls.length} instead of ${calls.length}`];
  return calls.flatMap((expected, index) => {
    const call = told.calls[index];
    if (call === undefined) return ['calls: a gap'];
    const faults: string[] = [];
    if (call.name !== expected.name) faults.push(`call ${index}: name ${call.name}`);
    if (!argsFit(call.args, expected, facts, judged)) faults.push(`call ${index}: arguments ${call.args.slice(0, 80)}`);
    if (!idFits(call.id, expected, judged)) faults.push(`call ${index}: id ${call.id}`);
    return faults;
  });
}

// A call whose arguments the token limit cut off is none where arguments are objects.
function toldOf(facts: Facts, dialect: TextDialect): readonly ExpectedCall[] {
  return dialect === 'gemini' && facts.ending === 'length'
    ? facts.calls.filter((call) => call.argsSha === undefined || call.canonicalSha !== undefined)
    : facts.calls;
}

function idFits(id: string, expected: ExpectedCall, { dialect, sameFormat }: Judged): boolean {
  if (expected.id === undefined) return id !== '' || (sameFormat && dialect === 'gemini');
  // The id of a format in which calls need none carries the mark that it was given.
  return id === expected.id || id === `gem_${expected.id}`;
}

// CC-16: exactly the upstream's string, `{}` for none; a call the token limit cut off is never repaired.
function argsFit(args: string, expected: ExpectedCall, facts: Facts, judged: Judged): boolean {
  const told = sha(args);
  if (expected.argsSha !== undefined) {
    if (told === expected.argsSha) return true;
    // In the formats that hold arguments as objects there is no text of theirs to compare.
    if (expected.canonicalSha !== undefined && sha(canonicalJson(args) ?? '') === expected.canonicalSha) return true;
    return ARGUMENTS_ARE_OBJECTS.has(judged.dialect) && objectFits(args, expected, facts);
  }
  return told === EMPTY_OBJECT || (facts.ending === 'length' && told === undefined);
}

// What is no object stands in one: free text under `input`, nothing and what the token limit cut off as the empty one.
function objectFits(args: string, expected: ExpectedCall, facts: Facts): boolean {
  const empty = expected.argsSha === sha('null') || (facts.ending === 'length' && expected.canonicalSha === undefined);
  return sha(args) === EMPTY_OBJECT ? empty : sha(Peek.parse(args).at('input').text) === expected.argsSha;
}

function usageFaults(told: Told, facts: Facts, judged: Judged): readonly string[] {
  const { usage } = told;
  const expected = facts.usage;
  const { dialect } = judged;
  // A prompt that is blocked may end without counts where they pass as they came.
  const blocked = facts.rawEnding?.startsWith('blocked:') === true && judged.sameFormat;
  if (!usage.given) return expected === undefined && blocked ? [] : ['usage: none'];
  if (expected === undefined)
    return usage.at('estimated').value === true ? [] : ['CC-11: usage not marked as estimated'];
  const { input, output, total, cached, reasoning } = COUNTS[dialect](usage);
  const faults: string[] = [];
  const compare = (name: string, got: number | undefined, wanted: readonly (number | undefined)[]): void => {
    if (!wanted.includes(got)) faults.push(`usage: ${name} ${got} instead of ${wanted.join(' or ')}`);
  };
  compare('input', input, [expected.input]);
  compare('output', output, expected.output);
  if (expected.total !== undefined && total !== undefined) compare('total', total, [expected.total]);
  if (expected.cached > 0) compare('cached', cached, [expected.cached]);
  if ((expected.reasoning[0] ?? 0) > 0) compare('reasoning', reasoning, expected.reasoning);
  return faults;
}

interface Counts {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly total: number | undefined;
  readonly cached: number | undefined;
  readonly reasoning: number | undefined;
}

function openAiCounts(input: string, output: string): (usage: Peek) => Counts {
  return (usage) => ({
    input: usage.at(`${input}_tokens`).number,
    output: usage.at(`${output}_tokens`).number,
    total: usage.at('total_tokens').number,
    cached: usage.at(`${input}_tokens_details`, 'cached_tokens').number,
    reasoning: usage.at(`${output}_tokens_details`, 'reasoning_tokens').number,
  });
}

function sumOf(usage: Peek, ...keys: readonly string[]): number {
  return keys.reduce((sum, key) => sum + (usage.at(key).number ?? 0), 0);
}

/** The inclusive totals that a client of each dialect adds up. */
const COUNTS: Readonly<Record<TextDialect, (usage: Peek) => Counts>> = {
  'openai-chat': openAiCounts('prompt', 'completion'),
  'openai-completions': openAiCounts('prompt', 'completion'),
  'openai-responses': openAiCounts('input', 'output'),
  'anthropic-messages': (usage) => ({
    input: sumOf(usage, 'input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'),
    output: usage.at('output_tokens').number,
    total: undefined,
    cached: usage.at('cache_read_input_tokens').number,
    reasoning: usage.at('output_tokens_details', 'thinking_tokens').number,
  }),
  gemini: (usage) => ({
    input: sumOf(usage, 'promptTokenCount', 'toolUsePromptTokenCount'),
    output: sumOf(usage, 'candidatesTokenCount', 'thoughtsTokenCount'),
    total: usage.at('totalTokenCount').number,
    cached: usage.at('cachedContentTokenCount').number,
    reasoning: usage.at('thoughtsTokenCount').number,
  }),
};
