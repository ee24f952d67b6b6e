import type { Json } from './json.ts';

/** Names of the wire formats; one folder in `protocols/` each. */
export type ProtocolId =
  | 'openai-chat'
  | 'openai-responses'
  | 'openai-completions'
  | 'openai-speech'
  | 'openai-transcriptions'
  | 'openai-embeddings'
  | 'openai-images'
  | 'openai-moderations'
  | 'anthropic-messages'
  | 'gemini'
  | 'bedrock-converse'
  | 'cohere-rerank'
  | 'ai-sdk';

/** The formats that are spoken over a wire, not by a package in this process. */
export type WireId = Exclude<ProtocolId, 'ai-sdk'>;

/** What only one wire format can say, kept as it came. */
export interface NativeValue {
  readonly protocol: ProtocolId;
  readonly value: Json;
}

/** An opaque token to hand back next turn (a signature, encrypted reasoning). */
export interface Seal {
  readonly protocol: ProtocolId;
  readonly data: string;
}

/** A remark on a stretch of text; offsets are in characters of the block's text. */
export type Annotation =
  | {
      readonly type: 'url';
      readonly url: string;
      readonly title?: string;
      readonly start?: number;
      readonly end?: number;
    }
  | { readonly type: 'native'; readonly native: NativeValue };

/** Where the bytes of a media block are. */
export type MediaSource =
  | { readonly type: 'url'; readonly url: string }
  | { readonly type: 'base64'; readonly data: string; readonly mimeType?: string }
  | { readonly type: 'file'; readonly id: string };

/** The four kinds of block that are plain text. */
export type TextKind = 'text' | 'refusal' | 'reasoning' | 'reasoning-summary';

/** One log-probability entry in the shape the chat and responses formats share: `{token, logprob, bytes, top_logprobs}`. */
export type TokenLogprob = Json;

/** A client's wish that the conversation up to a block be cached by the provider. */
export interface CacheHint {
  /** How long, in the provider's words: `5m`, `1h`. */
  readonly ttl?: string;
}

/** A text block, whole. */
export interface TextBlock {
  readonly type: TextKind;
  readonly text: string;
  readonly seal?: Seal;
  readonly annotations?: readonly Annotation[];
  readonly logprobs?: readonly TokenLogprob[];
  /** Id of the wire item the block came in; blocks of one item share it. */
  readonly itemId?: string;
  readonly cache?: CacheHint;
}

/** A call of a tool; `input` is the model's own JSON text (or free text when `custom`) and is never re-serialised. */
export interface ToolCallBlock {
  readonly type: 'tool-call';
  readonly id: string;
  readonly name: string;
  readonly input: string;
  readonly custom?: true;
  readonly seal?: Seal;
  readonly itemId?: string;
  readonly cache?: CacheHint;
}

/** What a tool gave back. */
export interface ToolResultBlock {
  readonly type: 'tool-result';
  readonly id: string;
  readonly output: readonly Block[];
  readonly failed: boolean;
  readonly cache?: CacheHint;
}

/** An image, a sound, a film or a document. */
export interface MediaBlock {
  readonly type: 'media';
  readonly media: 'image' | 'audio' | 'video' | 'document';
  readonly source: MediaSource;
  /** File or encoding format: `png`, `mp3`, `wav`, `pdf`. */
  readonly format?: string;
  readonly name?: string;
  /** Wanted detail of an image: `low`, `high`, `auto`. */
  readonly detail?: string;
  /** The words of a sound, where the provider gives them. */
  readonly transcript?: string;
  readonly itemId?: string;
  /** A token that came beside it (a thought signature of a picture). */
  readonly seal?: Seal;
  readonly cache?: CacheHint;
}

/** Something only one format knows. */
export interface NativeBlock {
  readonly type: 'native';
  readonly native: NativeValue;
}

/** A piece of a turn; one union for what the client sends and what the model writes. */
export type Block = TextBlock | ToolCallBlock | ToolResultBlock | MediaBlock | NativeBlock;
