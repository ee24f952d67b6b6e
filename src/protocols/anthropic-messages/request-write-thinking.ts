import type { Family } from './words-models.ts';
import type { Lose } from './request-write-blocks.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Generation } from '../../model/request.ts';
import { LEAST_BUDGET, budgetOf, effortWorth } from '../reasoning-effort.ts';

/** How much is to be thought, in this format's words. */
export interface Thinking {
  readonly thinking?: JsonObject;
  readonly effort?: string;
}

/** What the rest of the request says that thinking depends on. */
interface Circumstances {
  readonly family: Family;
  readonly maxTokens: number;
  /** The model must call a tool, which it cannot do and think. */
  readonly forced: boolean;
  /** The last turn of the assistant began without signed thinking, and waits for results: it cannot begin to think now. */
  readonly late: boolean;
}

// Of the tokens of an answer so many are left for the answer itself.
const LEFT_FOR_ANSWER = 0.2;

/** Maps effort or budget to what the family of the model takes; what it cannot is lost by the name `reasoning`. */
export function writeThinking(request: Generation, at: Circumstances, lose: Lose): Thinking {
  const { budget, effort } = request.reasoning ?? {};
  const asked = budget ?? (effort === undefined ? undefined : budgetOf(effort));
  if (asked === undefined) {
    if (effort !== undefined) lose('reasoning_effort');
    return {};
  }
  // Not to think is what a model does unless asked to; those that always think refuse to be told not to.
  if (asked === 0) return {};
  if (at.family.thinking === 'none') {
    lose('reasoning');
    return {};
  }
  return at.family.thinking === 'adaptive' ? adaptive(asked, effort, at, lose) : budgeted(asked, at, lose);
}

function adaptive(asked: number, word: string | undefined, at: Circumstances, lose: Lose): Thinking {
  const known = word !== undefined && (budgetOf(word) ?? 0) > 0;
  const effort = asked < 0 && !known ? undefined : effortWorth(known ? (budgetOf(word) ?? asked) : asked, 'max');
  const worth = effort === undefined ? {} : { effort };
  if (at.forced) {
    lose('reasoning');
    return worth;
  }
  // Without it the newer models send the signature alone, and other formats' clients see no thinking at all.
  return { thinking: { type: 'adaptive', display: 'summarized' }, ...worth };
}

function budgeted(asked: number, at: Circumstances, lose: Lose): Thinking {
  const most = Math.floor(at.maxTokens * (1 - LEFT_FOR_ANSWER));
  if (at.forced || at.late || most < LEAST_BUDGET) {
    lose('reasoning');
    return {};
  }
  const wanted = asked < 0 ? (budgetOf('medium') ?? LEAST_BUDGET) : asked;
  return { thinking: { type: 'enabled', budget_tokens: Math.min(Math.max(wanted, LEAST_BUDGET), most) } };
}
