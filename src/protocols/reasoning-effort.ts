import type { Reasoning } from '../model/request.ts';

// Words that every model with an effort knows; others exist and are passed on, but are not made up for a number.
const WORTH: readonly (readonly [effort: string, tokens: number])[] = [
  ['low', 2048],
  ['medium', 8192],
];
const MOST = 'high';

/**
 * The effort that a request asks for, where only words say it: its own word, else the one that a budget of tokens is worth. A budget of none has
 * no word that every model takes, so that nothing is said then.
 */
export function effortOf({ effort, budget }: Reasoning): string | undefined {
  if (effort !== undefined || budget === undefined || budget === 0) return effort;
  if (budget < 0) return 'medium';
  return WORTH.find(([, tokens]) => budget <= tokens)?.[0] ?? MOST;
}
