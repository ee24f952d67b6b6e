import type { RawAnswer } from './raw-client.ts';
import { readChoiceStream, readWholeChoices } from './read-chat.ts';
import { readResponseStream, readWholeResponse } from './read-responses.ts';
import type { Told } from './told.ts';

/** A text dialect from the client's side: where its requests go, what the plainest one says, and how its answers are read. */
export interface TextClient {
  readonly path: string;
  request(model: string, stream: boolean, wantsUsage: boolean): Readonly<Record<string, unknown>>;
  read(answer: RawAnswer, stream: boolean): Told;
}

const PROMPT = 'Say what you have to say.';

function streamOptions(stream: boolean, wantsUsage: boolean): Readonly<Record<string, unknown>> {
  return stream && wantsUsage ? { stream_options: { include_usage: true } } : {};
}

/** The three text dialects. */
export const TEXT_CLIENTS: Readonly<Record<'openai-chat' | 'openai-responses' | 'openai-completions', TextClient>> = {
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
};
