import type { ProtocolId } from '../model/block.ts';
import type { Capabilities } from '../protocols/codec.ts';

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
  /** How the key is sent: `Authorization: Bearer …`. */
  readonly auth: 'bearer';
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
};
