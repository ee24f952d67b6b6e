import type { Family } from './words-models.ts';
import type { Lose } from './request-write-blocks.ts';
import { given } from './words.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Generation } from '../../model/request.ts';
import { LEAST_BUDGET, budgetOf, effortWorth } from '../reasoning-effort.ts';

/** How much is to be thought, in the words of a family of models. */
export interface Thinking {
  /** Goes into `additionalModelRequestFields`. */
  readonly fields: JsonObject;
  /** Set where the limit of the answer must be another. */
  readonly maxTokens?: number;
  /** Temperature and its like are refused beside it. */
  readonly cold: boolean;
}

/** What the rest of the request says that thinking depends on. */
interface Circumstances {
  readonly family: Family;
  /** The model must call a tool, which some cannot do and think. */
  readonly forced: boolean;
  /** The last turn of the assistant began without signed thinking and waits for results: it cannot begin to think now. */
  readonly late: boolean;
}

const NONE: Thinking = { fields: {}, cold: false };
// Of the tokens of an answer so many are left for the answer itself.
const LEFT_FOR_ANSWER = 0.2;
const ANSWER = 4096;

/** Maps effort or budget to what the family of the model takes; what it cannot is lost by the name `reasoning`. */
export function writeThinking(request: Generation, at: Circumstances, lose: Lose): Thinking {
  const { budget, effort } = request.reasoning ?? {};
  const asked = budget ?? (effort === undefined ? undefined : budgetOf(effort));
  if (asked === undefined && effort !== undefined) lose('reasoning_effort');
  // Not to think is what a model does unless asked to.
  if (asked === undefined || asked === 0) return NONE;
  const known = effort !== undefined && (budgetOf(effort) ?? 0) > 0 ? budgetOf(effort) : undefined;
  const worth = known ?? (asked < 0 ? undefined : asked);
  switch (at.family.thinking) {
    case 'none':
      lose('reasoning');
      return NONE;
    case 'budget':
      return budgeted(asked, request.maxTokens, at, lose);
    case 'adaptive':
      return adaptive(worth, at, lose);
    case 'reasoning_effort':
      return { fields: { reasoning_effort: effortWorth(worth ?? MEDIUM, 'high') }, cold: false };
    case 'reasoningConfig':
      return configured(effortWorth(worth ?? MEDIUM, 'high'), request.maxTokens);
    default:
      return at.family.thinking satisfies never;
  }
}

const MEDIUM = 8192;

function budgeted(asked: number, limit: number | undefined, at: Circumstances, lose: Lose): Thinking {
  const most = limit === undefined ? Infinity : Math.floor(limit * (1 - LEFT_FOR_ANSWER));
  if (at.forced || at.late || most < LEAST_BUDGET) {
    lose('reasoning');
    return NONE;
  }
  const budget = Math.min(Math.max(asked < 0 ? MEDIUM : asked, LEAST_BUDGET), most);
  return {
    fields: { thinking: { type: 'enabled', budget_tokens: budget } },
    maxTokens: limit ?? budget + ANSWER,
    cold: true,
  };
}

function adaptive(worth: number | undefined, at: Circumstances, lose: Lose): Thinking {
  if (at.forced) lose('reasoning');
  // Without it the newer models send the signature alone, and other formats' clients see no thinking at all.
  const thinking = at.forced ? undefined : { type: 'adaptive', display: 'summarized' };
  const output = worth === undefined ? undefined : { effort: effortWorth(worth, 'max') };
  return { fields: given({ thinking, output_config: output }), cold: !at.forced };
}

// With a high effort this family takes no limit, and a limit is a promise to the client.
function configured(effort: string, limit: number | undefined): Thinking {
  const high = effort === 'high' && limit === undefined;
  const word = effort === 'high' && !high ? 'medium' : effort;
  return { fields: { reasoningConfig: { type: 'enabled', maxReasoningEffort: word } }, cold: high };
}
