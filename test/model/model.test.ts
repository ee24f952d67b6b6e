import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collect, Collector } from '../../src/model/completion.ts';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { Event } from '../../src/model/event.ts';
import { Fields } from '../../src/model/fields.ts';
import { checked } from '../../src/model/grammar.ts';
import { asArray, asNumber, asObject, asString, parseJson } from '../../src/model/json.ts';
import type { JsonObject } from '../../src/model/json.ts';

/** A number as JSON may write it. */
const numberText = fc.stringMatching(/^-?(?:0|[1-9]\d{0,25})(?:\.\d{1,25})?(?:[eE][+-]?\d{1,3})?$/);
const scalar = fc.oneof(
  numberText,
  fc.constantFrom('true', 'false', 'null'),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  numberText.map((text) => `"${text}, ${text}"`),
);
const key = fc.string({ maxLength: 4 }).filter((text) => text !== '__proto__' && !/^\d+$/.test(text));
/** JSON text without white space, whose keys are unique and in an order that objects keep. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('json'), { maxLength: 4 }).map((parts) => `[${parts.join(',')}]`),
    fc
      .uniqueArray(fc.tuple(key, tie('json')), { maxLength: 4, selector: ([name]) => name })
      .map((entries) => `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`),
  ),
}));

describe('JSON', () => {
  test('UP-10 what was parsed is written with the very text of every number', () => {
    fc.assert(
      fc.property(json, (text) => {
        expect(JSON.stringify(parseJson(text))).toBe(text);
      }),
      { numRuns: 3_000 },
    );
  });

  test('UP-10 white space around numbers changes nothing', () => {
    fc.assert(
      fc.property(numberText, fc.stringMatching(/^[ \n\r\t]{0,3}$/), (number, space) => {
        const text = `{"a":${space}${number}${space},"b":[${space}${number}${space},${space}${number}]}`;
        expect(JSON.stringify(parseJson(text))).toBe(`{"a":${number},"b":[${number},${number}]}`);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    '1e-7',
    '0.0000001',
    '-0.00000012',
    '-0',
    '-0.0',
    '0.1',
    '123456789.1234567',
    '1E5',
    '9007199254740993',
    '10000.005100000094',
  ])('UP-10 %s stays as it is', (number) => {
    for (const text of [number, `[${number}]`, `{"a":${number}}`, `[1,${number},"x"]`])
      expect(JSON.stringify(parseJson(text))).toBe(text);
  });

  test('a number kept as text is a number, and nothing else', () => {
    const kept = parseJson('1.0');
    expect([asNumber(kept), asObject(kept), asArray(kept), asString(kept)]).toEqual([
      1,
      undefined,
      undefined,
      undefined,
    ]);
    expect([asNumber('1'), asNumber(null), asObject([]), asObject(null), asArray({}), asString(1)]).toEqual(
      Array.from({ length: 6 }),
    );
  });

  test.each(['', '{', '[1,]', '01', '1.', '\u00a01', "{'a':1}", '{"a":1}x', '"\u0001"'])('%j is refused', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });
});

describe('the fields of a request', () => {
  const fields = (value: JsonObject): Fields => new Fields(value);
  /** The path and code of the refusal. */
  const refusal = (read: () => unknown): unknown => {
    try {
      return read();
    } catch (error) {
      return error instanceof GatewayFailure ? [error.error.param, error.error.code, error.error.kind] : error;
    }
  };

  test('OR-42 a wrong type is refused by its path, however deep', () => {
    const body = fields({
      messages: [{ content: [{ type: 't', text: 5 }] }, 'no'],
      tools: [{ f: { name: [] } }],
      stop: ['a', 1],
    });
    const [message] = fields({ messages: [{ content: [{ type: 't', text: 5 }] }] }).objects('messages');
    const [part] = message?.objects('content') ?? [];
    expect(refusal(() => part?.string('text'))).toEqual([
      'messages[0].content[0].text',
      'invalid_value',
      'invalid_request',
    ]);
    expect(refusal(() => body.objects('messages'))).toEqual(['messages[1]', 'invalid_value', 'invalid_request']);
    expect(refusal(() => body.objects('tools')[0]?.object('f')?.string('name'))).toEqual([
      'tools[0].f.name',
      'invalid_value',
      'invalid_request',
    ]);
    expect(refusal(() => body.strings('stop'))).toEqual(['stop[1]', 'invalid_value', 'invalid_request']);
    expect(refusal(() => body.requiredString('model'))).toEqual([
      'model',
      'missing_required_parameter',
      'invalid_request',
    ]);
    expect(refusal(() => fields({ n: 1.5 }).integer('n'))).toEqual(['n', 'invalid_value', 'invalid_request']);
  });

  test('null and absent are the same; what every object inherits is absent', () => {
    for (const object of [fields({ a: null }), fields({})]) {
      expect([
        object.string('a'),
        object.number('a'),
        object.integer('a'),
        object.boolean('a'),
        object.array('a'),
        object.object('a'),
      ]).toEqual(Array.from({ length: 6 }));
      expect([object.objects('a'), object.strings('a'), object.get('toString'), object.get('__proto__')]).toEqual([
        [],
        [],
        undefined,
        undefined,
      ]);
    }
  });

  test('every reader takes its own type and refuses all others', () => {
    const values = { string: 'a', number: 1.5, boolean: true, array: [1], object: { b: 1 } };
    for (const reader of Object.keys(values) as (keyof typeof values)[])
      for (const [type, value] of Object.entries(values)) {
        const read = refusal(() => fields({ k: value })[reader]('k'));
        if (reader !== type)
          expect([reader, type, read]).toEqual([reader, type, ['k', 'invalid_value', 'invalid_request']]);
        else expect(read instanceof Fields ? read.value : read).toEqual(value);
      }
  });
});

const START: Event = { type: 'start', id: 'i', model: 'm' };
const OPEN: Event = { type: 'block-start', index: 0, block: { type: 'text' } };
const TEXT: Event = { type: 'text-delta', index: 0, text: 'a' };
const END: Event = { type: 'block-end', index: 0 };
const FINISH: Event = { type: 'finish', reason: 'stop' };
const FAILED: Event = { type: 'error', error: { kind: 'timeout', message: 'm' } };
const USED = {
  type: 'usage',
  usage: { input: 1, cacheRead: 0, cacheWrite: 0, audioInput: 0, output: 1, reasoning: 0, audioOutput: 0 },
} satisfies Event;
const NATIVE: Event = { type: 'native', native: { protocol: 'openai-chat', value: {} } };

describe('the grammar of events', () => {
  const run = (events: readonly Event[]): number => {
    let passed = 0;
    const sink = checked(() => passed++);
    for (const event of events) sink(event);
    return passed;
  };

  test.each<readonly [string, readonly Event[]]>([
    ['a plain answer', [START, OPEN, TEXT, END, USED, FINISH]],
    [
      'blocks that overlap',
      [START, OPEN, { ...OPEN, index: 1 }, TEXT, { ...TEXT, index: 1 }, END, { ...END, index: 1 }, FINISH],
    ],
    ['an error before the start', [FAILED]],
    ['an error in an open block', [START, OPEN, FAILED]],
  ])('lets %s pass', (_what, events) => {
    expect(run(events)).toBe(events.length);
  });

  test.each<readonly [string, readonly Event[]]>([
    ['a second start', [START, START]],
    ['start after the terminal event', [START, FINISH, START]],
    ['finish before start', [FINISH]],
    ['finish while a block is open', [START, OPEN, FINISH]],
    ['error after the terminal event', [FAILED, FAILED]],
    ['usage before start', [USED]],
    ['usage after the terminal event', [START, FINISH, USED]],
    ['native before start', [NATIVE]],
    ['block-start before start', [OPEN]],
    ['block 1 opened where 0 was due', [START, { ...OPEN, index: 1 }]],
    ['block 0 opened where 1 was due', [START, OPEN, END, OPEN]],
    ['block-end for block 0, which is not open', [START, OPEN, END, END]],
    ['text-delta for block 0, which is not open', [START, OPEN, END, TEXT]],
    ['text-delta for block 1, which is not open', [START, OPEN, { ...TEXT, index: 1 }]],
    ['input-delta in a text block', [START, OPEN, { type: 'input-delta', index: 0, json: '' }]],
    ['audio-delta in a text block', [START, OPEN, { type: 'audio-delta', index: 0, base64: '' }]],
    ['text-delta in a tool-call block', [START, { ...OPEN, block: { type: 'tool-call', id: 'c', name: 'f' } }, TEXT]],
    [
      'annotation in a refusal block',
      [
        START,
        { ...OPEN, block: { type: 'refusal' } },
        { type: 'annotation', index: 0, annotation: { type: 'url', url: 'u' } },
      ],
    ],
  ])('refuses %s, and nothing before it', (rule, events) => {
    expect(run(events.slice(0, -1))).toBe(events.length - 1);
    expect(() => run(events)).toThrow(`broken grammar: ${rule}`);
  });
});

describe('a collected answer', () => {
  test('is the sum of its pieces, in the order of the blocks, wherever they were cut and however they interleave', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), fc.string())), (pieces) => {
        const opens = [0, 1, 2].map((index): Event => ({ ...OPEN, index }));
        const deltas = pieces.map(([index, text]): Event => ({ ...TEXT, index, text }));
        const { blocks } = collect([START, ...opens, ...deltas]);
        const expected = [0, 1, 2].map((index) =>
          pieces
            .filter(([own]) => own === index)
            .map(([, text]) => text)
            .join(''),
        );
        expect(blocks.map(({ text, closed }) => [text, closed])).toEqual(expected.map((text) => [text, false]));
      }),
    );
  });

  test('keeps seals, sounds, annotations, the last usage and the end', () => {
    const seal = { protocol: 'openai-chat', data: 'x' } as const;
    const later: Event = { type: 'usage', usage: { ...USED.usage, output: 9 } };
    const completion = collect([
      { ...START, created: 7 },
      { ...OPEN, block: { type: 'media', media: 'audio' } },
      { type: 'audio-delta', index: 0, base64: 'AA==' },
      { type: 'audio-delta', index: 0, base64: 'AQ==' },
      { ...END, seal },
      NATIVE,
      USED,
      later,
      { type: 'finish', reason: 'length', raw: 'max', others: [{ choice: 1, reason: 'stop' }] },
    ]);
    expect(completion).toMatchObject({
      id: 'i',
      model: 'm',
      created: 7,
      usage: { output: 9 },
      natives: [{ value: {} }],
    });
    expect(completion.blocks).toMatchObject([{ audio: ['AA==', 'AQ=='], seal, closed: true }]);
    expect(completion.finish).toEqual({ reason: 'length', raw: 'max', others: [{ choice: 1, reason: 'stop' }] });
    expect(collect([FAILED])).toEqual({
      id: '',
      model: '',
      blocks: [],
      natives: [],
      error: { kind: 'timeout', message: 'm' },
    });
  });

  test('an event of a block that never opened is a fault', () => {
    expect(() => new Collector().push(TEXT)).toThrow('block 0, which is not open');
  });
});
