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

/** What a caller may say to an upstream in headers; everything else stays here, credentials and cookies above all (`reliability` §14.6). */
export const PASSED_HEADERS: readonly string[] = ['openai-beta', 'idempotency-key'];

/** The format in which paths that belong to none tell of errors. */
export const FALLBACK_DIALECT: Dialect = chat.dialect;

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
