import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Request } from '../../src/model/request.ts';
import { dialect, protocol } from '../../src/protocols/openai-speech/index.ts';
import { Peek } from '../support/peek.ts';
import { answersOf, bodyOf } from '../support/recordings.ts';
import { decoded, encoded, fixture, folded, framesOf, payloadsOf, reply, streamOf, target } from './exchange.ts';
import { faultUnderMutation } from './mutations.ts';

const read = (body: JsonObject): Request => dialect.decodeRequest({ model: 'm', input: 'Hello', voice: 'v', ...body });
const events = read({ stream_format: 'sse' });
const raw = read({});

const sound = fixture('openai-speech/short-clip/raw.bin');
const text = (file: string): string => fixture(`openai-speech/short-clip/${file}`).toString();
const fromFrames = (stream: string): Event[] => decoded(protocol, events, streamOf(framesOf(stream)));
const fromWhole = (body: string): Event[] =>
  decoded(protocol, events, (decoder) => {
    decoder.whole(body);
  });
const fromBytes = (bytes: Buffer, size: number, request = raw): Event[] =>
  decoded(protocol, request, (decoder) => {
    for (let at = 0; at < bytes.length; at += size) decoder.bytes?.(bytes.subarray(at, at + size));
    decoder.end();
  });

/** The pieces of a sound, each of which must decode by itself. */
function pieces(from: readonly Event[]): Buffer[] {
  return from.flatMap((event) => {
    if (event.type !== 'audio-delta') return [];
    const piece = Buffer.from(event.base64, 'base64');
    expect(piece.toString('base64')).toBe(event.base64);
    return [piece];
  });
}

const soundOf = (from: readonly Event[]): Buffer => Buffer.concat(pieces(from));

describe('a sound that is read', () => {
  test('SP-06 frames, named frames and a whole body give the same sound and usage', () => {
    const streams = [fromFrames(text('streamed.sse')), fromFrames(text('named.sse')), fromWhole(text('whole.json'))];
    for (const stream of streams) {
      expect(soundOf(stream).equals(sound)).toBe(true);
      expect(folded(stream)).toMatchObject({ usage: { input: 14, audioOutput: 101 }, finish: { reason: 'stop' } });
    }
  });

  test('SP-04 SP-05 raw bytes become pieces that decode by themselves, however the network cut them', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40_000 });
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 30_000 }), (given, size) => {
        const found = fromBytes(Buffer.from(given), given.length < 200 ? size % 50 || 1 : size);
        expect(soundOf(found).equals(Buffer.from(given))).toBe(true);
        for (const event of found)
          if (event.type === 'audio-delta') expect(event.base64.length).toBeLessThanOrEqual(16_384);
        expect(found.at(-1)).toEqual({ type: 'finish', reason: 'stop' });
      }),
      { numRuns: 60 },
    );
  });

  test('SP-02 SP-05 each chunk of bytes is handed on as it arrives', () => {
    const seen: number[] = [];
    decoded(protocol, raw, (decoder) => {
      for (const size of [5, 1]) {
        decoder.bytes?.(new Uint8Array(size));
        seen.push(size);
      }
      expect(decoder.phase).toBe('open');
      decoder.end();
      expect(decoder.phase).toBe('closed');
    });
    expect(pieces(fromBytes(Buffer.alloc(10), 4)).map((piece) => piece.length)).toEqual([4, 4, 2]);
  });

  test('pieces without padding or in the other alphabet are set right', () => {
    const stream = 'data: {"type":"speech.audio.delta","audio":"-_-_"}\n\ndata: {"audio":"AQ"}\n\ndata: [DONE]\n\n';
    expect(soundOf(fromFrames(stream)).toString('hex')).toBe('fbffbf01');
  });

  test.each<readonly [string, () => Event[]]>([
    [
      'frames without an end',
      () => fromFrames(text('streamed.sse').replace(/data: \{"type":"speech.audio.done[^]*/, '')),
    ],
    ['[DONE] alone', () => fromFrames('data: [DONE]\n\n')],
    ['an empty raw body', () => fromBytes(Buffer.alloc(0), 1)],
    ['audio that is no base64', () => fromFrames('data: {"audio":"*"}\n\ndata: [DONE]\n\n')],
    ['a page of HTML', () => fromWhole('<html></html>')],
    ['JSON without sound', () => fromWhole('{"id":"x"}')],
  ])('UP-08 %s is an error', (_what, found) => {
    expect(found().at(-1)).toMatchObject({ type: 'error', error: { kind: 'bad_response' } });
  });

  test.each(['data: {"error":{"message":"too loud"}}\n\n', 'event: error\ndata: {"message":"too loud"}\n\n'])(
    'an error in the stream is an error: %j',
    (frame) => {
      expect(fromFrames(frame).at(-1)).toMatchObject({ type: 'error', error: { message: 'too loud' } });
    },
  );

  test.each(['streamed.sse', 'named.sse'])('mutations of %s give events that are well-formed', (file) => {
    expect(faultUnderMutation(protocol, events, framesOf(text(file)))).toBeUndefined();
  });
});

describe('a sound that is written', () => {
  test('SP-04 frames are data-only, typed, and end with usage and [DONE]', () => {
    const { text: stream, lost } = encoded(dialect, fromFrames(text('named.sse')), reply(events));
    expect(stream).toBe(text('streamed.sse'));
    expect(stream).not.toContain('event:');
    expect(lost).toBe(0);
  });

  test('SP-04 usage is always there, and an estimate says so', () => {
    const usage = {
      input: 3,
      cacheRead: 0,
      cacheWrite: 0,
      audioInput: 0,
      output: 0,
      reasoning: 0,
      audioOutput: 9,
    };
    const given = fromBytes(sound, 100).toSpliced(-1, 0, { type: 'usage', usage: { ...usage, estimated: true } });
    const payloads = payloadsOf(encoded(dialect, given, reply(events)).text);
    const counts = { input_tokens: 3, output_tokens: 9, total_tokens: 12, estimated: true };
    expect(payloads.at(-2)).toEqual({ type: 'speech.audio.done', usage: counts });
  });

  test('SP-02 SP-05 a raw client gets the very bytes, from frames too', () => {
    expect(encoded(dialect, fromBytes(sound, 77), reply(raw)).bytes.equals(sound)).toBe(true);
    expect(encoded(dialect, fromFrames(text('streamed.sse')), reply(raw)).bytes.equals(sound)).toBe(true);
  });

  test('SP-03 an error writes nothing into a raw sound, and one frame without [DONE] into a stream', () => {
    const failed: Event[] = [
      ...fromBytes(sound, 500).slice(0, -2),
      { type: 'error', error: { kind: 'timeout', message: 'late' } },
    ];
    expect(encoded(dialect, failed, reply(raw)).bytes.equals(sound)).toBe(true);
    const payloads = payloadsOf(encoded(dialect, failed, reply(events)).text);
    expect(payloads.at(-1)).toMatchObject({ error: { message: 'late', code: 'upstream_timeout' } });
  });

  test.each([raw, events])('a whole answer is the stream in one piece', (request) => {
    const given = fromFrames(text('streamed.sse'));
    const whole = dialect.encodeWhole({ id: '', ...folded(given) }, reply(request));
    expect(Buffer.from(whole.body).equals(encoded(dialect, given, reply(request)).bytes)).toBe(true);
    expect(whole.contentType).toBe(dialect.streamForm(request).contentType);
  });
});

describe('a request', () => {
  test('SP-01 SP-02 is read with its defaults, and its format names the content type', () => {
    expect(raw).toMatchObject({ task: 'speech', stream: true, input: 'Hello', format: 'mp3', delivery: 'audio' });
    expect(dialect.streamForm(events).contentType).toBe('text/event-stream; charset=utf-8');
    const types = ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm', 'new'].map(
      (format) => dialect.streamForm(read({ response_format: format })).contentType,
    );
    expect(types).toEqual([
      'audio/mpeg',
      'audio/opus',
      'audio/aac',
      'audio/flac',
      'audio/wav',
      'audio/pcm',
      'application/octet-stream',
    ]);
  });

  test.each<readonly [string, JsonObject]>([
    ['model', { model: null }],
    ['input', { input: null }],
    ['input', { input: '' }],
    ['voice', { voice: 7 }],
    ['speed', { speed: 0.2 }],
    ['speed', { speed: 4.01 }],
    ['stream_format', { stream_format: 'websocket' }],
    ['response_format', { response_format: 1 }],
  ])('SP-01 a wrong %s is refused by its name: %j', (param, body) => {
    expect(() => read(body)).toThrow(GatewayFailure);
    expect(() => read(body)).toThrow(`'${param}'`);
  });

  test('UP-09 goes upstream unchanged but for the model', () => {
    const body = { model: 'm', input: 'Hello', voice: { id: 'v1' }, speed: 1.5, stream_format: 'sse', mine: [1] };
    const { body: sent } = protocol.encodeRequest(dialect.decodeRequest(body), target());
    expect(protocol.path(raw, target())).toBe('/audio/speech');
    expect(sent).toBe(JSON.stringify(body).replace('"m"', '"upstream-model"'));
  });
});

describe('recordings', () => {
  const answers = answersOf('openai-speech');

  test.skipIf(answers.length === 0)('SP-02 every recorded sound comes out byte for byte', () => {
    for (const recording of answers) {
      const body = bodyOf(recording);
      const json = recording.file.endsWith('.json');
      const found = json ? fromWhole(body.toString()) : fromBytes(body, 1000);
      const wanted = json ? Buffer.from(Peek.parse(body.toString()).at('audio_data').text, 'base64') : body;
      const [got, due] = [soundOf(found), wanted].map((bytes) => createHash('sha256').update(bytes).digest('hex'));
      expect(got, recording.file).toBe(due);
      expect(found.at(-1)?.type, recording.file).toBe('finish');
    }
  });
});
