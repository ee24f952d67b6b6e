import type { ProtocolId } from '../model/block.ts';
import type { Dialect, Protocol } from './codec.ts';
import * as chat from './openai-chat/index.ts';
import * as completions from './openai-completions/index.ts';
import * as responses from './openai-responses/index.ts';
import * as speech from './openai-speech/index.ts';
import * as transcriptions from './openai-transcriptions/index.ts';

/** Every format an upstream may speak. */
export const PROTOCOLS = {
  'openai-chat': chat.protocol,
  'openai-responses': responses.protocol,
  'openai-completions': completions.protocol,
  'openai-speech': speech.protocol,
  'openai-transcriptions': transcriptions.protocol,
} as Record<ProtocolId, Protocol>;

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
  { path: '/anthropic', provider: 'anthropic', dialect: chat.dialect, below: (rest) => withVersion('/v1', rest) },
  { path: '/gemini', provider: 'google', dialect: chat.dialect, below: (rest) => withVersion('/v1beta', rest) },
  { path: '/genai', provider: 'google', dialect: chat.dialect, below: (rest) => withVersion('/v1beta', rest) },
];

function withVersion(version: string, rest: string): string {
  return /^\/v1(beta)?\//.test(rest) ? rest : version + rest;
}

/** A public path and the format its clients speak. */
export interface DialectRoute {
  readonly path: string;
  readonly dialect: Dialect;
  /** How the request's body comes. */
  readonly body: 'json' | 'form';
  readonly summary: string;
}

/** Every public path at which a model answers. */
export const DIALECT_ROUTES: readonly DialectRoute[] = [
  { path: '/v1/responses', dialect: responses.dialect, body: 'json', summary: 'Create a response (Open Responses)' },
  { path: '/v1/chat/completions', dialect: chat.dialect, body: 'json', summary: 'Create a chat completion' },
  { path: '/v1/completions', dialect: completions.dialect, body: 'json', summary: 'Create a completion' },
  { path: '/v1/audio/speech', dialect: speech.dialect, body: 'json', summary: 'Speak a text' },
  {
    path: '/v1/audio/transcriptions',
    dialect: transcriptions.dialect,
    body: 'form',
    summary: 'Write down a recording',
  },
  {
    path: '/v1/audio/translations',
    dialect: transcriptions.translationDialect,
    body: 'form',
    summary: 'Write down a recording in English',
  },
];
