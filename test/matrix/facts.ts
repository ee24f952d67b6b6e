import { Peek } from '../support/peek.ts';
import type { Recording } from '../support/recordings.ts';

/** The three text formats a client may speak. */
export type TextDialect = 'openai-chat' | 'openai-responses' | 'openai-completions';

/** Why an answer ended, in the words of `wire-other-dialects` §9. */
export type Ending = 'stop' | 'length' | 'tool-calls' | 'filter';

/** A tool call that must be found; `argsSha` undefined means empty arguments, and an id that no client accepts is undefined. */
export interface ExpectedCall {
  readonly name: string;
  readonly id: string | undefined;
  readonly argsSha: string | undefined;
}

/** Token counts that must be found; several values of `output` or `reasoning` are equally right. */
export interface ExpectedUsage {
  readonly input: number;
  readonly output: readonly number[];
  readonly total: number | undefined;
  readonly cached: number;
  readonly reasoning: readonly number[];
}

/** What any reader must find in a recording, whatever format it reaches its client in. Hashes are undefined for empty text. */
export interface Facts {
  readonly textSha: string | undefined;
  readonly reasoningSha: string | undefined;
  readonly refusalSha: string | undefined;
  readonly calls: readonly ExpectedCall[];
  readonly ending: Ending;
  /** The upstream's own word, which a client of the same format may see as it is. */
  readonly rawEnding: string | undefined;
  /** Undefined: the upstream gave no counts. */
  readonly usage: ExpectedUsage | undefined;
}

const ENDINGS: Readonly<Record<string, Ending>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'filter',
  completed: 'stop',
  'incomplete:max_output_tokens': 'length',
  'incomplete:content_filter': 'filter',
};

const SAFE_ID = /^[a-zA-Z0-9_-]{1,64}$/;

/** The facts of a recording, from its index entry alone. */
export function factsOf(recording: Recording): Facts {
  const [rawEnding] = recording.finish_reason;
  const calls = recording.tool_calls.map((call) => ({
    name: call.name ?? '',
    id: call.id !== null && SAFE_ID.test(call.id) ? call.id : undefined,
    argsSha: call.args_sha256 ?? undefined,
  }));
  // An unknown or missing word is a plain stop; complete calls make it a call, whatever the upstream said (§1.3, UP-08).
  const ending = ENDINGS[rawEnding ?? 'stop'] ?? 'stop';
  return {
    textSha: recording.text_sha256 ?? undefined,
    reasoningSha: recording.reasoning_sha256 ?? undefined,
    refusalSha: recording.refusal_sha256 ?? undefined,
    calls,
    ending: ending === 'stop' && calls.length > 0 ? 'tool-calls' : ending,
    rawEnding,
    usage: usageOf(recording),
  };
}

function usageOf(recording: Recording): ExpectedUsage | undefined {
  const usage = new Peek(recording.usage);
  const responses = recording.protocol === 'openai-responses';
  const [input, output] = responses ? (['input', 'output'] as const) : (['prompt', 'completion'] as const);
  const counted = usage.at(`${input}_tokens`).number;
  const written = usage.at(`${output}_tokens`).number;
  if (counted === undefined || written === undefined) return undefined;
  const reasoning =
    usage.at(`${output}_tokens_details`, 'reasoning_tokens').number ?? usage.at('reasoning_tokens').number ?? 0;
  const total = usage.at('total_tokens').number;
  // Some upstreams count reasoning beside the completion instead of inside it; the total tells.
  const beside = total === counted + written + reasoning && reasoning > 0;
  return {
    input: counted,
    output: beside ? [written, written + reasoning] : [written],
    total,
    cached: usage.at(`${input}_tokens_details`, 'cached_tokens').number ?? usage.at('cached_tokens').number ?? 0,
    // More reasoning than output in all cannot be; it may be cut to all of the output, or told as the upstream told it.
    reasoning: reasoning > written && !beside ? [reasoning, written] : [reasoning],
  };
}
