import type { Recording } from '../support/recordings.ts';
import { usageOf } from './facts-usage.ts';
import type { ExpectedUsage } from './facts-usage.ts';

/** Why an answer ended, in the words of `wire-other-dialects` §9. */
export type Ending = 'stop' | 'stop-sequence' | 'length' | 'tool-calls' | 'filter';

/** A tool call that must be found; `argsSha` undefined means empty arguments, and an id that no client accepts is undefined. */
export interface ExpectedCall {
  readonly name: string;
  readonly id: string | undefined;
  readonly argsSha: string | undefined;
  /** Of the arguments with sorted keys and without spaces; undefined where they are no JSON. */
  readonly canonicalSha?: string | undefined;
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
  end_turn: 'stop',
  stop_sequence: 'stop-sequence',
  max_tokens: 'length',
  tool_use: 'tool-calls',
  refusal: 'filter',
  guardrail_intervened: 'filter',
  STOP: 'stop',
  1: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'filter',
  'blocked:SAFETY': 'filter',
  'blocked:FAKE_NEW_BLOCK_REASON': 'filter',
};

const SAFE_ID = /^[a-zA-Z0-9_-]{1,64}$/;

/** The facts of a recording, from its index entry alone. */
export function factsOf(recording: Recording): Facts {
  const [rawEnding] = recording.finish_reason;
  const calls = recording.tool_calls.map((call) => ({
    name: call.name ?? '',
    id: call.id !== null && SAFE_ID.test(call.id) ? call.id : undefined,
    argsSha: call.args_sha256 ?? undefined,
    canonicalSha: call.args_canonical_sha256 ?? undefined,
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
