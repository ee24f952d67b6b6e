import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import type { ErrorKind } from '../../src/model/errors.ts';
import { dialect, protocol, streamDialect } from '../../src/protocols/gemini/index.ts';
import { Peek } from '../support/peek.ts';
import { readGeminiStream } from '../support/gemini-automaton.ts';
import { decoded, encoded, framesOf, payloadsOf, reply, streamOf } from './exchange.ts';
import { FOREIGN, LISTED, OWN, replyTo, streamedFrom, written } from './gemini-bench.ts';

const START: Event = { type: 'start', id: 'up', model: 'up' };
const FINISH: Event = { type: 'finish', reason: 'stop' };

/** An answer of one block. */
function block(head: Extract<Event, { type: 'block-start' }>['block'], ...inside: Event[]): Event[] {
  const last = inside.at(-1)?.type === 'block-end' ? [] : [{ type: 'block-end', index: 0 } as const];
  return [START, { type: 'block-start', index: 0, block: head }, ...inside, ...last, FINISH];
}

const text = (piece: string): Event => ({ type: 'text-delta', index: 0, text: piece });
const whole = (events: readonly Event[]): Peek =>
  Peek.parse(String(dialect.encodeWhole(collect(events), replyTo()).body));
const parts = (events: readonly Event[]): unknown => whole(events).at('candidates', 0, 'content', 'parts').value;

describe('a stream', () => {
  test('GM-02 GM-03 GM-05 a message has the exact shape of the reference', () => {
    const usage = { input: 3, cacheRead: 4, cacheWrite: 0, audioInput: 0, output: 2, reasoning: 1, audioOutput: 0 };
    const told: Event[] = [...block({ type: 'text' }, text('Hé\u2028')).slice(0, -1), { type: 'usage', usage }, FINISH];
    const identity = { modelVersion: 'asked-model', responseId: 'abcdefghijklmnopqrstuvwx' };
    const usageMetadata = {
      promptTokenCount: 7,
      candidatesTokenCount: 2,
      totalTokenCount: 10,
      cachedContentTokenCount: 4,
      thoughtsTokenCount: 1,
    };
    expect(payloadsOf(written(told))).toEqual([
      { candidates: [{ content: { parts: [{ text: 'Hé\u2028' }], role: 'model' }, index: 0 }], ...identity },
      {
        candidates: [{ content: { parts: [{ text: '' }], role: 'model' }, finishReason: 'STOP', index: 0 }],
        usageMetadata,
        ...identity,
      },
    ]);
    expect(written(told)).toContain(String.raw`\u2028`);
  });

  test('GM-02 a list is opened with its first element and closed with its last, each in one write', () => {
    const writes: string[] = [];
    const encoder = streamDialect.encoder((chunk) => void writes.push(chunk.toString()), reply(LISTED));
    for (const event of block({ type: 'text' }, text('a'), text('b'))) encoder.push(event);
    expect(writes.map((each) => [each.slice(0, 3), each.slice(-2)])).toEqual([
      ['[{"', '"}'],
      [',\n{', '"}'],
      [',\n{', '}]'],
    ]);
    expect(streamDialect.streamForm(LISTED)).toEqual({
      contentType: 'application/json; charset=utf-8',
      tellsErrors: true,
    });
    expect(streamDialect.streamForm(OWN).contentType).toBe('text/event-stream; charset=utf-8');
  });

  test('GM-07 GM-08 an error is the last message, and closes a list', () => {
    const error: Event = { type: 'error', error: { kind: 'overloaded', message: 'Busy', code: 'overloaded' } };
    const object = { error: { code: 503, message: 'Busy', status: 'UNAVAILABLE' } };
    const told = [...block({ type: 'text' }, text('a')).slice(0, -1), error];
    expect(payloadsOf(written(told)).at(-1)).toEqual(object);
    expect(readGeminiStream(written(told)).end).toBe('error');
    expect(readGeminiStream(written(told, LISTED), { list: true }).error?.value).toEqual(object.error);
    expect(JSON.parse(written([error], LISTED))).toEqual([object]);
  });
});

describe('parts', () => {
  test('GM-04 a call in pieces is one complete part whose numbers are as the model wrote them', () => {
    const pieces = ['{"n":', ' 2512292042121000001,\n "x": 1.0}'];
    const told = block(
      { type: 'tool-call', id: 'call_1', name: 'f' },
      ...pieces.map((json): Event => ({ type: 'input-delta', index: 0, json })),
    );
    expect(written(told)).toContain(
      '"functionCall":{"id":"call_1","name":"f","args":{"n": 2512292042121000001,  "x": 1.0}}',
    );
    expect(readGeminiStream(written(told)).calls).toHaveLength(1);
  });

  test.each([
    ['', {}],
    ['null', {}],
    ['{"a":1}', { a: 1 }],
  ])('GM-04 FM-13 the arguments %j are %j', (json, args) => {
    const told = block({ type: 'tool-call', id: 'c', name: 'f' }, { type: 'input-delta', index: 0, json });
    expect(parts(told)).toEqual([{ functionCall: { id: 'c', name: 'f', args } }]);
  });

  test('a call that was cut off, for which there is no form, is left out and counted', () => {
    const told = block({ type: 'tool-call', id: 'c', name: 'f' }, { type: 'input-delta', index: 0, json: '{"a":' });
    const { text: out, lost } = encoded(streamDialect, told, replyTo());
    expect(lost).toBe(1);
    expect(readGeminiStream(out).calls).toEqual([]);
  });

  test('free text for a tool is its one argument, a refusal is text', () => {
    const custom = block(
      { type: 'tool-call', id: 'c', name: 'f', custom: true },
      { type: 'input-delta', index: 0, json: 'a "b"' },
    );
    expect(parts(custom)).toEqual([{ functionCall: { id: 'c', name: 'f', args: { input: 'a "b"' } } }]);
    expect(parts(block({ type: 'refusal' }, text('No.')))).toEqual([{ text: 'No.' }]);
  });

  test('a sound is heard piece by piece, a picture seen whole', () => {
    const pieces: Event[] = ['QUI=', 'Qw=='].map((base64) => ({ type: 'audio-delta', index: 0, base64 }));
    const inline = (told: Event[]): unknown[] =>
      payloadsOf(written(told)).flatMap(
        (each) => new Peek(each).at('candidates', 0, 'content', 'parts', 0, 'inlineData').value ?? [],
      );
    expect(inline(block({ type: 'media', media: 'audio', format: 'mp3' }, ...pieces))).toEqual([
      { mimeType: 'audio/mp3', data: 'QUI=' },
      { mimeType: 'audio/mp3', data: 'Qw==' },
    ]);
    const picture = [{ mimeType: 'image/png', data: 'QUJD' }];
    expect(inline(block({ type: 'media', media: 'image', format: 'png' }, ...pieces))).toEqual(picture);
    expect(parts(block({ type: 'media', media: 'image', format: 'png' }, ...pieces))).toEqual([
      { inlineData: picture[0] },
    ]);
  });
});

describe('seals', () => {
  const seal = { protocol: 'anthropic-messages' as const, data: 'sig+/=\u00e9' };
  const thought = block({ type: 'reasoning' }, text('hm'), { type: 'block-end', index: 0, seal });

  test('GM-04 FM-14 another format’s seal travels beside its thought in base64 that every client keeps', () => {
    const { signatures, thoughts } = readGeminiStream(written(thought));
    expect(thoughts.get(0)).toBe('hm');
    const [signature] = signatures;
    expect(signature).toMatch(/^[A-Za-z0-9]+={0,2}$/);
    expect(parts(thought)).toEqual([{ text: 'hm', thought: true, thoughtSignature: signature }]);
    // A client that keeps bytes writes them anew, in the other alphabet.
    const again = Buffer.from(signature ?? '', 'base64').toString('base64url');
    for (const contents of [
      [
        {
          role: 'model',
          parts: [
            { text: 'hm', thought: true },
            { text: '', thought: true, thoughtSignature: again },
          ],
        },
      ],
      [{ role: 'model', parts: parts(thought) as object[] }],
    ]) {
      const request = dialect.decodeRequest({ contents } as never, { params: { model: 'm' }, query: {} });
      expect(request).toMatchObject({
        turns: [{ role: 'assistant', blocks: [{ type: 'reasoning', text: 'hm', seal }] }],
      });
    }
  });

  test('GM-04 FM-15 its own seals stand bare, on the call or on an empty text as they came', () => {
    const stream = readGeminiStream(written(streamedFrom('thoughts-and-calls')));
    expect(stream.signatures).toEqual(['QUFBQQ==', 'QkJCQg==', 'Q0NDQw==']);
    expect(stream.calls.map(({ signature, id }) => [signature, id])).toEqual([
      ['QkJCQg==', 'x9'],
      ['', 'call_0'],
      ['', 'call_1'],
    ]);
    expect(written(streamedFrom('thoughts-and-calls'))).toContain('{"text":"","thoughtSignature":"Q0NDQw=="}');
  });
});

describe('sources and ends', () => {
  test('sources of other formats are grounding, in bytes of all text', () => {
    const told = block(
      { type: 'text' },
      text('Café A'),
      { type: 'annotation', index: 0, annotation: { type: 'url', url: 'https://a/', title: 'A', start: 0, end: 6 } },
      { type: 'annotation', index: 0, annotation: { type: 'url', url: 'https://b/' } },
    );
    const grounding = {
      groundingChunks: [{ web: { uri: 'https://a/', title: 'A' } }, { web: { uri: 'https://b/' } }],
      groundingSupports: [{ segment: { startIndex: 0, endIndex: 7, text: 'Café A' }, groundingChunkIndices: [0] }],
    };
    expect(new Peek(payloadsOf(written(told)).at(-1)).at('candidates', 0, 'groundingMetadata').value).toEqual(
      grounding,
    );
    expect(whole(told).at('candidates', 0, 'groundingMetadata').value).toEqual(grounding);
  });

  test.each<readonly [Extract<Event, { type: 'finish' }>['reason'], string | undefined, string]>([
    ['stop', undefined, 'STOP'],
    ['stop-sequence', 'stop_sequence', 'STOP'],
    ['tool-calls', 'tool_use', 'STOP'],
    ['length', 'max_tokens', 'MAX_TOKENS'],
    ['context-full', 'model_context_window_exceeded', 'MAX_TOKENS'],
    ['filter', 'content_filter', 'SAFETY'],
    ['filter', 'RECITATION', 'RECITATION'],
    ['pause', 'pause_turn', 'STOP'],
    ['other', 'zzz', 'OTHER'],
    ['other', 'MALFORMED_FUNCTION_CALL', 'MALFORMED_FUNCTION_CALL'],
  ])('GM-06 an end by %s (%s) is %s, streamed and whole', (reason, raw, word) => {
    const told: Event[] = [START, { type: 'finish', reason, ...(raw !== undefined && { raw }) }];
    expect(readGeminiStream(written(told)).finishes.get(0)).toBe(word);
    expect(whole(told).at('candidates', 0, 'finishReason').value).toBe(word);
    // Clients drop a turn one of whose messages has no part.
    expect(parts(told)).toEqual([{ text: '' }]);
  });

  test('CC-23 log-probabilities are written beside the text they are of', () => {
    const logprobs = [
      { token: 'a', logprob: -1, bytes: [97], top_logprobs: [{ token: 'b', logprob: -2, bytes: [98] }] },
    ];
    const told = block({ type: 'text' }, { type: 'text-delta', index: 0, text: 'a', logprobs });
    const again = collect(decoded(protocol, FOREIGN, streamOf(framesOf(written(told))))).blocks[0]?.logprobs;
    expect(again).toEqual(logprobs);
    expect(whole(told).at('candidates', 0, 'logprobsResult', 'chosenCandidates', 0).value).toEqual({
      token: 'a',
      logProbability: -1,
    });
  });
});

test.each<readonly [ErrorKind, number, string]>([
  ['invalid_request', 400, 'INVALID_ARGUMENT'],
  ['unauthenticated', 401, 'UNAUTHENTICATED'],
  ['forbidden', 403, 'PERMISSION_DENIED'],
  ['not_found', 404, 'NOT_FOUND'],
  ['rate_limited', 429, 'RESOURCE_EXHAUSTED'],
  ['quota', 402, 'RESOURCE_EXHAUSTED'],
  ['overloaded', 503, 'UNAVAILABLE'],
  ['timeout', 504, 'DEADLINE_EXCEEDED'],
  ['internal', 500, 'INTERNAL'],
  ['upstream_auth', 502, 'INTERNAL'],
])('GM-08 %s is HTTP %i and %s', (kind, code, status) => {
  const told = dialect.encodeError({ kind, message: 'M', code: 'c', param: 'p', type: 'some_type' });
  expect([told.status, JSON.parse(told.body)]).toEqual([code, { error: { code, message: 'M', status } }]);
});
