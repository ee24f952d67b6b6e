import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { parseJson } from '../../src/model/json.ts';
import type { EmbeddingRequest, Request } from '../../src/model/request.ts';
import { dialect, protocol } from '../../src/protocols/openai-embeddings/index.ts';
import { asBase64, asFloats, isVector } from '../../src/protocols/vectors.ts';
import { Peek } from '../support/peek.ts';
import { answersOf, bodyOf, haveRecordings } from '../support/recordings.ts';
import { decoded, encoded, fixture, folded, framesOf, reply, streamOf, target } from './exchange.ts';
import { faultUnderMutation } from './mutations.ts';

const read = (more: JsonObject = {}): Request => dialect.decodeRequest({ model: 'm', input: ['a', 'b', 'c'], ...more });
const asked = read();
const file = (name: string): string => fixture(`openai-embeddings/three-inputs/${name}.json`).toString();
const whole = (body: string, request = asked): Event[] =>
  decoded(protocol, request, (decoder) => {
    decoder.whole(body);
  });
const bodyFor = (events: readonly Event[], request: Request): string =>
  String(dialect.encodeWhole(collect(events), reply(request)).body);

/** Numbers in base64, read by the platform's own typed arrays. */
function float32(base64: string): number[] {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return [...new Float32Array(bytes.buffer)];
}

const FLOATS = [
  [0.5, -0.25, 0.125, 1],
  [-1, 0, 0.0625, -0.75],
  [0, 0.1, -0.2, 0.3],
];

describe('embeddings that are read', () => {
  test('EM-03 entries come in the order of their inputs, whatever the order upstream', () => {
    expect(folded(whole(file('shuffled')))).toEqual(folded(whole(file('floats'))));
    const { blocks, usage, finish, model } = collect(whole(file('shuffled')));
    expect(blocks.map(({ vector }) => asFloats(vector ?? []).map((number) => Number(JSON.stringify(number))))).toEqual(
      FLOATS,
    );
    expect([usage?.input, usage?.output, finish, model]).toEqual([7, 0, { reason: 'stop' }, 'embedder-1']);
  });

  test.each<readonly [string, string]>([
    ['one entry too few', '{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1]}]}'],
    ['one too many', `{"data":[${'{"embedding":[1]},'.repeat(3)}{"embedding":[1]}]}`],
    ['a number twice', `{"data":[${['0', '1', '1'].map((at) => `{"index":${at},"embedding":[1]}`).join()}]}`],
    [
      'a number that no input has',
      `{"data":[${['0', '1', '3'].map((at) => `{"index":${at},"embedding":[1]}`).join()}]}`,
    ],
    ['an empty vector', `{"data":[${'{"embedding":[1]},'.repeat(2)}{"embedding":[]}]}`],
    ['text in a vector', `{"data":[${'{"embedding":[1]},'.repeat(2)}{"embedding":["1"]}]}`],
    ['text that is no base64', `{"data":[${'{"embedding":[1]},'.repeat(2)}{"embedding":"?"}]}`],
    ['base64 of half a number', `{"data":[${'{"embedding":[1]},'.repeat(2)}{"embedding":"AAA="}]}`],
    ['base64 of bytes', `{"data":[${'{"embedding":[1]},'.repeat(2)}{"embedding":"f39/f39/f39="}]}`],
    ['no list', '{"object":"list"}'],
    ['no JSON', 'pardon?'],
    ['nothing', ''],
  ])('EM-03 %s is a bad response, not an answer', (_name, body) => {
    expect(whole(body)).toMatchObject([{ type: 'error', error: { kind: 'bad_response' } }]);
  });

  test('entries without a number stand for their places', () => {
    const events = whole('{"data":[{"embedding":[1]},{"embedding":[2]},{"embedding":[3]}]}');
    expect(collect(events).blocks.map(({ vector }) => vector)).toEqual([[1], [2], [3]]);
  });

  test('an error in the body is told, and so is the end of an empty one', () => {
    expect(whole('{"error":{"message":"Too long.","code":"context_length_exceeded"}}')).toMatchObject([
      { type: 'error', error: { message: 'Too long.', code: 'context_length_exceeded' } },
    ]);
    expect(decoded(protocol, asked, streamOf([]))).toMatchObject([{ type: 'error', error: { kind: 'bad_response' } }]);
  });

  test('UP-06 a body sent as an event is the same answer', () => {
    const frames = framesOf(`: hello\n\ndata: ${file('floats').trim()}\n\ndata: [DONE]\n\n`);
    expect(folded(decoded(protocol, asked, streamOf(frames)))).toEqual(folded(whole(file('floats'))));
  });

  test('any damage gives well-formed events and one end', () => {
    expect(faultUnderMutation(protocol, asked, [{ data: file('floats') }])).toBeUndefined();
  });
});

describe('embeddings that are written', () => {
  test.each(['floats', 'base64', 'shuffled'])(
    'EM-02 %s of an upstream are given in the form that was asked for',
    (name) => {
      const events = whole(file(name));
      const floats = Peek.parse(bodyFor(events, read({ encoding_format: 'float' })));
      const packed = Peek.parse(bodyFor(events, read({ encoding_format: 'base64' })));
      for (const [index, numbers] of FLOATS.entries()) {
        const given = floats.at('data', index, 'embedding').list.map((number) => Math.fround(Number(number.value)));
        expect(given).toEqual(numbers.map(Math.fround));
        expect(float32(packed.at('data', index, 'embedding').text)).toEqual(numbers.map(Math.fround));
      }
    },
  );

  test('EM-03 the list has the object names, the order, the model that was asked for and the usage', () => {
    const body = JSON.parse(bodyFor(whole(file('shuffled')), asked)) as JsonObject;
    expect(Object.keys(body)).toEqual(['object', 'data', 'model', 'usage']);
    expect(body).toMatchObject({
      object: 'list',
      data: [0, 1, 2].map((index) => ({ object: 'embedding', index })),
      model: 'asked-model',
      usage: { prompt_tokens: 7, total_tokens: 7 },
    });
  });

  test('UP-10 numbers of a list keep their text', () => {
    expect(bodyFor(whole(file('shuffled')), asked)).toContain('[-1,0,6.25e-2,-0.75]');
    expect(bodyFor(whole(file('shuffled')), asked)).toContain('[0.5,-0.25,0.125,1.0]');
  });

  test('UP-10 every text of a number is kept where floats were asked for, and the numbers are the same where base64 was', () => {
    const numbers = [
      '1e-05',
      '-0.0',
      ' 0.10',
      '-0',
      '1.00000000000000001',
      '0.30000000000000004',
      '12345678901234567e-20',
    ];
    const body = `{"object": "list", "data": [{"index": 0, "embedding" : [${numbers.join(', ')}]}], "usage": {"prompt_tokens": 1, "total_tokens": 1, "cost": 1.0e-08}}`;
    const one = read({ input: 'a' });
    const written = bodyFor(whole(body, one), one);
    expect(written).toContain(`[${numbers.map((text) => text.trim()).join(',')}]`);
    expect(written).toContain('"cost":1.0e-08');
    const packed = read({ input: 'a', encoding_format: 'base64' });
    const { text } = Peek.parse(bodyFor(whole(body, packed), packed)).at('data', 0, 'embedding');
    expect(float32(text)).toEqual(numbers.map((number) => Math.fround(Number(number))));
  });

  test('lists of numbers in other places, and places that lie, change nothing', () => {
    const one = read({ input: 'a' });
    for (const body of [
      '{"data":[{"index":0,"embedding":[1.0,2]}],"extra":{"embedding":[7]}}',
      '{"about":"\\"embedding\\":[7]","data":[{"index":0,"embedding":[1.0,2]}]}',
    ])
      expect(bodyFor(whole(body, one), one)).toContain('"embedding":[1.0,2]');
    expect(whole('{"data":[{"index":0,"embedding":[[1]]}]}', one)).toMatchObject([{ type: 'error' }]);
    expect(whole('{"data":[{"index":0,"embedding":[1,]}]}', one)).toMatchObject([{ type: 'error' }]);
  });

  test('a usage that was guessed counts no output and says so', () => {
    const usage = { input: 5, output: 1, cacheRead: 0, cacheWrite: 0, audioInput: 0, reasoning: 0, audioOutput: 0 };
    const events: Event[] = whole(file('floats')).map((event) =>
      event.type === 'usage' ? { type: 'usage', usage: { ...usage, estimated: true } } : event,
    );
    expect(JSON.parse(bodyFor(events, asked))).toMatchObject({
      usage: { prompt_tokens: 5, total_tokens: 5, estimated: true },
    });
  });

  test('the encoder writes the same body in one piece, and nothing for an error', () => {
    const events = whole(file('floats'));
    expect(encoded(dialect, events, reply(asked)).text).toBe(bodyFor(events, asked));
    expect(encoded(dialect, whole('x'), reply(asked)).text).toBe('');
  });

  test('what was written is read again as the same answer', () => {
    for (const encoding_format of ['float', 'base64']) {
      const events = whole(file('base64'));
      const again = whole(bodyFor(events, read({ encoding_format })));
      const numbers = (list: readonly Event[]): unknown =>
        collect(list).blocks.map(({ vector }) => asFloats(vector ?? []).map(Number));
      expect(numbers(again)).toEqual(numbers(events));
    }
  });
});

describe('bodies that pass', () => {
  test('EM-02 EM-03 a body passes where it is in order and in the form that was asked for', () => {
    const to = (encoding_format: string): ReturnType<typeof reply> => reply(read({ encoding_format }));
    const passes = (name: string, encoding: string): boolean =>
      dialect.passWhole?.(file(name), to(encoding)) !== undefined;
    expect([passes('floats', 'float'), passes('base64', 'base64')]).toEqual([true, true]);
    expect([passes('floats', 'base64'), passes('base64', 'float'), passes('shuffled', 'float')]).toEqual([
      false,
      false,
      false,
    ]);
    expect(dialect.passWhole?.(file('floats'), to('float'))).toMatchObject({ finish: 'stop', usage: { input: 7 } });
  });

  test('EM-03 one that has another count, an error or no usage does not', () => {
    const body = file('floats');
    for (const other of [
      body.replace('"usage":{', '"use":{'),
      body.replace('"object":"list"', '"object":"list","error":{"message":"no"}'),
      body.replace('0.125', '"x"'),
      body.slice(1),
    ])
      expect(dialect.passWhole?.(other, reply(asked))).toBeUndefined();
    expect(dialect.passWhole?.(body, reply(read({ input: ['a', 'b'] })))).toBeUndefined();
  });
});

test('EM-02 packing and unpacking give every float32 back', () => {
  fc.assert(
    fc.property(fc.array(fc.float({ noNaN: true, min: -1000, max: 1000 }), { minLength: 1 }), (numbers) => {
      expect(asFloats(asBase64(numbers))).toEqual(numbers);
      expect(float32(asBase64(numbers))).toEqual(numbers);
      expect(isVector(asBase64(numbers))).toBe(true);
    }),
  );
});

test.skipIf(!haveRecordings)(
  'EM-03 every recorded answer is read with as many vectors, dimensions and tokens as its index says',
  () => {
    const unread: string[] = [];
    for (const recording of answersOf('openai-embeddings')) {
      const count = (name: string): number =>
        Number(recording.features.find((feature) => feature.startsWith(`${name}:`))?.slice(name.length + 1));
      const input = Array.from({ length: count('inputs') }, String);
      const events = whole(bodyOf(recording).toString(), read({ input }));
      const { blocks, usage, error } = collect(events);
      if (error !== undefined) {
        unread.push(recording.file);
        continue;
      }
      expect(blocks).toHaveLength(input.length);
      const packed = recording.features.includes('base64');
      for (const { vector } of blocks) {
        expect(typeof vector === 'string').toBe(packed);
        if (!packed) expect(vector).toHaveLength(count('dims'));
      }
      expect(usage?.input).toBe(recording.usage?.['prompt_tokens']);
    }
    // Its base64 holds bytes, one for each dimension, which no client of this format could read.
    expect(unread.filter((name) => !name.includes('perplexity_int8'))).toEqual([]);
  },
);

test('UP-09 UP-11 the request for another format asks in this one, and names what it cannot say', () => {
  const foreign: EmbeddingRequest = {
    task: 'embedding',
    model: 'm',
    stream: false,
    inputs: ['one'],
    dimensions: 8,
    encoding: 'float',
    purpose: 'RETRIEVAL_QUERY',
    title: 'A title',
    native: { protocol: 'gemini', value: {} },
  };
  expect(protocol.encodeRequest(foreign, target())).toEqual({
    body: '{"model":"upstream-model","input":"one","dimensions":8}',
    lost: ['task_type', 'title'],
  });
  expect(protocol.encodeRequest({ ...foreign, inputs: ['a', 'b'] }, target()).body).toContain('"input":["a","b"]');
  const own = dialect.decodeRequest(parseJson('{"model":"m","x":1.0,"input":[[1,2]]}') as JsonObject);
  expect(protocol.encodeRequest(own, target()).body).toBe('{"model":"upstream-model","x":1.0,"input":[[1,2]]}');
});
