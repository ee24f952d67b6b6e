/**
 * What a conversation can hold beyond plain text, by the way it goes: `asked` features travel from client to upstream, `told` ones back.
 * `docs/fidelity.md` has one row for each, and `test/matrix` one scenario.
 */
export const FEATURES = {
  'system-prompt': 'asked',
  'text-parts': 'asked',
  'image-input': 'asked',
  'document-input': 'asked',
  'audio-input': 'asked',
  tools: 'asked',
  'tool-choice-required': 'asked',
  'tool-choice-named': 'asked',
  'tool-choice-allowed': 'asked',
  'parallel-switch': 'asked',
  'tool-results': 'asked',
  'tool-result-images': 'asked',
  'tool-result-errors': 'asked',
  'json-schema': 'asked',
  'reasoning-effort': 'asked',
  'reasoning-budget': 'asked',
  'cache-hints': 'asked',
  'stop-sequences': 'asked',
  sampling: 'asked',
  'top-k': 'asked',
  seed: 'asked',
  choices: 'asked',
  logprobs: 'asked',
  'server-tools': 'asked',
  text: 'told',
  refusal: 'told',
  'tool-calls': 'told',
  'parallel-tool-calls': 'told',
  'empty-arguments': 'told',
  'reasoning-text': 'told',
  seals: 'told',
  citations: 'told',
  usage: 'told',
  'cache-tokens': 'told',
  'reasoning-tokens': 'told',
  'stop-echo': 'told',
  'token-logprobs': 'told',
  'several-choices': 'told',
  'finish-unknown': 'told',
  'server-tool-items': 'told',
  'audio-output': 'told',
  'image-output': 'told',
} as const;

/** Name of a row of the fidelity table. */
export type Feature = keyof typeof FEATURES;

/** Features of one way. */
export type FeatureOf<Way extends 'asked' | 'told'> = {
  [Name in Feature]: (typeof FEATURES)[Name] extends Way ? Name : never;
}[Feature];

/**
 * How one half of a codec treats a feature. `exact`: it has words that say just this; `mapped`: it says it in other words, told in a phrase;
 * `lost`: left out and counted; `refused`: the request is answered with this error code; `absent`: the format has no notion of it, so it
 * can be neither asked for nor given here.
 */
export type Support =
  | 'exact'
  | 'absent'
  | { readonly mapped: string }
  | { readonly lost: string }
  | { readonly refused: string };

/** One half's account of every feature; no feature is left out. */
export type Fidelity = Readonly<Record<Feature, Support>>;

/**
 * What becomes of a feature between a client's dialect and an upstream's protocol: the weaker half decides. Between two of the same format all that can
 * be said passes as it is.
 */
export function crossing(feature: Feature, dialect: Fidelity, protocol: Fidelity, sameFormat = false): Support {
  const [from, to] = FEATURES[feature] === 'asked' ? [dialect, protocol] : [protocol, dialect];
  const said = from[feature];
  const heard = to[feature];
  if (said === 'absent') return said;
  if (sameFormat) return 'exact';
  // What nobody can ask for in a dialect is not told either; what is asked of a protocol without words for it is lost.
  if (heard === 'absent') return FEATURES[feature] === 'told' ? 'absent' : { lost: 'no words for it' };
  return weaker(said, heard);
}

function weaker(said: Support, heard: Support): Support {
  if (said === 'exact' || said === 'absent' || rank(said) < rank(heard)) return heard;
  if (heard === 'exact' || heard === 'absent' || rank(heard) < rank(said)) return said;
  return 'mapped' in said && 'mapped' in heard && said.mapped !== heard.mapped
    ? { mapped: `${said.mapped}; ${heard.mapped}` }
    : said;
}

function rank(support: Support): number {
  if (typeof support === 'string') return 0;
  if ('mapped' in support) return 1;
  return 'lost' in support ? 2 : 3;
}
