import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { dialect, protocol } from '../../src/protocols/openai-chat/index.ts';
import { decoded, encoded, fixture, folded, framesOf, payloadsOf, reply, streamOf } from './exchange.ts';
import { faultUnderMutation } from './mutations.ts';

const body: JsonObject = {
  model: 'm',
  messages: [{ role: 'user', content: 'hi' }],
  stream: true,
  stream_options: { include_usage: true },
};
const request = dialect.decodeRequest(body);
const to = { ...reply(request, body), model: 'tiny-1' };
const SCENARIOS = ['tool-calls', 'reasoning-and-text', 'two-choices', 'refusal', 'audio', 'sealed-reasoning'];

const decodeText = (text: string): Event[] => decoded(protocol, request, streamOf(framesOf(text)));
const streamed = (name: string): Event[] => decodeText(fixture(`openai-chat/${name}/streamed.sse`).toString());
const wholeOf = (text: string): Event[] => decoded(protocol, request, (decoder) => decoder.whole(text));
const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

/** Cuts a text at the given places, wherever they fall. */
function pieces(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].toSorted((a, b) => a - b);
  return [...places, text.length].map((end, index) => text.slice(index === 0 ? 0 : places[index - 1], end));
}

describe.each(SCENARIOS)('%s', (name) => {
  test('CC-13 CC-28 whole and streamed are the same answer', () => {
    expect(folded(wholeOf(fixture(`openai-chat/${name}/whole.json`).toString()))).toEqual(folded(streamed(name)));
  });

  test('CC-01 CC-24 what the encoder writes is read back as the same answer', () => {
    const { text, lost } = encoded(dialect, streamed(name), to);
    expect(lost).toBe(0);
    expect(folded(decodeText(text))).toEqual(folded(streamed(name)));
  });

  test('CC-28 the whole answer that is written is read back as the same answer', () => {
    const { body: whole, contentType } = dialect.encodeWhole(collect(streamed(name)), to);
    expect(contentType).toContain('application/json');
    expect(folded(wholeOf(String(whole)))).toEqual(folded(streamed(name)));
  });

  test('CC-02 CC-04 CC-05 CC-07 CC-08 every choice begins with its role, ends once, and usage stands before [DONE]', () => {
    for (const asked of [true, false]) {
      const options = { ...to, body: asked ? body : {} };
      const payloads = payloadsOf(encoded(dialect, streamed(name), options).text);
      expect(payloads.pop()).toBe('[DONE]');
      const chunks = payloads as {
        choices: { index: number; delta: { role?: string }; finish_reason: string | null }[];
        usage?: object;
      }[];
      if (asked)
        expect(chunks.pop()).toMatchObject({
          choices: [],
          usage: { prompt_tokens: 31, completion_tokens: 24, total_tokens: 55 },
        });
      for (const { choices, usage } of chunks) {
        expect(choices).toHaveLength(1);
        expect(usage).toBe(asked ? null : undefined);
      }
      for (const index of new Set(chunks.map(({ choices }) => choices[0]?.index))) {
        const own = chunks.flatMap(({ choices }) => choices).filter((choice) => choice.index === index);
        expect(own.map(({ delta }) => delta.role)).toEqual(['assistant', ...own.slice(1).map(() => undefined)]);
        expect(own.map((choice) => choice.finish_reason !== null)).toEqual([...own.slice(1).map(() => false), true]);
      }
    }
  });

  test('UP-08 a stream that is cut after any frame before its finish reason is an error, after it a success', () => {
    const frames = framesOf(fixture(`openai-chat/${name}/streamed.sse`).toString());
    const finished = frames.findLastIndex(({ data }) => /"finish_reason":"/.test(data));
    for (let count = 0; count <= frames.length; count++) {
      const end = decoded(protocol, request, streamOf(frames.slice(0, count))).at(-1);
      expect([count, end?.type]).toEqual([count, count > finished ? 'finish' : 'error']);
    }
  });

  test('UP-08 any change of the frames gives a well-formed answer or one error', () => {
    const frames = framesOf(fixture(`openai-chat/${name}/streamed.sse`).toString());
    expect(faultUnderMutation(protocol, request, frames)).toBeUndefined();
  });
});

test('CC-03 UP-01 text cut anywhere, even inside a character, is the same text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.array(fc.nat()), (text, cuts) => {
      const parts = pieces(text, cuts).map((content) => chunk({ content }));
      const events = decodeText(parts.join('') + chunk({}, 'stop'));
      expect(folded(events).blocks.map((block) => block.text)).toEqual([text]);
      for (const event of events) if (event.type === 'text-delta') expect(event.text.isWellFormed()).toBe(true);
    }),
  );
});

const call = fc.record({
  name: fc.stringMatching(/^[a-z_]{1,12}$/),
  args: fc.json(),
  cuts: fc.array(fc.nat(), { maxLength: 5 }),
});

/** How servers number and name the calls of one answer (FM-11). */
const STYLES: Readonly<Record<string, (index: number) => { readonly opener: object; readonly rest: object }>> = {
  'as the documentation says': (index) => ({ opener: { index, id: `call_${index}` }, rest: { index } }),
  'with gaps between the indices': (index) => ({
    opener: { index: index * 3 + 1, id: `call_${index}` },
    rest: { index: index * 3 + 1 },
  }),
  'without indices': (index) => ({ opener: { id: `call_${index}` }, rest: {} }),
  'always with index 0': (index) => ({ opener: { index: 0, id: `call_${index}` }, rest: { index: 0 } }),
  'with the id repeated': (index) => ({
    opener: { index: 0, id: `call_${index}` },
    rest: { index: 0, id: `call_${index}` },
  }),
};

describe.each(Object.entries(STYLES))('tool calls %s', (_style, style) => {
  test('CC-15 CC-16 FM-11 FM-12 are the calls that were made, cut anywhere', () => {
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 4 }), (calls) => {
        const chunks = calls.flatMap(({ name, args, cuts }, index) => {
          const { opener, rest } = style(index);
          const openers = chunk({ tool_calls: [{ ...opener, type: 'function', function: { name, arguments: '' } }] });
          const parts = pieces(args, cuts).map((piece) =>
            chunk({ tool_calls: [{ ...rest, function: { arguments: piece } }] }),
          );
          return [openers, ...parts];
        });
        const events = decodeText(chunks.join('') + chunk({}, 'stop'));
        expect(events.at(-1)).toMatchObject({ type: 'finish', reason: 'tool-calls' });
        const { blocks } = collect(decodeText(encoded(dialect, events, to).text));
        expect(blocks.map(({ head, text }) => [head, text])).toEqual(
          calls.map(({ name, args }, index) => [{ type: 'tool-call', id: `call_${index}`, name }, args]),
        );
      }),
    );
  });
});
