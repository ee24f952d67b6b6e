import { asNumber, asObject } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import { NO_USAGE } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';
import { readTokenUsage } from '../openai-tokens.ts';

/**
 * The tokens a ranking cost, wherever its server tells of them: `usage` with a total alone or with a prompt, or `meta.tokens`. Units of
 * search are no tokens; they stay in `raw`.
 */
export function rankingUsage(answer: JsonObject): Usage | undefined {
  const told = asObject(answer['usage']);
  const counted = readTokenUsage(told);
  if (counted !== undefined) return counted;
  const total = asNumber(told?.['total_tokens']);
  if (told !== undefined && total !== undefined && total >= 0) return { ...NO_USAGE, input: total, raw: told };
  const meta = asObject(answer['meta']);
  if (meta === undefined) return undefined;
  const tokens = readTokenUsage(meta['tokens']) ?? readTokenUsage(meta['billed_units']);
  return { ...(tokens ?? { ...NO_USAGE, estimated: true }), raw: meta };
}
