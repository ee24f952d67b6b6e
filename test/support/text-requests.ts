import type { RawAnswer } from './raw-client.ts';
import { postJson } from './raw-client.ts';
import { readChoiceStream, readWholeChoices } from './read-chat.ts';
import { readContentEvents, readWholeContent } from './read-gemini.ts';
import { readMessageStream, readWholeMessage } from './read-messages.ts';
import { readResponseStream, readWholeResponse } from './read-responses.ts';
import type { Told } from './told.ts';

/** A text dialect from the client's side: where its requests go, what the plainest one says, and how its answers are read. */
export interface TextClient {
  /** The path as documents write it. */
  readonly path: string;
  /** The path of one request, where the model or the wish to stream stands in it. */
  target?(model: string, stream: boolean): string;
  request(model: string, stream: boolean, wantsUsage: boolean): Readonly<Record<string, unknown>>;
  read(answer: RawAnswer, stream: boolean): Told;
}

const PROMPT = 'Say what you have to say.';

function streamOptions(stream: boolean, wantsUsage: boolean): Readonly<Record<string, unknown>> {
  return stream && wantsUsage ? { stream_options: { include_usage: true } } : {};
}

/** The text formats that clients speak. */
export type TextDialect = 'openai-chat' | 'openai-responses' | 'openai-completions' | 'anthropic-messages' | 'gemini';

/** All of them. */
export const TEXT_DIALECTS: readonly TextDialect[] = [
  'openai-responses',
  'openai-chat',
  'anthropic-messages',
  'gemini',
  'openai-completions',
];

/** A client of each text dialect. */
export const TEXT_CLIENTS: Readonly<Record<TextDialect, TextClient>> = {
  'openai-chat': {
    path: '/v1/chat/completions',
    request: (model, stream, wantsUsage) => ({
      model,
      messages: [{ role: 'user', content: PROMPT }],
      stream,
      ...streamOptions(stream, wantsUsage),
    }),
    read: (answer, stream) => (stream ? readChoiceStream(answer, 'chat') : readWholeChoices(answer, 'chat')),
  },
  'openai-responses': {
    path: '/v1/responses',
    request: (model, stream) => ({ model, input: PROMPT, stream }),
    read: (answer, stream) => (stream ? readResponseStream(answer) : readWholeResponse(answer)),
  },
  'openai-completions': {
    path: '/v1/completions',
    request: (model, stream, wantsUsage) => ({ model, prompt: PROMPT, stream, ...streamOptions(stream, wantsUsage) }),
    read: (answer, stream) =>
      stream ? readChoiceStream(answer, 'completions') : readWholeChoices(answer, 'completions'),
  },
  'anthropic-messages': {
    path: '/v1/messages',
    request: (model, stream) => ({
      model,
      max_tokens: 4096,
      messages: [{ role: 'user', content: PROMPT }],
      ...(stream && { stream }),
    }),
    read: (answer, stream) => (stream ? readMessageStream(answer) : readWholeMessage(answer)),
  },
  gemini: {
    path: '/v1beta/models/{model}:generateContent',
    target: (model, stream) =>
      `/v1beta/models/${encodeURIComponent(model)}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    request: () => ({ contents: [{ role: 'user', parts: [{ text: PROMPT }] }] }),
    read: (answer, stream) => (stream ? readContentEvents(answer) : readWholeContent(answer)),
  },
};

/** Where a request of a dialect goes. */
export function pathOf(dialect: TextDialect, model: string, stream: boolean): string {
  return TEXT_CLIENTS[dialect].target?.(model, stream) ?? TEXT_CLIENTS[dialect].path;
}

/** Asks for the plainest answer in a dialect. */
export function askPlainly(
  gateway: string,
  dialect: TextDialect,
  model: string,
  how: { readonly stream: boolean; readonly usage: boolean },
): Promise<RawAnswer> {
  const body = TEXT_CLIENTS[dialect].request(model, how.stream, how.usage);
  return postJson(gateway, pathOf(dialect, model, how.stream), body);
}
