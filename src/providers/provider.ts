import type { ProtocolId } from '../model/block.ts';
import type { Request } from '../model/request.ts';
import type { Capabilities } from '../protocols/codec.ts';

/**
 * How a credential is shown: as `Authorization: Bearer`, in a header of the provider's own, as a signature of the call, or as a token that is
 * fetched with it.
 */
export type AuthScheme = 'bearer' | 'x-api-key' | 'x-goog-api-key' | 'api-key' | 'sigv4' | 'service-account' | 'none';

/** The format of each task that is not text. */
export type TaskProtocols = Readonly<Partial<Record<Exclude<Request['task'], 'generation' | 'count'>, ProtocolId>>>;

/** What servers that copy OpenAI's paths are taken to have. */
export const COMPATIBLE_TASKS: TaskProtocols = {
  speech: 'openai-speech',
  transcription: 'openai-transcriptions',
  embedding: 'openai-embeddings',
  image: 'openai-images',
  'image-edit': 'openai-images',
  rerank: 'cohere-rerank',
  moderation: 'openai-moderations',
};

/** Who hosts models, as data: where it is, what it speaks and what it can do. A row holds no secret. */
export interface Provider {
  /** The prefix in model ids, and the name in the configuration: `groq` in `groq/llama-3.3-70b`. */
  readonly name: string;
  /** The name people know it by. */
  readonly title: string;
  /** The text protocol it speaks; audio paths hang off the same base URL. */
  readonly protocol: ProtocolId;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** Environment variable that holds the key. */
  readonly keyVariable: string;
  /** Environment variable that replaces {@link baseUrl}. */
  readonly baseUrlVariable: string;
  /** What it speaks where something else than text is asked for; a task that is absent is refused. */
  readonly tasks: TaskProtocols;
  readonly auth: AuthScheme;
  /** Runs on the operator's own machine and needs no key, so only its base URL variable switches it on. */
  readonly local: boolean;
  readonly capabilities: Capabilities;
}

/** What a server that copies OpenAI's format is taken to understand until its row or the configuration says otherwise. */
export const COMPATIBLE: Capabilities = {
  // The gateway asks again without it when a server answers 400.
  streamUsage: true,
  maxCompletionTokens: false,
  developerRole: false,
  namedChoiceStops: false,
  transcriptDelta: 'auto',
  schemaOutput: 'native',
};
