import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Request } from '../../src/model/request.ts';
import type { Capabilities } from '../../src/protocols/codec.ts';
import { dialect, protocol } from '../../src/protocols/openai-transcriptions/index.ts';
import { answersOf, bodyOf } from '../support/recordings.ts';
import { decoded, encoded, fixture, folded, framesOf, payloadsOf, reply, streamOf, target } from './exchange.ts';
import { faultUnderMutation } from './mutations.ts';

const read = (form: JsonObject = {}): Request => dialect.decodeRequest({ model: 'm', ...form });
const json = read({ stream: 'true' });

const text = (path: string): string => fixture(`openai-transcriptions/${path}`).toString();
const fromFrames = (stream: string, mode: Capabilities['transcriptDelta'] = 'auto'): Event[] =>
  decoded(protocol, json, streamOf(framesOf(stream)), target(true, { transcriptDelta: mode }));
const fromWhole = (body: string, request = json): Event[] =>
  decoded(protocol, request, (decoder) => {
    decoder.whole(body);
  });

const frame = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const deltas = (...pieces: string[]): string =>
  pieces.map((delta) => frame({ type: 'transcript.text.delta', delta })).join('');
const done = (whole: string, more: JsonObject = {}): string =>
  frame({ type: 'transcript.text.done', text: whole, ...more });
const DONE = 'data: [DONE]\n\n';
const written = (events: readonly Event[]): string[] =>
  events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : []));

describe('a transcription that is read', () => {
  test('TR-03 TR-05 the same answer streamed and whole', () => {
    const [streamed, whole] = [fromFrames(text('greeting/streamed.sse')), fromWhole(text('greeting/whole.json'))].map(
      folded,
    );
    expect({ ...whole, natives: [] }).toEqual(streamed);
    expect(streamed).toMatchObject({ usage: { input: 0, audioInput: 14, output: 4 }, finish: { reason: 'stop' } });
  });

  test.each<readonly [Capabilities['transcriptDelta'], string, readonly string[]]>([
    ['auto', text('cumulative/streamed.sse'), ['Good', ' morning', ', Zoë.']],
    ['cumulative', text('cumulative/streamed.sse'), ['Good', ' morning', ', Zoë.']],
    ['auto', text('greeting/streamed.sse'), ['Good', ' morning', ', Zoë.']],
    ['incremental', deltas('ha', 'ha', 'ha') + done('hahaha'), ['ha', 'ha', 'ha']],
    ['auto', deltas('no', ',', ' no, no') + done('no, no, no'), ['no', ',', ' no, no']],
    ['cumulative', deltas('Ring', 'Wring', 'Ringing') + done('Ringing'), ['Ring', 'ing']],
  ])('TR-04 in mode %s the deltas of %j are increments', (mode, stream, pieces) => {
    expect(written(fromFrames(stream, mode))).toEqual(pieces);
  });

  test.each<readonly [string, string]>([
    ['events without a type', frame({ text: 'one ' }) + frame({ text: 'two' }) + DONE],
    ['deltas that say text', frame({ type: 'transcript.text.delta', text: 'one two' }) + DONE],
    [
      'named events',
      'event: transcript.text.delta\ndata: {"delta":"one two"}\n\nevent: transcript.text.done\ndata: {"text":"one two"}\n\n',
    ],
    [
      'chat-like chunks',
      frame({ id: 'x', choices: [{ delta: { content: 'one ' } }] }) +
        frame({ id: 'x', choices: [{ delta: { content: 'two' } }] }) +
        DONE,
    ],
    ['the end alone', done('one two')],
    ['a last delta that only the end holds', deltas('one') + done('one two')],
  ])('TR-03 %s are understood', (_what, stream) => {
    expect(folded(fromFrames(stream)).blocks.map((block) => block.text)).toEqual(['one two']);
    expect(folded(fromFrames(stream)).natives).toEqual([]);
  });

  test.each<readonly [string, () => Event[]]>([
    ['a clean end without done', () => fromFrames(deltas('one'))],
    ['[DONE] alone', () => fromFrames(DONE)],
    ['half a frame', () => fromFrames(`${deltas('one')}data: {"ty\n\n`)],
    ['HTML', () => fromWhole('<!doctype html><p>502')],
    ['JSON without text', () => fromWhole('{"id":1}')],
    ['an empty body', () => fromWhole('')],
  ])('TR-07 UP-08 %s is an error', (_what, events) => {
    expect(events().at(-1)).toMatchObject({ type: 'error', error: { kind: 'bad_response' } });
  });

  test('TR-07 an error in the stream or the body is an error', () => {
    const streamed = fromFrames(deltas('one') + frame({ error: { message: 'no more' } }) + done('one'));
    expect(streamed.at(-1)).toMatchObject({ type: 'error', error: { message: 'no more' } });
    expect(fromWhole('{"error":"no more"}').at(-1)).toMatchObject({ type: 'error', error: { message: 'no more' } });
  });

  test('TR-06 a recording without speech is a whole answer', () => {
    expect(folded(fromWhole('{"text":""}'))).toMatchObject({ blocks: [{ text: '' }], finish: { reason: 'stop' } });
    expect(folded(fromWhole('', read({ response_format: 'text' })))).toMatchObject({ blocks: [{ text: '' }] });
    expect(folded(fromFrames(done('')))).toMatchObject({ finish: { reason: 'stop' } });
  });

  test.each(['greeting', 'cumulative', 'two-speakers'])('mutations of %s give events that are well-formed', (name) => {
    expect(faultUnderMutation(protocol, json, framesOf(text(`${name}/streamed.sse`)))).toBeUndefined();
  });
});

describe('a transcription that is written', () => {
  test('TR-03 a delta says its text twice, done says all of it, [DONE] ends it', () => {
    const { text: stream, lost } = encoded(dialect, fromFrames(text('cumulative/streamed.sse')), reply(json));
    const usage = {
      type: 'tokens',
      input_tokens: 14,
      input_token_details: { text_tokens: 0, audio_tokens: 14 },
      output_tokens: 4,
      total_tokens: 18,
    };
    expect(payloadsOf(stream)).toEqual([
      { type: 'transcript.text.delta', delta: 'Good', text: 'Good' },
      { type: 'transcript.text.delta', delta: ' morning', text: ' morning' },
      { type: 'transcript.text.delta', delta: ', Zoë.', text: ', Zoë.' },
      { type: 'transcript.text.done', text: 'Good morning, Zoë.', usage },
      '[DONE]',
    ]);
    expect(lost).toBe(0);
  });

  test.each(['greeting', 'two-speakers'])('TR-03 %s survives being written and read again', (name) => {
    const events = fromFrames(text(`${name}/streamed.sse`));
    const { text: stream } = encoded(dialect, events, reply(json));
    expect(folded(fromFrames(stream))).toEqual(folded(events));
  });

  test('TR-03 segments, segment ids and languages are relayed', () => {
    const payloads = payloadsOf(encoded(dialect, fromFrames(text('two-speakers/streamed.sse')), reply(json)).text);
    const given = payloadsOf(text('two-speakers/streamed.sse'));
    expect(payloads.slice(0, 2)).toEqual(given.slice(0, 2));
    expect(payloads[2]).toMatchObject({ segment_id: 'seg_1' });
    expect(payloads[3]).toMatchObject({ languages: ['en'], text: 'Where to? The station, please.' });
  });

  test('TR-03 the last word of the upstream reaches the client, though the deltas said otherwise', () => {
    const payloads = payloadsOf(encoded(dialect, fromFrames(deltas('Wring') + done('Ring')), reply(json)).text);
    expect(payloads.at(-2)).toMatchObject({ type: 'transcript.text.done', text: 'Ring' });
  });

  test('TR-05 a JSON answer becomes one delta, done, [DONE]; its speakers become segments', () => {
    const plain = payloadsOf(encoded(dialect, fromWhole('{"text":"Hello"}'), reply(json)).text);
    expect(plain.map((payload) => (payload as JsonObject)['type'] ?? payload)).toEqual([
      'transcript.text.delta',
      'transcript.text.done',
      '[DONE]',
    ]);
    const diarized = read({ response_format: 'diarized_json', stream: 'true' });
    const payloads = payloadsOf(encoded(dialect, fromWhole(text('two-speakers/whole.json')), reply(diarized)).text);
    expect(payloads.slice(0, 2)).toEqual(payloadsOf(text('two-speakers/streamed.sse')).slice(0, 2));
  });

  test('TR-05 an event stream is folded to JSON for a client that asked for a whole answer', () => {
    const whole = (name: string, format: string): unknown => {
      const { body } = dialect.encodeWhole(
        { id: '', ...folded(fromFrames(text(`${name}/streamed.sse`))) },
        reply(read({ response_format: format })),
      );
      return JSON.parse(String(body));
    };
    expect(whole('greeting', 'json')).toEqual(JSON.parse(text('greeting/whole.json')));
    const { duration: _duration, ...due } = JSON.parse(text('two-speakers/whole.json')) as JsonObject;
    expect(whole('two-speakers', 'diarized_json')).toEqual({ ...due, languages: ['en'] });
  });

  test('TR-06 a detailed JSON answer goes on as it came, plain formats as plain text', () => {
    const verbose =
      '{"task":"transcribe","language":"english","duration":1.5,"text":"Hi","words":[],"usage":{"type":"duration","seconds":2}}';
    const whole = (body: string, format: string): { readonly contentType: string; readonly body: unknown } => {
      const request = read({ response_format: format });
      return dialect.encodeWhole({ id: '', ...folded(fromWhole(body, request)) }, reply(request));
    };
    expect(whole(verbose, 'verbose_json')).toEqual({ contentType: 'application/json', body: verbose });
    const srt = '1\n00:00:00,000 --> 00:00:02,000\nHi\n\n\n';
    for (const format of ['srt', 'vtt', 'text'])
      expect(whole(srt, format)).toEqual({ contentType: 'text/plain; charset=utf-8', body: srt });
    expect(whole('{"text":"Hi","usage":{"type":"duration","seconds":2}}', 'json').body).toBe(
      '{"text":"Hi","usage":{"type":"duration","seconds":2}}',
    );
  });

  test('TR-06 a duration stands in where nothing else is counted', () => {
    expect(folded(fromWhole('{"text":"Hi","duration":1.5}')).usage).toMatchObject({ seconds: 1.5, input: 0 });
    const told = { type: 'duration', seconds: 2 };
    expect(
      payloadsOf(encoded(dialect, fromFrames(done('Hi', { usage: told })), reply(json)).text).at(-2),
    ).toMatchObject({ usage: told });
  });

  test('TR-07 an error is one frame, and neither done nor [DONE] follows', () => {
    const { text: stream } = encoded(dialect, fromFrames(deltas('one')), reply(json));
    expect(payloadsOf(stream).at(-1)).toMatchObject({
      error: { type: 'upstream_error', code: 'upstream_bad_response', param: null },
    });
    expect(stream).not.toMatch(/transcript\.text\.done|\[DONE\]/);
  });
});

describe('recordings', () => {
  const answers = answersOf('openai-transcription');

  test.skipIf(answers.length === 0)('UP-01 TR-03 TR-06 every recorded transcription reads as its index says', () => {
    for (const recording of answers) {
      const body = bodyOf(recording).toString();
      const format = /fmt:(\w+)/.exec(recording.features.join(' '))?.[1] ?? 'json';
      const events = recording.streaming
        ? fromFrames(body, 'incremental')
        : fromWhole(body, read({ response_format: format }));
      const { blocks, usage, finish } = folded(events);
      const told = blocks.map((block) => block.text).join('');
      // The index counts the text of deltas only; recordings of segments have all of it in their end.
      if (recording.text_sha256 === null) expect(body, recording.file).toContain(JSON.stringify(told).slice(1, -1));
      else expect(createHash('sha256').update(told).digest('hex'), recording.file).toBe(recording.text_sha256);
      expect(finish?.reason, recording.file).toBe('stop');
      const { total_tokens: total, seconds } = recording.usage ?? {};
      if (total !== undefined)
        expect(usage?.total ?? (usage && usage.input + usage.audioInput + usage.output), recording.file).toBe(total);
      if (seconds !== undefined) expect(usage?.seconds, recording.file).toBe(seconds);
    }
  });
});
