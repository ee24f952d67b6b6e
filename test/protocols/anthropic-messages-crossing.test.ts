import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import { dialect, protocol } from '../../src/protocols/anthropic-messages/index.ts';
import { PROTOCOLS } from '../../src/protocols/index.ts';
import type { Protocol } from '../../src/protocols/codec.ts';
import { dialect as chat } from '../../src/protocols/openai-chat/index.ts';
import { readMessageEvents } from '../support/messages-automaton.ts';
import { answersOf, bodyOf, haveRecordings } from '../support/recordings.ts';
import { PLAIN, REPLY, written } from './anthropic-messages-bench.ts';
import { decoded, framesOf, payloadsOf, reply, streamOf } from './exchange.ts';

const request = chat.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
const eventsOf = (from: Protocol, body: string, streaming: boolean): Event[] =>
  decoded(from, request, streaming ? streamOf(framesOf(body)) : (decoder) => decoder.whole(body));

/** What the first choice says, by the kinds that this format tells apart. */
function saidOf({ blocks }: Completion): { readonly text: string; readonly thoughts: string; readonly calls: unknown } {
  const own = blocks.filter(({ head }) => (head.choice ?? 0) === 0);
  const texts = (kinds: readonly string[]): string =>
    own.map(({ head, text }) => (kinds.includes(head.type) ? text : '')).join('');
  const calls = own.flatMap(({ head, text }) =>
    head.type === 'tool-call'
      ? [[head.id, head.name, head.custom === true ? JSON.stringify({ input: text }) : text || '{}']]
      : [],
  );
  return {
    text: texts(['text', 'refusal', 'media']),
    thoughts: texts(['reasoning', 'reasoning-summary']),
    calls,
  };
}

const FORMATS = ['openai-chat', 'openai-responses', 'gemini'] as const;
const cells = FORMATS.flatMap((format) => answersOf(format).map((recording) => [format, recording] as const));

describe.skipIf(!haveRecordings)('recorded answers of other formats', () => {
  test.each(cells)(
    'MS-01 MS-02 MS-04 MS-08 an answer of %s reaches a client of this format whole',
    (format, recording) => {
      const events = eventsOf(PROTOCOLS[format], bodyOf(recording).toString(), recording.streaming);
      const seen = readMessageEvents(written(events).writes.join(''));
      const answer = collect(events);
      expect(seen.end).toBe(answer.error === undefined ? 'stop' : 'error');
      if (answer.error !== undefined) return;
      const back = decoded(protocol, dialect.decodeRequest(PLAIN), streamOf(framesOf(written(events).writes.join(''))));
      expect(saidOf(collect(back))).toEqual(saidOf(answer));
      const whole = String(dialect.encodeWhole(answer, REPLY).body);
      const { text, thoughts } = saidOf(answer);
      const read = collect(decoded(protocol, dialect.decodeRequest(PLAIN), (decoder) => decoder.whole(whole)));
      expect(saidOf(read)).toMatchObject({ text, thoughts });
    },
  );
});

describe.skipIf(!haveRecordings)('recorded messages', () => {
  const recorded = answersOf('anthropic-messages').filter(({ file }) => !file.includes('spliced'));

  test.each(recorded)('MS-05 FM-14 $file reaches a chat client whole', (recording) => {
    const events = eventsOf(protocol, bodyOf(recording).toString(), recording.streaming);
    const texts: string[] = [];
    const encoder = chat.encoder((chunk) => void texts.push(String(chunk)), reply(request));
    for (const event of events) encoder.push(event);
    const chunks = payloadsOf(texts.join(''));
    expect(chunks.at(-1)).toBe('[DONE]');
    const back = collect(eventsOf(PROTOCOLS['openai-chat'], texts.join(''), true));
    const { text, thoughts } = saidOf(collect(events));
    expect(saidOf(back)).toMatchObject({ text, thoughts });
  });
});
