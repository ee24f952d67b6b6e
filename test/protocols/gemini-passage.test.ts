import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Request } from '../../src/model/request.ts';
import type { Passage } from '../../src/protocols/codec.ts';
import {
  batchEmbedDialect,
  countDialect,
  dialect,
  embedDialect,
  protocol,
  streamDialect,
} from '../../src/protocols/gemini/index.ts';
import { answersOf, bodyOf, haveRecordings } from '../support/recordings.ts';
import { decoded, fixture, payloadsOf, reply, target } from './exchange.ts';
import { FOREIGN, framesFrom, LISTED, message, OWN, place } from './gemini-bench.ts';

const identity = {
  id: 'r',
  created: 1,
  model: 'v',
  begun: new Set<number>(),
  ended: new Set<number>(),
  sealed: new Set<string>(),
};
const passage = (request = OWN): Passage => {
  const made = streamDialect.passage?.({ ...reply(request), identity });
  if (made === undefined) throw new Error('nothing passes');
  return made;
};
const frame = (value: JsonObject): { readonly data: string } => ({ data: JSON.stringify(value) });

describe('a stream that passes', () => {
  test('GM-03 goes on as it came; an identity that is missing or changes is mended', () => {
    expect(passage().judge(frame(message([{ text: 'a' }])))).toBe('pass');
    const { responseId: _gone, ...without } = message([{ text: 'a' }], undefined, { zebra: 1 });
    for (const changed of [without, { ...without, responseId: 'other' }])
      expect(passage().judge(frame(changed))).toEqual({
        json: JSON.stringify({ ...without, modelVersion: 'v', responseId: 'r' }),
      });
    for (const data of ['[DONE]', '{', '7']) expect(passage().judge({ data })).toBe('drop');
  });

  test('GM-02 a client that reads a list gets every message encoded', () => {
    expect(passage(LISTED).judge(frame(message([{ text: 'a' }])))).toBe('encode');
  });

  test.each<readonly [boolean, JsonObject]>([
    [true, message([{ text: 'a' }])],
    [true, message([{ text: 'a' }], undefined, { usageMetadata: { trafficType: 'ON_DEMAND' } })],
    [false, message([{ text: 'a' }], undefined, { usageMetadata: { promptTokenCount: 1 } })],
    [false, message([{ text: 'a', thought: true }])],
    [false, message([{ text: 'a', thoughtSignature: 'QQ==' }])],
    [false, message([{ text: '' }])],
    [false, message([{ text: 'a' }, { text: 'b' }])],
    [false, message([{ text: 'a' }], 'STOP')],
  ])('only text of which nothing else is to be read may pass without a look: %s for %j', (plain, value) => {
    const each = passage();
    each.judge(frame(value));
    expect(each.isPlainText).toBe(plain);
    let key: string | undefined;
    decoded(protocol, FOREIGN, (decoder) => {
      decoder.push(frame(value));
      key = decoder.textKey;
      decoder.text?.('more');
      decoder.push(frame(message([], 'STOP')));
      decoder.end();
    });
    expect(key).toBe(plain ? '"text":"' : undefined);
  });

  test('the text that is skimmed goes on where the parsed text stopped', () => {
    const spaced = JSON.stringify(message([{ text: 'Hel' }])).replace('"text":', '"text": ');
    const events = decoded(protocol, FOREIGN, (decoder) => {
      decoder.push({ data: spaced });
      expect(decoder.textKey).toBe('"text": "');
      decoder.text?.('lo');
      decoder.push(frame(message([{ text: '!' }], 'STOP')));
      decoder.end();
    });
    expect(collect(events).blocks.map(({ text }) => text)).toEqual(['Hello!']);
  });

  test('GM-03 GM-05 an end before any count waits for the end of the stream, and is told with what the gateway counted', () => {
    const each = passage();
    expect(each.judge(frame(message([{ text: 'a' }], 'STOP')))).toEqual({
      json: JSON.stringify(message([{ text: 'a' }])),
    });
    expect(
      each.judge(frame({ ...message([]), candidates: [{ finishReason: 'RECITATION', citationMetadata: {} }] })),
    ).toBe('drop');
    const usage = { input: 1, cacheRead: 0, cacheWrite: 0, audioInput: 0, output: 1, reasoning: 0, audioOutput: 0 };
    expect(payloadsOf(each.closing({ type: 'finish', reason: 'filter' }, usage))).toEqual([
      {
        candidates: [
          {
            content: { parts: [{ text: '' }], role: 'model' },
            finishReason: 'RECITATION',
            citationMetadata: {},
            index: 0,
          },
        ],
        usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
        modelVersion: 'v',
        responseId: 'r',
      },
    ]);
  });

  test('GM-04 a call in pieces passes only to a client that asked for pieces', () => {
    const piece = frame(message([{ functionCall: { name: 'f', willContinue: true } }]));
    expect(passage().judge(piece)).toBe('encode');
    const asked = { toolConfig: { functionCallingConfig: { streamFunctionCallArguments: true } } };
    expect(streamDialect.passage?.({ ...reply(OWN, asked), identity }).judge(piece)).toBe('pass');
  });

  test('nothing is added to the end of a stream, for it has passed', () => {
    for (const each of framesFrom('thoughts-and-calls')) passage().judge(each);
    const usage = { input: 1, cacheRead: 0, cacheWrite: 0, audioInput: 0, output: 1, reasoning: 0, audioOutput: 0 };
    expect(passage().closing({ type: 'finish', reason: 'stop' }, usage)).toBe('');
  });
});

describe('a whole body', () => {
  const passes = (body: string) => dialect.passWhole?.(body, reply(OWN));

  test('passes where it says how it ended and what it cost', () => {
    expect(passes(fixture('gemini/thoughts-and-calls/whole.json').toString())).toMatchObject({
      finish: 'tool-calls',
      usage: { output: 14, reasoning: 6 },
    });
    expect(passes(fixture('gemini/two-candidates/whole.json').toString())).toMatchObject({ finish: 'length' });
  });

  test.each<readonly [string, unknown]>([
    ['an error', { error: { code: 500 } }],
    ['no candidates', { usageMetadata: { promptTokenCount: 1 } }],
    ['a list', [message([{ text: 'a' }], 'STOP', { usageMetadata: { promptTokenCount: 1 } })]],
    ['no usage', message([{ text: 'a' }], 'STOP')],
    ['no end', message([{ text: 'a' }], undefined, { usageMetadata: { promptTokenCount: 1 } })],
    ['impossible figures', message([{ text: 'a' }], 'STOP', { usageMetadata: { promptTokenCount: -1 } })],
    ['an end that is a number', { candidates: [{ finishReason: 1 }], usageMetadata: { promptTokenCount: 1 } }],
  ])('is read instead where it has %s', (_what, body) => {
    expect(passes(JSON.stringify(body))).toBeUndefined();
  });

  test.skipIf(!haveRecordings).each(answersOf('gemini').filter(({ file }) => file.endsWith('.json')))(
    'GM-05 $file comes to the same account, passed or read',
    (recording) => {
      const body = bodyOf(recording).toString();
      const passing = passes(body);
      if (passing === undefined) return;
      const read = collect(
        decoded(protocol, { ...OWN, stream: false }, (decoder) => decoder.whole(body), target(false)),
      );
      expect(JSON.parse(JSON.stringify(passing))).toEqual(
        JSON.parse(JSON.stringify({ finish: read.finish?.reason, usage: read.usage })),
      );
    },
  );
});

describe('counts and embeddings', () => {
  const contents = [{ parts: [{ text: 'a' }] }];
  const count = countDialect.decodeRequest({ contents }, place());
  const embed = embedDialect.decodeRequest({ content: contents[0] ?? null }, place());
  const batch = batchEmbedDialect.decodeRequest(
    { requests: [{ content: contents[0] ?? null }, { content: contents[0] ?? null }] },
    place(),
  );
  const answer = (request: Request, body: string) =>
    collect(decoded(protocol, request, (decoder) => decoder.whole(body)));

  test('tokens that are counted are told as their number', () => {
    const counted = answer(count, '{"totalTokens":31,"cachedContentTokenCount":10,"promptTokensDetails":[]}');
    expect(counted.usage).toMatchObject({ input: 21, cacheRead: 10 });
    expect(JSON.parse(String(countDialect.encodeWhole(counted, reply(count)).body))).toMatchObject({ totalTokens: 31 });
    const foreign = {
      ...counted,
      usage: { input: 5, cacheRead: 1, cacheWrite: 1, audioInput: 0, output: 0, reasoning: 0, audioOutput: 0 },
    };
    expect(countDialect.encodeWhole(foreign, reply(count)).body).toBe('{"totalTokens":7}');
    expect(countDialect.passWhole?.('{"totalTokens":31}', reply(count))).toMatchObject({ usage: { input: 31 } });
    for (const body of ['{}', '{"totalTokens":"7"}', '{"totalTokens":-1}', '[]', 'x', '{"error":{"code":429}}'])
      expect(answer(count, body).error).toBeDefined();
  });

  test('EM-02 EM-03 vectors keep the text of their numbers, in the order of the texts', () => {
    const two = answer(batch, '{"embeddings":[{"values":[1.0,2512292042121000001]},{"values":[0.1]}]}');
    expect(batchEmbedDialect.encodeWhole(two, reply(batch)).body).toBe(
      '{"embeddings":[{"values":[1.0,2512292042121000001]},{"values":[0.1]}]}',
    );
    const one = answer(embed, '{"embedding":{"values":[1e-3]},"usageMetadata":{"promptTokenCount":4}}');
    expect(embedDialect.encodeWhole(one, reply(embed)).body).toBe(
      '{"embedding":{"values":[1e-3]},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}',
    );
    const predicted = answer(embed, '{"predictions":[{"embeddings":{"values":[0.5],"statistics":{"token_count":3}}}]}');
    expect([predicted.blocks[0]?.vector, predicted.usage?.input]).toEqual([[0.5], 3]);
  });

  test('EM-02 base64 of another format is written as numbers', () => {
    const bytes = Buffer.alloc(8);
    bytes.writeFloatLE(0.5, 0);
    bytes.writeFloatLE(-2, 4);
    const told = answer(embed, '{"embedding":{"values":[1]}}');
    const blocks = told.blocks.map((each) => ({ ...each, vector: bytes.toString('base64') }));
    expect(embedDialect.encodeWhole({ ...told, blocks }, reply(embed)).body).toBe('{"embedding":{"values":[0.5,-2]}}');
  });

  test('EM-03 an answer with too few vectors, or with something else, is an error', () => {
    for (const body of [
      '{"embeddings":[{"values":[1]}]}',
      '{"embeddings":[{"values":[1]},{"values":["x"]}]}',
      '{}',
      '{"embeddings":[]}',
      'x',
    ])
      expect(answer(batch, body).error?.kind).toBe('bad_response');
  });
});
