import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { dialect, protocol } from '../../src/protocols/anthropic-messages/index.ts';
import { readMessageEvents } from '../support/messages-automaton.ts';
import { decoded, encoded, fixture, folded, framesOf, reply, streamOf } from './exchange.ts';
import { faultUnderMutation } from './mutations.ts';

const body: JsonObject = { model: 'm', max_tokens: 99, messages: [{ role: 'user', content: 'hi' }], stream: true };
const request = dialect.decodeRequest(body);
const to = { ...reply(request, body), model: 'tiny-1' };
const SCENARIOS = ['greeting', 'thinking-and-calls', 'server-tool', 'stop-sequence', 'refusal'];

const streamText = (name: string): string => fixture(`anthropic-messages/${name}/streamed.sse`).toString();
const decodeText = (text: string): Event[] => decoded(protocol, request, streamOf(framesOf(text)));
const wholeOf = (text: string): Event[] => decoded(protocol, request, (decoder) => decoder.whole(text));

describe.each(SCENARIOS)('%s', (name) => {
  const events = decodeText(streamText(name));

  test('MS-02 whole and streamed are the same answer', () => {
    expect(folded(wholeOf(fixture(`anthropic-messages/${name}/whole.json`).toString()))).toEqual(folded(events));
  });

  test('MS-01 MS-02 MS-05 MS-06 what the encoder writes keeps the rules and is read back as the same answer', () => {
    const { text, lost } = encoded(dialect, events, to);
    expect(lost).toBe(0);
    expect(readMessageEvents(text).end).toBe('stop');
    expect(folded(decodeText(text))).toEqual(folded(events));
  });

  test('MS-05 MS-06 the whole answer that is written is read back as the same answer', () => {
    const whole = dialect.encodeWhole(collect(events), to);
    expect(whole.contentType).toContain('application/json');
    expect(folded(wholeOf(String(whole.body)))).toEqual(folded(events));
  });

  test('UP-08 a stream cut after any event is an error before its stop reason, and a success behind it', () => {
    const frames = framesOf(streamText(name));
    const stopped = frames.findIndex(({ event }) => event === 'message_delta');
    for (let count = 0; count <= frames.length; count++) {
      const end = decoded(protocol, request, streamOf(frames.slice(0, count))).at(-1);
      expect([count, end?.type]).toEqual([count, count > stopped ? 'finish' : 'error']);
    }
  });

  test('UP-08 any change of the frames gives a well-formed answer or one error', () => {
    expect(faultUnderMutation(protocol, request, framesOf(streamText(name)))).toBeUndefined();
  });

  test('MS-01 MS-02 MS-04 MS-08 any change of the frames is written as a stream that keeps the rules', () => {
    const frames = framesOf(streamText(name));
    const moves = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { maxLength: 4 });
    fc.assert(
      fc.property(moves, (changes) => {
        const mutated = [...frames];
        for (const [from, into, keeps] of changes) {
          const taken = mutated.splice(from % mutated.length, keeps ? 0 : 1)[0] ?? mutated[from % mutated.length];
          if (taken !== undefined) mutated.splice(into % (mutated.length + 1), 0, taken);
        }
        const told = decoded(protocol, request, streamOf(mutated));
        const { text } = encoded(dialect, told, to);
        expect(readMessageEvents(text).end).toBe(told.at(-1)?.type === 'finish' ? 'stop' : 'error');
      }),
    );
  });
});

test('UP-08 FM-13 a call that the limit cut off stays as the model left it', () => {
  const events = decodeText(streamText('cut-off-call'));
  expect(collect(events)).toMatchObject({ finish: { reason: 'length' }, blocks: [{ text: '{"text":"once upon' }] });
  const seen = readMessageEvents(encoded(dialect, events, to).text);
  expect([seen.stop, seen.blocks[0]?.json]).toEqual(['max_tokens', '{"text":"once upon']);
});

test('CC-03 UP-01 text cut anywhere, even inside a character, is the same text', () => {
  const pieces = fc.array(fc.string({ unit: 'binary', maxLength: 6 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), pieces, (said, parts) => {
      const units = [...parts, said].join('').toWellFormed();
      const deltas = Array.from({ length: units.length }, (_, at) => ({
        data: JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: units[at] } }),
      }));
      const end = { data: '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}' };
      const events = decoded(protocol, request, streamOf([...deltas, end]));
      expect(collect(events).blocks.map(({ text }) => text)).toEqual(units === '' ? [] : [units]);
      for (const event of events) if (event.type === 'text-delta') expect(event.text.isWellFormed()).toBe(true);
    }),
  );
});
