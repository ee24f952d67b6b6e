import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import { asObject } from '../../src/model/json.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Generation } from '../../src/model/request.ts';
import { NO_USAGE } from '../../src/model/usage.ts';
import { dialect, protocol } from '../../src/protocols/openai-completions/index.ts';
import { answersOf, bodyOf } from '../support/recordings.ts';
import { decoded, encoded, fixture, folded, framesOf, payloadsOf, reply, streamOf } from './exchange.ts';
import { faultUnderMutation } from './mutations.ts';

const generation = (body: JsonObject): Generation =>
  dialect.decodeRequest({ model: 'm', prompt: 'Name colours:', ...body }) as Generation;
const request = generation({ stream: true });
const asksUsage = { stream_options: { include_usage: true } };
const SCENARIOS = ['two-choices', 'refusal-and-reasoning'];

const streamed = (name: string): Event[] => decodeText(fixture(`openai-completions/${name}/streamed.sse`).toString());
const decodeText = (text: string, from = request): Event[] => decoded(protocol, from, streamOf(framesOf(text)));
const frame = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (text: string, finish: string | null = null, index = 0): string =>
  frame({ id: 'cmpl-1', created: 1, model: 'm', choices: [{ text, index, finish_reason: finish }] });
const last = (text: string, from = request): Event | undefined => decodeText(text, from).at(-1);
const DONE = 'data: [DONE]\n\n';

describe('a stream that is read', () => {
  test.each(SCENARIOS)('LC-01 UP-01 %s is the same answer streamed and whole', (name) => {
    const whole = decoded(protocol, request, (decoder) => {
      decoder.whole(fixture(`openai-completions/${name}/whole.json`).toString());
    });
    expect(folded(whole)).toEqual(folded(streamed(name)));
  });

  test.each<readonly [string, string, string]>([
    ['a finish reason and [DONE]', chunk('a') + chunk('', 'length') + DONE, 'length'],
    ['a finish reason and a clean end', chunk('a', 'stop'), 'stop'],
    ['[DONE] without a finish reason', chunk('a') + DONE, 'stop'],
    ['two finish chunks and [DONE] twice', chunk('a', 'length') + chunk(' late', 'stop') + DONE + DONE, 'length'],
    ['an unknown reason', chunk('a', 'zzz') + DONE, 'other'],
    ['a comment wrapped as data', `data: : WAIT\n\n${chunk('a', 'stop')}`, 'stop'],
  ])('UP-08 %s is a finished answer', (_what, text, reason) => {
    expect(last(text)).toMatchObject({ type: 'finish', reason });
    expect(folded(decodeText(text)).blocks.map((block) => block.text)).toEqual(['a']);
  });

  test.each<readonly [string, string]>([
    ['a clean end without a finish reason', chunk('a')],
    ['half a frame', `${chunk('a')}data: {"choices":[{"te\n\n`],
    ['nothing at all', ''],
    ['[DONE] alone', DONE],
  ])('UP-08 %s is an error', (_what, text) => {
    expect(last(text)).toMatchObject({ type: 'error', error: { kind: 'bad_response' } });
  });

  test('UP-08 without [DONE] every choice that was asked for must have finished', () => {
    const three = generation({ n: 3 });
    const two = chunk('a', 'stop', 0) + chunk('b', 'stop', 1);
    expect(last(two, three)?.type).toBe('error');
    expect(last(two + chunk('c', 'length', 2), three)).toEqual({
      type: 'finish',
      reason: 'stop',
      raw: 'stop',
      others: [
        { choice: 1, reason: 'stop', raw: 'stop' },
        { choice: 2, reason: 'length', raw: 'length' },
      ],
    });
  });

  test.each<readonly [unknown, string]>([
    [{ error: { message: 'no memory', type: 'server_error' } }, 'no memory'],
    [{ error: 'plain words' }, 'plain words'],
    [{ message: 'a message' }, 'a message'],
    [{ object: 'error', message: 'an object' }, 'an object'],
    [{ detail: 'a detail' }, 'a detail'],
  ])('CC-25 the error %j inside a 200 ends the answer', (value, message) => {
    expect(last(chunk('a') + frame(value) + DONE)).toMatchObject({ type: 'error', error: { message } });
  });

  test('an answer that says finish_reason "error" has failed', () => {
    expect(last(chunk('a', 'error') + DONE)?.type).toBe('error');
  });

  test('CC-27 nothing is told before there is content, so that an early error can still become an HTTP status', () => {
    const opening = frame({
      id: '',
      choices: [],
      system_fingerprint: 'fp',
      prompt_filter_results: [{ prompt_index: 0 }],
    });
    const failing = decodeText(opening + frame({ error: { message: 'filtered' } }));
    expect(failing.map(({ type }) => type)).toEqual(['error']);
    const [start, native, ...rest] = decodeText(opening + chunk('a', 'stop') + DONE);
    expect(start).toMatchObject({ type: 'start', id: 'cmpl-1' });
    expect(native).toMatchObject({ native: { value: { system_fingerprint: 'fp' } } });
    expect(rest.map(({ type }) => type)).toEqual(['block-start', 'text-delta', 'block-end', 'finish']);
  });

  test('U44 impossible usage figures are clamped and marked', () => {
    const usage = { prompt_tokens: -4, completion_tokens: '7', total_tokens: 1e300 };
    const events = decodeText(chunk('a', 'stop') + frame({ choices: [], usage }) + DONE);
    expect(folded(events).usage).toMatchObject({ input: 0, output: 7, suspect: true });
  });

  test('cached, audio and reasoning tokens are taken out of their totals once', () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 9,
      total_tokens: 19,
      prompt_tokens_details: { cached_tokens: 4, audio_tokens: 1 },
      completion_tokens_details: { reasoning_tokens: 5, audio_tokens: 2 },
    };
    const events = decodeText(chunk('a', 'stop') + frame({ choices: [], usage }) + DONE);
    expect(folded(events).usage).toEqual({
      ...NO_USAGE,
      input: 5,
      cacheRead: 4,
      audioInput: 1,
      output: 2,
      reasoning: 5,
      audioOutput: 2,
    });
  });

  test.each(['two-choices', 'refusal-and-reasoning', 'error-in-band'])(
    'mutations of %s give events that are well-formed',
    (name) => {
      expect(
        faultUnderMutation(protocol, request, framesOf(fixture(`openai-completions/${name}/streamed.sse`).toString())),
      ).toBeUndefined();
    },
  );
});

const ENDS = [
  ['stop', 'stop'],
  ['length', 'length'],
  ['filter', 'content_filter'],
] as const;
const end = fc.constantFrom(...ENDS).map(([reason, raw]) => ({ reason, raw }));
const answer = fc.record({
  texts: fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 5 }),
  choices: fc.array(end, { minLength: 1, maxLength: 3 }),
  usage: fc.record({ input: fc.nat(9999), output: fc.nat(9999), cacheRead: fc.nat(99), reasoning: fc.nat(99) }),
});

function eventsOf({ texts, choices, usage }: typeof answer extends fc.Arbitrary<infer T> ? T : never): Event[] {
  const zero = { cacheWrite: 0, audioInput: 0, audioOutput: 0 };
  const [first = { reason: 'stop' as const, raw: 'stop' }, ...rest] = choices;
  const others = rest.map((each, index) => ({ choice: index + 1, ...each }));
  return [
    { type: 'start', id: '', model: 'asked-model', created: 1_767_225_600 },
    ...choices.map((_choice, index): Event => ({
      type: 'block-start',
      index,
      block: { type: 'text', ...(index > 0 && { choice: index }) },
    })),
    ...texts.map((text, each): Event => ({ type: 'text-delta', index: each % choices.length, text })),
    ...choices.map((_choice, index): Event => ({ type: 'block-end', index })),
    { type: 'usage', usage: { ...zero, ...usage } },
    { type: 'finish', ...first, ...(others.length > 0 && { others }) },
  ];
}

describe('a stream that is written', () => {
  test('LC-01 WD-03 what is written reads back as it was, whatever the text', () => {
    fc.assert(
      fc.property(answer, (given) => {
        const events = eventsOf({
          ...given,
          texts: [...given.choices.map(() => '\u0085\u2028\u2029\r\n"\\'), ...given.texts],
        });
        const { text, lost } = encoded(dialect, events, reply(request, asksUsage));
        expect(lost).toBe(0);
        expect(text).not.toMatch(/[\r\u0085\u2028\u2029]/);
        expect(folded(decodeText(text, { ...request, choices: given.choices.length }))).toEqual(folded(events));
      }),
    );
  });

  test.each(SCENARIOS)('LC-01 %s survives being written, streamed and whole, and read again', (name) => {
    const events = streamed(name).filter((event) => name === 'two-choices' || !isReasoning(event));
    const dense = reindexed(events);
    const to = reply(request, asksUsage);
    const back = decodeText(encoded(dialect, dense, to).text, { ...request, choices: 2 });
    const whole = decoded(protocol, request, (decoder) => {
      decoder.whole(String(dialect.encodeWhole({ id: '', ...folded(dense) }, to).body));
    });
    expect({ ...folded(back), model: '', created: 0 }).toEqual({ ...folded(dense), model: '', created: 0 });
    expect({ ...folded(whole), natives: [] }).toEqual({ ...folded(back), natives: [] });
  });

  test('CC-07 no chunk with empty choices and no usage reaches a client that did not ask for usage', () => {
    const { text } = encoded(dialect, streamed('two-choices'), reply(request));
    expect(text).not.toContain('usage');
    expect(payloadsOf(text).filter((value) => value !== '[DONE]' && choicesIn(value).length === 0)).toEqual([]);
  });

  test('CC-08 CC-09 LC-01 usage comes directly before [DONE], and is null in every chunk before', () => {
    const payloads = payloadsOf(encoded(dialect, streamed('two-choices'), reply(request, asksUsage)).text);
    const [usage, done] = payloads.slice(-2);
    expect(done).toBe('[DONE]');
    expect(usage).toMatchObject({ choices: [], usage: { prompt_tokens: 4, completion_tokens: 5, total_tokens: 9 } });
    expect(payloads.slice(0, -2).every((value) => asObject(value as never)?.['usage'] === null)).toBe(true);
  });

  test('CC-01 LC-01 id, object, created and model are the same in every chunk; each choice finishes once with empty text', () => {
    const payloads = payloadsOf(encoded(dialect, streamed('two-choices'), reply(request)).text).slice(0, -1) as Record<
      string,
      unknown
    >[];
    const constants = payloads.map(({ id, object, created, model }) => JSON.stringify({ id, object, created, model }));
    expect([...new Set(constants)]).toEqual([
      '{"id":"cmpl-abcdefghijklmnopqrstuvwx","object":"text_completion","created":1767225600,"model":"asked-model"}',
    ]);
    const ends = payloads.flatMap(choicesIn).filter((choice) => choice['finish_reason'] !== null);
    expect(ends).toEqual([
      { text: '', index: 0, logprobs: null, finish_reason: 'length' },
      { text: '', index: 1, logprobs: null, finish_reason: 'stop' },
    ]);
  });

  test('CC-25 an error is one frame without choices, and no [DONE] follows', () => {
    const { text } = encoded(dialect, streamed('error-in-band'), reply(request, asksUsage));
    expect(payloadsOf(text).at(-1)).toEqual({
      error: { message: 'The model ran out of memory.', type: 'server_error', param: null, code: 'oom' },
    });
    expect(text).not.toContain('[DONE]');
  });

  test('CC-11 an estimate says that it is one', () => {
    const events = streamed('two-choices').map((event) =>
      event.type === 'usage' ? { ...event, usage: { ...event.usage, estimated: true as const } } : event,
    );
    expect(encoded(dialect, events, reply(request, asksUsage)).text).toContain('"estimated":true');
  });

  test('CC-14 a reason only others know is told beside a known one', () => {
    const text = encoded(dialect, decodeText(chunk('a', 'zzz') + DONE), reply(request)).text;
    expect(payloadsOf(text).at(-2)).toMatchObject({ choices: [{ finish_reason: 'stop' }], x_gateway: { stop: 'zzz' } });
  });

  test('what the format cannot say is counted as lost', () => {
    expect(encoded(dialect, streamed('refusal-and-reasoning'), reply(request)).lost).toBe(3);
  });
});

function choicesIn(value: unknown): Record<string, unknown>[] {
  return (value as { choices: Record<string, unknown>[] }).choices;
}

function isReasoning(event: Event): boolean {
  return 'index' in event && event.index === 0;
}

function reindexed(events: readonly Event[]): Event[] {
  const lowest = Math.min(...events.map((event) => ('index' in event ? event.index : Infinity)));
  return events.map((event) => ('index' in event ? { ...event, index: event.index - lowest } : event));
}

describe('recordings', () => {
  const answers = answersOf('openai-completions').filter(({ text_sha256: sha }) => sha !== null);

  test.skipIf(answers.length === 0)('UP-01 every recorded answer reads as its index says', () => {
    for (const recording of answers) {
      const body = bodyOf(recording).toString();
      const choices = recording.finish_reason.length;
      const from: Generation = {
        ...request,
        choices: recording.oddities.length === 0 && recording.features.includes('n>1') ? choices : 1,
      };
      const events = recording.streaming
        ? decodeText(body, from)
        : decoded(protocol, from, (decoder) => {
            decoder.whole(body);
          });
      const { blocks, usage, finish } = folded(events);
      const text = blocks.map((block) => (block.head.choice === undefined ? block.text : '')).join('');
      expect(createHash('sha256').update(text).digest('hex'), recording.file).toBe(recording.text_sha256);
      expect(finish?.raw, recording.file).toBe(recording.finish_reason[0]);
      expect(usage?.total ?? (usage && usage.input + usage.cacheRead + usage.output), recording.file).toBe(
        recording.usage?.['total_tokens'],
      );
    }
  });
});
