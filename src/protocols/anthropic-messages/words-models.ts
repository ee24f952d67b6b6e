/** What of the format a family of models takes; a field that it does not know is answered with 400. */
export interface Family {
  /** Most tokens of one answer, asked for where the client set no limit, as other formats then set none. */
  readonly maxTokens: number;
  /** How it is told to think: not at all, with a number of tokens, or as much as it finds right (with an effort). */
  readonly thinking: 'none' | 'budget' | 'adaptive';
  /** Whether it takes `temperature`, `top_p` and `top_k`. */
  readonly sampling: boolean;
  /** Whether it takes `temperature` and `top_p` in one request. */
  readonly bothSamplings: boolean;
  /** Whether it takes a turn of the role `system` after the first of the user's. */
  readonly systemTurns: boolean;
}

// Models of others behind this format: what each of them is known to take.
const UNKNOWN: Family = {
  maxTokens: 8192,
  thinking: 'budget',
  sampling: true,
  bothSamplings: true,
  systemTurns: false,
};

// The version stands before the family's name (3-7-sonnet) or after it (opus-4-1); a date has more digits.
const VERSION = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/;

/**
 * What a model takes, by the version in its name: from 4.6 on it thinks adaptively, from 4.7 on it takes no sampling, from 4.8 on system turns.
 * Limits are those that the makers publish for the smallest model of the version; newer ones allow 128000, but then a stalled answer costs dearly.
 */
export function familyOf(model: string): Family {
  const match = VERSION.exec(model);
  if (match === null) return UNKNOWN;
  const version = Number(match[1]) * 100 + Number(match[2] ?? 0);
  return {
    maxTokens: limitOf(version, model),
    thinking: version < 307 ? 'none' : version < 406 ? 'budget' : 'adaptive',
    sampling: version < 407,
    bothSamplings: version < 401,
    systemTurns: version >= 408,
  };
}

function limitOf(version: number, model: string): number {
  if (version < 305) return 4096;
  if (version < 307) return 8192;
  return version < 405 && model.includes('opus') ? 32_000 : 64_000;
}
