import type { FinishReason } from '../../model/event.ts';

/** What a chat upstream's `finish_reason` means; the upper-case words come from servers that pass on another format's. */
export const FINISH: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['stop', 'stop'],
  ['STOP', 'stop'],
  ['eos', 'stop'],
  ['eos_token', 'stop'],
  ['end_turn', 'stop'],
  ['COMPLETE', 'stop'],
  ['stop_sequence', 'stop-sequence'],
  ['length', 'length'],
  ['model_length', 'length'],
  ['max_tokens', 'length'],
  ['MAX_TOKENS', 'length'],
  ['model_context_window_exceeded', 'context-full'],
  ['tool_calls', 'tool-calls'],
  ['tool_call', 'tool-calls'],
  ['tool_use', 'tool-calls'],
  ['function_call', 'tool-calls'],
  ['content_filter', 'filter'],
  ['refusal', 'filter'],
  ['SAFETY', 'filter'],
  ['RECITATION', 'filter'],
  ['BLOCKLIST', 'filter'],
  ['PROHIBITED_CONTENT', 'filter'],
  ['SPII', 'filter'],
  ['IMAGE_SAFETY', 'filter'],
  ['pause_turn', 'pause'],
]);

// `other` depends on whether a tool was called (§9).
const FINISH_WORD: Record<Exclude<FinishReason, 'other'>, string> = {
  stop: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  'context-full': 'length',
  'tool-calls': 'tool_calls',
  filter: 'content_filter',
  pause: 'stop',
};

/** The word for an end; an unknown reason is `stop` unless the answer called a tool (§9, FM-48). */
export function finishWord(reason: FinishReason, called: boolean, legacy: boolean): string {
  const word = reason === 'other' ? (called ? 'tool_calls' : 'stop') : FINISH_WORD[reason];
  return legacy && word === 'tool_calls' ? 'function_call' : word;
}

/** What `x_gateway.stop` says of an end that the dialect has no word for, or undefined when its word says it all. */
export function gatewayStop(reason: FinishReason, raw: string | undefined): string | undefined {
  if (reason === 'pause') return raw ?? 'pause_turn';
  if (reason === 'other') return raw ?? 'unknown';
  return raw === 'budget_exceeded' ? raw : undefined;
}
