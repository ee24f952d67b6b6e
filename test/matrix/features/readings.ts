import { answering } from '../../support/fake-upstream.ts';
import type { Play } from '../../support/fake-upstream.ts';
import { Peek } from '../../support/peek.ts';
import type { RawAnswer } from '../../support/raw-client.ts';
import type { TextDialect } from '../../support/text-requests.ts';
import type { Tale } from './tell.ts';
import { payloadsIn } from './told.ts';
import type { Reading } from './told.ts';
import { CHAT_READING } from './told-chat.ts';
import { COMPLETIONS_READING } from './told-completions.ts';
import { GEMINI_READING } from './told-gemini.ts';
import { MESSAGES_READING } from './told-messages.ts';
import { RESPONSES_READING } from './told-responses.ts';

/** How clients of each dialect read. */
export const READINGS: Readonly<Record<TextDialect, Reading>> = {
  'openai-chat': CHAT_READING,
  'openai-responses': RESPONSES_READING,
  'openai-completions': COMPLETIONS_READING,
  'anthropic-messages': MESSAGES_READING,
  gemini: GEMINI_READING,
};

/** An answer as its client has it in the end, streamed or not. */
export function readAs(dialect: TextDialect, answer: RawAnswer): Peek {
  const streamed = answer.headers['content-type']?.startsWith('text/event-stream') === true;
  return streamed ? new Peek(READINGS[dialect].fold(payloadsIn(answer))) : Peek.parse(answer.body.toString());
}

/** Plays an answer as it was asked for: whole, or in pieces of an awkward size. */
export function telling({ type, stream, whole }: Tale): Play {
  return (reply, received) => {
    const asked = received.path.includes('stream') || Peek.parse(received.body.toString()).at('stream').value === true;
    const play = asked
      ? answering(200, { 'content-type': type }, stream, 61)
      : answering(200, { 'content-type': 'application/json' }, whole);
    return play(reply, received);
  };
}
