import type { ProtocolId } from '../model/block.ts';
import type { Json } from '../model/json.ts';

/** A model as every format lists it. */
export interface ListedModel {
  readonly id: string;
  /** Unix seconds; 0 where the provider does not say. */
  readonly created: number;
  /** The same as a timestamp: `2026-11-25T00:00:00Z`. */
  readonly createdAt: string;
  /** Who serves it: the provider's name in the configuration. */
  readonly owner: string;
}

/** How one format writes its list of models, and one of them. */
export interface ModelListing {
  list(models: readonly ListedModel[]): Json;
  one(model: ListedModel): Json;
}

const OPENAI: ModelListing = {
  list: (models) => ({ object: 'list', data: models.map((model) => OPENAI.one(model)) }),
  one: ({ id, created, owner }) => ({ id, object: 'model', created, owned_by: owner }),
};

const ANTHROPIC: ModelListing = {
  list: (models) => ({
    data: models.map((model) => ANTHROPIC.one(model)),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  }),
  one: ({ id, createdAt }) => ({ type: 'model', id, display_name: id, created_at: createdAt }),
};

const GEMINI: ModelListing = {
  list: (models) => ({ models: models.map((model) => GEMINI.one(model)) }),
  one: ({ id }) => ({
    name: `models/${id}`,
    displayName: id,
    supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
  }),
};

/** The listing that a caller of a format reads; formats without one of their own have that of OpenAI (ML-01, ML-02). */
export function listingFor(dialect: ProtocolId): ModelListing {
  return LISTINGS[dialect] ?? OPENAI;
}

const LISTINGS: Partial<Record<ProtocolId, ModelListing>> = { 'anthropic-messages': ANTHROPIC, gemini: GEMINI };
