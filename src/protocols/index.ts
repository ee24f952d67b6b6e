import type { ProtocolId, WireId } from '../model/block.ts';
import * as messages from './anthropic-messages/index.ts';
import type { Dialect, Protocol } from './codec.ts';
import * as converse from './bedrock-converse/index.ts';
import * as rerank from './cohere-rerank/index.ts';
import * as gemini from './gemini/index.ts';
import * as chat from './openai-chat/index.ts';
import * as completions from './openai-completions/index.ts';
import * as embeddings from './openai-embeddings/index.ts';
import * as images from './openai-images/index.ts';
import * as moderations from './openai-moderations/index.ts';
import * as responses from './openai-responses/index.ts';
import * as speech from './openai-speech/index.ts';
import * as transcriptions from './openai-transcriptions/index.ts';

/** Every format an upstream may speak. */
export const PROTOCOLS: Record<WireId, Protocol> = {
  'openai-chat': chat.protocol,
  'openai-responses': responses.protocol,
  'openai-completions': completions.protocol,
  'openai-speech': speech.protocol,
  'openai-transcriptions': transcriptions.protocol,
  'openai-embeddings': embeddings.protocol,
  'openai-images': images.protocol,
  'openai-moderations': moderations.protocol,
  'bedrock-converse': converse.protocol,
  'cohere-rerank': rerank.protocol,
  gemini: gemini.protocol,
  'anthropic-messages': messages.protocol,
};

/** A header of the client that goes on to upstreams. */
export interface PassedHeader {
  readonly name: string;
  /** The only format whose upstreams get it; absent = all. */
  readonly to?: ProtocolId;
  /** Its value is a list, to which the gateway may add. */
  readonly list?: true;
}

/** What a caller may say to an upstream in headers; everything else stays here, credentials and cookies above all (`reliability` §14.6). */
export const PASSED_HEADERS: readonly PassedHeader[] = [
  { name: 'openai-beta' },
  { name: 'idempotency-key' },
  { name: 'anthropic-version', to: 'anthropic-messages' },
  { name: 'anthropic-beta', to: 'anthropic-messages', list: true },
];

/** The format in which paths that belong to none tell of errors. */
export const FALLBACK_DIALECT: Dialect = chat.dialect;

/** A path under which one provider's own clients find their paths, when only their base URL was changed. */
export interface DropInPrefix {
  readonly path: string;
  /** The provider whose models are meant where a model's name has no prefix of its own. */
  readonly provider: string;
  /** The public path of what stands below the prefix. */
  below(rest: string): string;
  /** The format in which its unknown paths tell of errors. */
  readonly dialect: Dialect;
}

/** The prefixes of drop-in use; clients differ in whether the version is part of their base URL. */
export const DROP_IN_PREFIXES: readonly DropInPrefix[] = [
  { path: '/openai', provider: 'openai', dialect: chat.dialect, below: (rest) => withVersion('/v1', rest) },
  { path: '/anthropic', provider: 'anthropic', dialect: messages.dialect, below: (rest) => withVersion('/v1', rest) },
  { path: '/gemini', provider: 'google', dialect: gemini.dialect, below: (rest) => withVersion('/v1beta', rest) },
  { path: '/genai', provider: 'google', dialect: gemini.dialect, below: (rest) => withVersion('/v1beta', rest) },
];

/** Paths that are one format's own, whatever stands behind them. */
const OWN_PATHS: readonly (readonly [path: string, dialect: Dialect])[] = [
  ['/v1beta', gemini.dialect],
  ['/v1/messages', messages.dialect],
  ['/v1/responses', responses.dialect],
  ...DROP_IN_PREFIXES.map(({ path, dialect }) => [path, dialect] as const),
];

/** The format of whoever asks for a path at which no model answers: told by the path, else by a header that one format's clients alone send. */
export function dialectNear(path: string, headers: Readonly<Record<string, unknown>>): Dialect {
  const own = OWN_PATHS.find(([start]) => path === start || path.startsWith(`${start}/`));
  if (own !== undefined) return own[1];
  if (headers['anthropic-version'] !== undefined) return messages.dialect;
  return headers['x-goog-api-key'] === undefined ? FALLBACK_DIALECT : gemini.dialect;
}

function withVersion(version: string, rest: string): string {
  return /^\/v1(beta)?\//.test(rest) ? rest : version + rest;
}

/** The files that a form may hold. */
export interface FormFiles {
  /** Names of their fields; one without any file is refused for the first. */
  readonly names: readonly string[];
  readonly most: number;
}

const RECORDING: FormFiles = { names: ['file'], most: 1 };
const PICTURES: FormFiles = { names: ['image', 'image[]', 'mask'], most: 17 };

/** A public path and the format its clients speak. */
export interface DialectRoute {
  readonly path: string;
  readonly dialect: Dialect;
  /** How the request's body comes. */
  readonly body: 'json' | 'form' | 'json-or-form';
  /** The files of its form; absent where it takes none. */
  readonly files?: FormFiles;
  readonly summary: string;
}

/** The operations on a model that its path names; each under both versions. */
const GEMINI_OPERATIONS: readonly (readonly [operation: string, dialect: Dialect, summary: string])[] = [
  ['generateContent', gemini.dialect, 'Generate content'],
  ['streamGenerateContent', gemini.streamDialect, 'Generate content as a stream'],
  ['countTokens', gemini.countDialect, 'Count tokens'],
  ['embedContent', gemini.embedDialect, 'Make an embedding'],
  ['batchEmbedContents', gemini.batchEmbedDialect, 'Make a list of embeddings'],
];

/** Every public path at which a model answers. */
export const DIALECT_ROUTES: readonly DialectRoute[] = [
  { path: '/v1/responses', dialect: responses.dialect, body: 'json', summary: 'Create a response (Open Responses)' },
  { path: '/v1/responses/compact', dialect: responses.compactDialect, body: 'json', summary: 'Compact a conversation' },
  { path: '/v1/responses/input_tokens', dialect: responses.countDialect, body: 'json', summary: 'Count input tokens' },
  { path: '/v1/chat/completions', dialect: chat.dialect, body: 'json', summary: 'Create a chat completion' },
  { path: '/v1/messages', dialect: messages.dialect, body: 'json', summary: 'Create a message' },
  {
    path: '/v1/messages/count_tokens',
    dialect: messages.countDialect,
    body: 'json',
    summary: 'Count the tokens of a message',
  },
  { path: '/v1/completions', dialect: completions.dialect, body: 'json', summary: 'Create a completion' },
  { path: '/v1/audio/speech', dialect: speech.dialect, body: 'json', summary: 'Speak a text' },
  {
    path: '/v1/audio/transcriptions',
    dialect: transcriptions.dialect,
    body: 'form',
    files: RECORDING,
    summary: 'Write down a recording',
  },
  {
    path: '/v1/audio/translations',
    dialect: transcriptions.translationDialect,
    body: 'form',
    files: RECORDING,
    summary: 'Write down a recording in English',
  },
  { path: '/v1/embeddings', dialect: embeddings.dialect, body: 'json', summary: 'Make embeddings' },
  { path: '/v1/images/generations', dialect: images.dialect, body: 'json', summary: 'Make pictures' },
  {
    path: '/v1/images/edits',
    dialect: images.editDialect,
    body: 'json-or-form',
    files: PICTURES,
    summary: 'Make pictures from others',
  },
  { path: '/v1/moderations', dialect: moderations.dialect, body: 'json', summary: 'Judge texts and pictures' },
  { path: '/v1/rerank', dialect: rerank.dialect, body: 'json', summary: 'Rank documents by a query' },
  ...['/v1beta', '/v1'].flatMap((version) =>
    GEMINI_OPERATIONS.map(([operation, dialect, summary]): DialectRoute => ({
      path: `${version}/models/{model}:${operation}`,
      dialect,
      body: 'json',
      summary,
    })),
  ),
];

/** Public paths below which kept answers are found by their ids. */
export const KEPT_PATHS: readonly { readonly path: string; readonly dialect: Dialect }[] = [
  { path: '/v1/responses', dialect: responses.dialect },
];

/** The formats that clients speak over a WebSocket, by path. */
export const SOCKET_DIALECTS: ReadonlyMap<string, Dialect> = new Map([['/v1/responses', responses.socketDialect]]);
