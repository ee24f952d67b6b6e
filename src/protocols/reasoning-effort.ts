import type { Reasoning } from '../model/request.ts';

/** Efforts by the tokens that they are worth: the one table of all formats, in both directions. */
const EFFORTS: readonly (readonly [effort: string, budget: number])[] = [
  ['minimal', 1024],
  ['low', 2048],
  ['medium', 8192],
  ['high', 16_384],
  ['xhigh', 32_768],
  ['max', 65_536],
];

/** The least budget that formats with budgets take. */
export const LEAST_BUDGET = 1024;

/** The tokens that an effort stands for; 0 for none, undefined for a word that nobody knows. */
export function budgetOf(effort: string): number | undefined {
  return effort === 'none' ? 0 : EFFORTS.find(([word]) => word === effort)?.[1];
}

/** The effort that is worth at least so many tokens, of those from `low` to `most`. */
export function effortWorth(budget: number, most: 'high' | 'max'): string {
  const word = EFFORTS.find(([, tokens]) => tokens >= budget)?.[0] ?? 'max';
  if (word === 'minimal') return 'low';
  return most === 'high' && (word === 'xhigh' || word === 'max') ? 'high' : word;
}

/**
 * The effort that a request asks for, where only words say it: its own word, else the one that a budget of tokens is worth, of those that every
 * model knows. A budget of none has no word that every model takes, so that nothing is said then.
 */
export function wordFor({ effort, budget }: Reasoning): string | undefined {
  // The most that these formats have a word for.
  if (effort === 'max') return 'xhigh';
  if (effort !== undefined || budget === undefined || budget === 0) return effort;
  return budget < 0 ? 'medium' : effortWorth(budget, 'high');
}
