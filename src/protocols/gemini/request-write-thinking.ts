import type { JsonObject } from '../../model/json.ts';
import type { Reasoning } from '../../model/request.ts';

/** How a generation of models is told how much to think. */
type Style = 'levels' | 'budgets' | 'none';

/** What each word for an effort becomes: a level, which models from generation 3 take, or tokens, as generation 2.5 does. */
const EFFORT: Readonly<Record<string, readonly [level: string, budget: number]>> = {
  none: ['minimal', 0],
  minimal: ['minimal', 1024],
  low: ['low', 1024],
  medium: ['medium', 8192],
  high: ['high', 24_576],
  xhigh: ['high', 24_576],
  max: ['high', 24_576],
};

// The larger models cannot do without thinking; this is the least they take.
const LEAST_OF_PRO = 128;

/** The number of a model's generation, `2.5`; undefined for names that do not tell. */
export function generationOf(model: string): number | undefined {
  const [, number] = /gemini-(\d+(?:\.\d+)?)/.exec(model) ?? [];
  return number === undefined ? undefined : Number(number);
}

// A budget is taken by every generation that thinks, so it is what names without a number get.
function styleOf(model: string): Style {
  const generation = generationOf(model);
  if (/gemma|embedding/.test(model)) return 'none';
  if (generation === undefined) return 'budgets';
  if (generation >= 3) return 'levels';
  return generation >= 2.5 && !/-(?:image|tts)\b/.test(model) ? 'budgets' : 'none';
}

/** The `thinkingConfig` that asks a model for this reasoning; undefined where it cannot be told. */
export function thinkingConfig(reasoning: Reasoning, model: string): JsonObject | undefined {
  const style = styleOf(model);
  if (style === 'none') return undefined;
  const amount = amountOf(reasoning, model, style);
  if (amount === undefined) return undefined;
  const off = reasoning.effort === 'none' || reasoning.budget === 0;
  return { ...amount, ...(!off && { includeThoughts: true }) };
}

function amountOf({ effort, budget }: Reasoning, model: string, style: Style): JsonObject | undefined {
  const pro = /-pro\b/.test(model);
  const known = effort === undefined ? undefined : EFFORT[effort];
  if (effort !== undefined && known === undefined && budget === undefined) return undefined;
  const tokens = budget ?? known?.[1];
  if (style === 'levels' && (budget === undefined || budget === 0)) {
    const level = budget === 0 ? 'minimal' : known?.[0];
    if (level === undefined) return {};
    return { thinkingLevel: pro && level === 'minimal' ? 'low' : level };
  }
  if (tokens === undefined) return {};
  return { thinkingBudget: pro && tokens === 0 ? LEAST_OF_PRO : tokens };
}
