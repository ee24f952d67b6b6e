import type { Block, CacheHint, NativeValue } from './block.ts';
import type { Json, JsonObject } from './json.ts';

/** Who speaks in a turn. `developer` is a system role of its own; targets that lack it get `system`. */
export type Role = 'system' | 'developer' | 'user' | 'assistant';

/** One turn of the conversation; tool results are blocks of a user turn. */
export interface Turn {
  readonly role: Role;
  readonly blocks: readonly Block[];
  /** Name of the speaker, where the format has one. */
  readonly name?: string;
}

/** A tool the model may call; `native` is one that only the client's own format knows. */
export type Tool =
  | {
      readonly type: 'function';
      readonly name: string;
      readonly description?: string;
      /** JSON Schema of the arguments, as the client wrote it. */
      readonly parameters?: JsonObject;
      readonly strict?: boolean;
      readonly cache?: CacheHint;
    }
  | { readonly type: 'native'; readonly native: NativeValue };

/** Which tools the model must, may or may not call. */
export type ToolChoice =
  | { readonly type: 'auto' | 'none' | 'required' }
  | { readonly type: 'tool'; readonly name: string }
  | { readonly type: 'allowed'; readonly names: readonly string[]; readonly mode: 'auto' | 'required' };

/** The form the answer must have. */
export type OutputFormat =
  | { readonly type: 'text' | 'json' }
  | {
      readonly type: 'schema';
      readonly name: string;
      readonly schema?: JsonObject;
      readonly description?: string;
      readonly strict?: boolean;
    };

/** Knobs of sampling; values are forwarded as the client wrote them. */
export interface Sampling {
  readonly temperature?: Json;
  readonly topP?: Json;
  readonly topK?: Json;
  readonly frequencyPenalty?: Json;
  readonly presencePenalty?: Json;
  readonly seed?: Json;
}

/** How much the model should think before it answers, and how much of it is shown. */
export interface Reasoning {
  /** `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`, as the client wrote it. */
  readonly effort?: string;
  /** Wanted form of a summary: `auto`, `concise`, `detailed`. */
  readonly summary?: string;
  /** Most tokens to think with; 0 = do not think, -1 = as many as the model likes. */
  readonly budget?: number;
}

/** A request for text. */
export interface Generation {
  readonly task: 'generation';
  /** The model as the client named it. */
  readonly model: string;
  readonly stream: boolean;
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly sampling: Sampling;
  readonly maxTokens?: number;
  readonly stop: readonly string[];
  readonly output?: OutputFormat;
  readonly reasoning?: Reasoning;
  /** How many parallel answers; absent means 1. */
  readonly choices?: number;
  /** The client reads its stream as one JSON list, not as events. */
  readonly framing?: 'array';
  /** Log-probabilities asked for; `top` is how many alternatives. */
  readonly logprobs?: { readonly top: number };
  readonly verbosity?: string;
  readonly user?: string;
  readonly serviceTier?: string;
  readonly metadata?: JsonObject;
  readonly cacheKey?: string;
  /** A field (`prompt`, `echo`, `best_of`, `thread`) that only a target of the client's own format can honour (LC-02, LC-03). */
  readonly promptOnly?: string;
  /** The answer is a summary that takes the conversation's place. */
  readonly compacts?: true;
  /** The client's whole body, for targets of the same format. */
  readonly native: { readonly protocol: NativeValue['protocol']; readonly value: JsonObject };
}

/** A request to speak a text. */
export interface SpeechRequest {
  readonly task: 'speech';
  readonly model: string;
  readonly stream: boolean;
  readonly input: string;
  readonly voice?: Json;
  /** `mp3`, `opus`, `aac`, `flac`, `wav` or `pcm`. */
  readonly format: string;
  readonly speed?: number;
  readonly instructions?: string;
  /** `sse`: base64 pieces in events; `audio`: the raw file. */
  readonly delivery: 'audio' | 'sse';
  readonly native: { readonly protocol: NativeValue['protocol']; readonly value: JsonObject };
}

/** A request to write down a recording; the recording itself is streamed beside it. */
export interface TranscriptionRequest {
  readonly task: 'transcription';
  readonly model: string;
  readonly stream: boolean;
  /** `true` asks for an English translation instead. */
  readonly translate: boolean;
  readonly language?: string;
  readonly prompt?: string;
  /** `json`, `text`, `srt`, `vtt`, `verbose_json` or `diarized_json`. */
  readonly format: string;
  /** All form fields but the file, in the order they came. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** A request to count the input tokens of a {@link Generation} without answering it. */
export interface CountRequest {
  readonly task: 'count';
  readonly model: string;
  readonly stream: false;
  readonly generation: Generation;
  readonly native: { readonly protocol: NativeValue['protocol']; readonly value: JsonObject };
}

/** A request for embeddings: one vector for each input, in order. */
export interface EmbeddingRequest {
  readonly task: 'embedding';
  readonly model: string;
  readonly stream: false;
  /** Texts, or lists of token ids that only some targets take. */
  readonly inputs: readonly (string | readonly Json[])[];
  readonly dimensions?: number;
  /** Form of the vectors that the client wants. */
  readonly encoding: 'float' | 'base64';
  /** What the embedding is for, in the provider's words: `RETRIEVAL_QUERY`. */
  readonly purpose?: string;
  readonly title?: string;
  readonly user?: string;
  readonly native: { readonly protocol: NativeValue['protocol']; readonly value: JsonObject };
}

/** A request that only upstreams of its own format can answer: pictures, rankings, moderation. */
export interface PassingRequest {
  readonly task: 'image' | 'image-edit' | 'rerank' | 'moderation';
  readonly model: string;
  readonly stream: boolean;
  /** Form fields but the files, where the body is a form. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
  readonly native: { readonly protocol: NativeValue['protocol']; readonly value: JsonObject };
}

/** Whatever a client asks for. */
export type Request =
  | Generation
  | SpeechRequest
  | TranscriptionRequest
  | CountRequest
  | EmbeddingRequest
  | PassingRequest;
