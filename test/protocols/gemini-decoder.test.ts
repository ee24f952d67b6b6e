import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import { isSafeId } from '../../src/model/ids.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { protocol } from '../../src/protocols/gemini/index.ts';
import { decoded, streamOf } from './exchange.ts';
import { FOREIGN, message, OWN, read, streamedFrom, wholeOf } from './gemini-bench.ts';

const blocksOf = (events: readonly Event[]): unknown[] =>
  collect(events).blocks.map(({ head, text, seal }) => [head.type, text, ...(seal === undefined ? [] : [seal.data])]);
const call = (name: string, more: JsonObject = {}): JsonObject => ({ functionCall: { name, args: {}, ...more } });

describe('signatures', () => {
  test('FM-15 stand on the block of the very part they came with', () => {
    expect(blocksOf(streamedFrom('thoughts-and-calls'))).toEqual([
      ['reasoning', 'Two towns, two calls.', 'QUFBQQ=='],
      ['text', 'Asking: \u00e9\u2028\u{1f327}'],
      ['tool-call', '{"town":"Oslo","id":2512292042121000001}', 'QkJCQg=='],
      ['tool-call', '{"town":"Rome"}'],
      ['tool-call', '{}'],
      // Only reasoning without text can be carried by every format.
      ['reasoning', '', 'Q0NDQw=='],
    ]);
  });

  test('FM-15 a signed text is a block of its own among texts without', () => {
    const parts = [{ text: 'a' }, { text: 'b', thoughtSignature: 'Uw==' }, { text: 'c' }];
    const blocks = [
      ['text', 'a'],
      ['text', 'b', 'Uw=='],
      ['text', 'c'],
    ];
    expect(blocksOf(read([message(parts, 'STOP')]))).toEqual(blocks);
    expect(blocksOf(read([...parts.map((part) => message([part])), message([{ text: '' }], 'STOP')]))).toEqual(blocks);
  });
});

describe('ends', () => {
  test.each(['SAFETY', 'RECITATION', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'IMAGE_SAFETY'])(
    'FM-49 the text of a last message that ends by %s comes before its end, a filter',
    (word) => {
      const events = read([message([{ text: 'Al' }]), message([{ text: 'most' }], word)]);
      expect(blocksOf(events)).toEqual([['text', 'Almost']]);
      expect(events.at(-1)).toEqual({ type: 'finish', reason: 'filter', raw: word });
    },
  );

  test.each(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL'])(
    'FM-49 %s is an error, and to a client of this format the word that it is',
    (word) => {
      const messages = [{ candidates: [{ finishReason: word }] }];
      expect(read(messages).at(-1)).toMatchObject({ type: 'error', error: { kind: 'bad_response' } });
      expect(read(messages, OWN).at(-1)).toEqual({ type: 'finish', reason: 'other', raw: word });
    },
  );

  test.each([
    ['STOP', [{ text: 'x' }], 'stop'],
    ['STOP', [call('f')], 'tool-calls'],
    ['MAX_TOKENS', [call('f')], 'length'],
    ['zzz', [{ text: 'x' }], 'other'],
  ])('FM-48 %s after %j is %s', (word, parts, reason) => {
    expect(read([message(parts, word)]).at(-1)).toEqual({ type: 'finish', reason, raw: word });
  });

  test('UP-08 a clean end without any reason is an error, also of a message that says it is unspecified', () => {
    for (const word of [undefined, 'FINISH_REASON_UNSPECIFIED', ''])
      expect(read([message([{ text: 'x' }], word)]).at(-1)).toMatchObject({
        type: 'error',
        error: { kind: 'bad_response' },
      });
  });

  test('UP-08 an answer whose call still waits for pieces is whole only when its tokens ran out', () => {
    const begun = message([
      { functionCall: { name: 'f', partialArgs: [{ jsonPath: '$.a', stringValue: 'b' }], willContinue: true } },
    ]);
    expect(read([begun, message([], 'STOP')]).at(-1)?.type).toBe('error');
    const cut = read([begun, message([], 'MAX_TOKENS')]);
    expect(cut.at(-1)).toMatchObject({ type: 'finish', reason: 'length' });
    expect(blocksOf(cut)).toEqual([['tool-call', '{"a":"b"']]);
  });

  test('FM-47 an end in every message, as older servers write it, takes nothing of what follows', () => {
    const messages = [message([{ text: 'a' }], 'STOP'), message([{ text: 'b' }], 'STOP'), message([], 'RECITATION')];
    const events = read(messages);
    expect(blocksOf(events)).toEqual([['text', 'ab']]);
    expect(events.at(-1)).toMatchObject({ type: 'finish', reason: 'filter', raw: 'RECITATION' });
  });

  test('FM-47 after the end of a stream only late usage is waited for, and a break then costs nothing', () => {
    const phases: string[] = [];
    const events = decoded(protocol, FOREIGN, (decoder) => {
      for (const each of [message([{ text: 'a' }]), message([{ text: 'b' }], 'STOP')]) {
        decoder.push({ data: JSON.stringify(each) });
        phases.push(decoder.phase);
      }
      decoder.fail({ kind: 'unreachable', message: 'reset' });
    });
    expect(phases).toEqual(['open', 'finished']);
    expect(events.at(-1)?.type).toBe('finish');
  });
});

describe('calls', () => {
  test('FM-49 four calls of one name in four messages have ids of their own that every client takes', () => {
    const events = read([...Array.from({ length: 4 }, () => message([call('f')])), message([], 'STOP')]);
    const ids = events.flatMap((event) =>
      event.type === 'block-start' && event.block.type === 'tool-call' ? event.block.id : [],
    );
    expect(new Set(ids).size).toBe(4);
    expect(ids.every(isSafeId)).toBe(true);
  });

  test('CC-18 FM-15 ids of 949 characters, of odd characters, or given twice become ids that every client takes', () => {
    const odd = [
      call('f', { id: 'a'.repeat(949) }),
      call('f', { id: 'a b/c' }),
      call('f', { id: 'x' }),
      call('f', { id: 'x' }),
    ];
    const { blocks } = collect(read([message(odd, 'STOP')]));
    const ids = blocks.map(({ head }) => (head.type === 'tool-call' ? head.id : ''));
    expect(ids.every(isSafeId)).toBe(true);
    expect(new Set(ids).size).toBe(4);
  });

  test('a call whose tool has no name is an error', () => {
    expect(read([message([{ functionCall: { args: { a: 1 } } }], 'STOP')]).at(-1)?.type).toBe('error');
  });
});

describe('what stands beside the text', () => {
  test('FM-49 usage that grows is told once at a time, the last one counts, and thoughts are beside the candidates', () => {
    const { usage } = collect(streamedFrom('thoughts-and-calls'));
    expect(usage).toMatchObject({ input: 12, cacheRead: 8, output: 14, reasoning: 6 });
    expect(usage?.total).toBeUndefined();
    expect(collect(streamedFrom('code-run')).usage).toMatchObject({ input: 14, output: 8 });
  });

  test('usage of sound is counted apart, and impossible figures are marked', () => {
    const sound = (tokenCount: number): JsonObject[] => [
      { modality: 'TEXT', tokenCount: 1 },
      { modality: 'AUDIO', tokenCount },
    ];
    const usageMetadata = {
      promptTokenCount: 11,
      candidatesTokenCount: 5,
      promptTokensDetails: sound(10),
      candidatesTokensDetails: sound(4),
    };
    expect(collect(read([message([{ text: 'a' }], 'STOP', { usageMetadata })])).usage).toMatchObject({
      input: 1,
      audioInput: 10,
      output: 1,
      audioOutput: 4,
    });
    const wrong = { promptTokenCount: -4, candidatesTokenCount: '7' };
    expect(collect(read([message([{ text: 'a' }], 'STOP', { usageMetadata: wrong })])).usage).toMatchObject({
      input: 0,
      output: 7,
      suspect: true,
    });
    const odd = { promptTokenCount: { toString: true }, candidatesTokenCount: [{ valueOf: 1 }] };
    expect(collect(read([message([{ text: 'a' }], 'STOP', { usageMetadata: odd })])).usage?.suspect).toBe(true);
    expect(
      collect(read([message([{ text: 'a' }], 'STOP', { usageMetadata: { trafficType: 'ON_DEMAND' } })])).usage,
    ).toBeUndefined();
  });

  test('sources are told by places in characters, each once', () => {
    const { blocks } = collect(streamedFrom('grounded'));
    expect(blocks[0]?.annotations).toEqual([
      { type: 'url', url: 'https://a.example/', title: 'A', start: 0, end: 6 },
      { type: 'url', url: 'https://b.example/', title: 'B', start: 8, end: 14 },
      { type: 'url', url: 'https://a.example/', title: 'A', start: 8, end: 14 },
    ]);
  });

  test('code that ran is told as what only this format knows; other things only to its own clients', () => {
    const natives = (request = FOREIGN): number =>
      streamedFrom('code-run', request).filter(({ type }) => type === 'native').length;
    expect(natives()).toBe(2);
    const rated = [message([{ text: 'a' }], 'STOP', { createTime: 'now' })];
    expect(read(rated).some(({ type }) => type === 'native')).toBe(false);
    expect(read(rated, OWN).some(({ type }) => type === 'native')).toBe(true);
  });

  test('CC-23 log-probabilities come in the shape that the other formats share', () => {
    const logprobsResult = {
      chosenCandidates: [{ token: 'é', tokenId: 7, logProbability: -0.5 }],
      topCandidates: [
        {
          candidates: [
            { token: 'é', logProbability: -0.5 },
            { token: 'x', logProbability: -2 },
          ],
        },
      ],
    };
    const [candidate] = message([{ text: 'é' }], 'STOP')['candidates'] as JsonObject[];
    const { blocks } = collect(read([{ candidates: [{ ...candidate, logprobsResult }] }]));
    expect(blocks[0]?.logprobs).toEqual([
      {
        token: 'é',
        logprob: -0.5,
        bytes: [195, 169],
        top_logprobs: [
          { token: 'é', logprob: -0.5, bytes: [195, 169] },
          { token: 'x', logprob: -2, bytes: [120] },
        ],
      },
    ]);
  });
});

describe('errors inside a 200', () => {
  const error = { code: 503, message: 'Busy', status: 'UNAVAILABLE' };

  test.each<readonly [string, () => Event[]]>([
    ['an event', () => read([message([{ text: 'a' }]), { error }])],
    ['an element of a list', () => wholeOf(JSON.stringify([message([{ text: 'a' }]), { error }]))],
    ['a list with nothing else', () => wholeOf(JSON.stringify([{ error }]))],
    ['the whole body', () => wholeOf(JSON.stringify({ error }, null, 2))],
    [
      'what a wrapper made of it',
      () => decoded(protocol, FOREIGN, streamOf([{ event: 'error', data: JSON.stringify({ error }) }])),
    ],
  ])('FM-04 GM-08 %s tells of an error', (_where, events) => {
    expect(events().at(-1)).toEqual({
      type: 'error',
      error: { kind: 'overloaded', message: 'Busy', raw: error },
    });
  });

  test('FM-51 a refused key is quoted nowhere, whatever status tells of it', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }];
    for (const refused of [
      { code: 403, message: 'sk-secret', status: 'PERMISSION_DENIED' },
      { code: 400, message: 'sk-secret', status: 'INVALID_ARGUMENT', details },
      { code: 400, message: 'API key not valid: sk-secret', status: 'INVALID_ARGUMENT' },
    ]) {
      const told = protocol.decodeError({ status: refused.code, body: JSON.stringify({ error: refused }) });
      expect(told.kind).toBe('upstream_auth');
      expect(JSON.stringify(told)).not.toContain('secret');
      expect(JSON.stringify(read([{ error: refused }]))).not.toContain('secret');
    }
  });

  test('FM-40 the time after which to try again is found in the details', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.4s' }];
    const body = JSON.stringify([{ error: { code: 429, message: 'Slow', status: 'RESOURCE_EXHAUSTED', details } }]);
    expect(protocol.decodeError({ status: 429, body })).toMatchObject({ kind: 'rate_limited', retryAfter: 35 });
    expect(protocol.decodeError({ status: 429, body, retryAfter: 2 })).toMatchObject({ retryAfter: 2 });
  });

  test('UP-03 UP-08 comments and markers of other formats are no answer, text that is no JSON is an error', () => {
    const end = (data: string): Event | undefined => decoded(protocol, FOREIGN, streamOf([{ data }])).at(-1);
    for (const data of ['[DONE]', ': busy', '{}', 'null', '[]', '{"candidates":[]}', '{"candidates":7}', '<html>'])
      expect(end(data)?.type).toBe('error');
  });
});
