/** What a family of models takes of what the format can say, or takes beside it; a field it does not know is answered with 400. */
export interface Family {
  /** How it is told to think: not at all, by a number of tokens, as much as it finds right, or by a word in one of two places. */
  readonly thinking: 'none' | 'budget' | 'adaptive' | 'reasoningConfig' | 'reasoning_effort';
  /** Whether it takes `temperature` and `topP`, and both in one request. */
  readonly sampling: boolean;
  readonly bothSamplings: boolean;
  /** Where `top_k` stands among the additional fields. */
  readonly topK?: 'top_k' | 'k' | 'inferenceConfig.topK';
  /** Whether an answer is held to a schema by the request itself, and tools may be strict. */
  readonly schemas: boolean;
  /** Whether it can be made to call a tool. */
  readonly forced: boolean;
  /** Whether its own `tool_choice` is among the additional fields: it knows what the format has no words for. */
  readonly ownToolChoice: boolean;
  /** Whether parts of a conversation can be marked for its cache. */
  readonly cache: boolean;
  /** Whether a result of a tool can be marked as an error. */
  readonly failedResults: boolean;
  /** Takes no tools where the answer is to be streamed. */
  readonly wholeWithTools?: true;
  /** Ids of calls are nine letters and digits. */
  readonly shortIds?: true;
}

const OTHER: Family = {
  thinking: 'none',
  sampling: true,
  bothSamplings: true,
  schemas: false,
  forced: true,
  ownToolChoice: false,
  cache: false,
  failedResults: false,
};

const NOVA: Family = { ...OTHER, topK: 'inferenceConfig.topK', cache: true, failedResults: true };

/** Models of others, by a part of their ids; the first that fits counts. Sources: the user guide's pages on inference parameters and structured outputs. */
const FAMILIES: readonly (readonly [part: RegExp, family: Family])[] = [
  [/nova-2/, { ...NOVA, thinking: 'reasoningConfig' }],
  [/amazon\.nova/, NOVA],
  [/openai\.gpt-oss/, { ...OTHER, thinking: 'reasoning_effort', schemas: true }],
  [/openai\./, { ...OTHER, thinking: 'reasoning_effort' }],
  [/mistral\./, { ...OTHER, shortIds: true, wholeWithTools: true }],
  [/meta\.|writer\.|deepseek\.r1/, { ...OTHER, wholeWithTools: true }],
  [/cohere\./, { ...OTHER, topK: 'k' }],
  [/qwen\.|minimax\.|moonshot\.|google\.gemma|nvidia\.|deepseek\.v3/, { ...OTHER, schemas: true }],
];

// The version stands before the family's name (3-7-sonnet) or after it (opus-4-1); a date has more digits.
const CLAUDE = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/;

/** What a model takes, by its id: that of a model, or of a profile that has the model's id in it. */
export function familyOf(model: string): Family {
  const claude = CLAUDE.exec(model);
  if (claude !== null) return claudeFamily(Number(claude[1]) * 100 + Number(claude[2] ?? 0));
  return FAMILIES.find(([part]) => part.test(model))?.[1] ?? OTHER;
}

function claudeFamily(version: number): Family {
  return {
    thinking: version < 307 ? 'none' : version < 406 ? 'budget' : 'adaptive',
    sampling: version < 407,
    bothSamplings: version < 401,
    ...(version < 407 && { topK: 'top_k' }),
    // Newer ones are checked against a list of fields that has none of this.
    schemas: version === 405 || version === 406,
    forced: version < 505,
    ownToolChoice: true,
    cache: version >= 305,
    failedResults: true,
  };
}
