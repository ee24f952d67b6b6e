import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { Event } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Request } from '../../src/model/request.ts';
import { dialect, editDialect, protocol } from '../../src/protocols/openai-images/index.ts';
import { decoded, encoded, fixture, framesOf, payloadsOf, reply, streamOf, target } from './exchange.ts';
import { faultUnderMutation } from './mutations.ts';

const drawing = (more: JsonObject = {}): Request => dialect.decodeRequest({ model: 'm', prompt: 'a weir', ...more });
const changing = (more: JsonObject = {}): Request => editDialect.decodeRequest({ model: 'm', prompt: 'more', ...more });
const asked = drawing({ stream: true });
const file = (path: string): string => fixture(`openai-images/${path}`).toString();
const KINDS = [
  ['generated', asked],
  ['edited', changing({ stream: 'true' })],
] as const;

const fromFrames = (stream: string, request = asked): Event[] => decoded(protocol, request, streamOf(framesOf(stream)));
const fromWhole = (body: string, request = asked): Event[] =>
  decoded(protocol, request, (decoder) => {
    decoder.whole(body);
  });
const wholeFor = (events: readonly Event[], request: Request): string =>
  String(dialect.encodeWhole(collect(events), reply(request)).body);

describe('pictures that are made', () => {
  test.each(KINDS)('UP-08 a stream of pictures passes event by event, with its names (%s)', (kind, request) => {
    const stream = file(`${kind}/streamed.sse`);
    const events = fromFrames(stream, request);
    expect(encoded(dialect, events, reply(request))).toMatchObject({ text: stream, lost: 0 });
    const { usage, finish } = collect(events);
    expect([usage?.input, usage?.output, finish]).toEqual([50, 1060, { reason: 'stop' }]);
  });

  test('a stream without event names, on several lines or with a marker passes too', () => {
    const stream = file('generated/streamed.sse');
    const bare = stream.replaceAll(/^event: .*\n/gm, '');
    expect(encoded(dialect, fromFrames(bare), reply(asked)).text).toBe(bare);
    expect(encoded(dialect, fromFrames(`${bare}data: [DONE]\n\n`), reply(asked)).text).toBe(`${bare}data: [DONE]\n\n`);
    const lines = encoded(dialect, fromFrames(bare.replaceAll(',"size"', '\ndata: ,"size"')), reply(asked)).text;
    expect(payloadsOf(lines)).toEqual(payloadsOf(bare));
  });

  test.each(KINDS)('UP-06 whole = streamed, and each can be given as the other (%s)', (kind, request) => {
    const whole = file(`${kind}/whole.json`);
    const streamed = file(`${kind}/streamed.sse`);
    expect(JSON.parse(wholeFor(fromFrames(streamed, request), request))).toEqual(JSON.parse(whole));
    expect(wholeFor(fromWhole(whole, request), request)).toBe(whole);
    const { text } = encoded(dialect, fromWhole(whole, request), reply(request));
    expect(payloadsOf(text)).toEqual(payloadsOf(streamed).slice(-1));
    expect(framesOf(text).map(({ event }) => event)).toEqual(
      framesOf(streamed)
        .slice(-1)
        .map(({ event }) => event),
    );
  });

  test('several pictures of one stream are all waited for, and their tokens are added up', () => {
    const [first = '', second = '', done = ''] = file('generated/streamed.sse').split(/(?<=\n\n)/);
    const two = drawing({ stream: true, n: 2 });
    const events = fromFrames(first + done + second + done, two);
    expect(collect(events)).toMatchObject({ usage: { input: 100, output: 2120 }, finish: { reason: 'stop' } });
    const { data, usage } = JSON.parse(wholeFor(events, two)) as { data: unknown[]; usage: unknown };
    expect([data.length, usage]).toEqual([2, { input_tokens: 100, output_tokens: 2120, total_tokens: 2220 }]);
    expect(fromFrames(first + done, two).at(-1)).toMatchObject({ type: 'error', error: { kind: 'bad_response' } });
    expect(fromFrames(`${done}data: [DONE]\n\n`, two).at(-1)).toMatchObject({ type: 'finish' });
  });

  test('UP-08 a stream that is cut before its picture is done is never a normal end', () => {
    const frames = framesOf(file('generated/streamed.sse'));
    for (let count = 0; count < frames.length; count++)
      for (const rest of [[], [{ data: '[DONE]' }]])
        expect(decoded(protocol, asked, streamOf([...frames.slice(0, count), ...rest])).at(-1)).toMatchObject({
          type: 'error',
          error: { kind: 'bad_response' },
        });
  });

  test('an error in the stream or in the body is told in the stream, in the form clients raise', () => {
    const told = '{"type":"error","error":{"message":"Not that.","code":"moderation_blocked","type":"image_error"}}';
    const first = file('generated/streamed.sse').split(/(?<=\n\n)/)[0] ?? '';
    const events = fromFrames(`${first}event: error\ndata: ${told}\n\n`);
    expect(framesOf(encoded(dialect, events, reply(asked)).text).at(-1)).toMatchObject({ event: 'error' });
    expect(payloadsOf(encoded(dialect, events, reply(asked)).text).at(-1)).toMatchObject({
      type: 'error',
      error: { message: 'Not that.', code: 'moderation_blocked' },
    });
    expect(fromWhole(told)).toMatchObject([{ type: 'error', error: { message: 'Not that.' } }]);
    expect(fromWhole('[]')).toMatchObject([{ type: 'error', error: { kind: 'bad_response' } }]);
  });

  test('an answer that tells of no tokens is counted as none, and says that it is a guess', () => {
    const events = fromWhole('{"created":1,"data":[{"url":"https://example.com/a.png"}]}');
    expect(collect(events).usage).toMatchObject({ input: 0, output: 0, estimated: true });
    expect(dialect.passWhole?.('{"data":[]}', reply(asked))?.usage).toMatchObject({ output: 0, estimated: true });
    expect(dialect.passWhole?.('{"error":{},"data":[]}', reply(asked))).toBeUndefined();
  });

  test('any damage gives well-formed events and one end, which is an error unless a picture was done', () => {
    expect(faultUnderMutation(protocol, asked, framesOf(file('generated/streamed.sse')))).toBeUndefined();
  });

  test('what is no picture is counted as lost', () => {
    const text: Event[] = [
      { type: 'start', id: 'x', model: 'm' },
      { type: 'block-start', index: 0, block: { type: 'text' } },
      { type: 'text-delta', index: 0, text: 'a' },
      { type: 'native', native: { protocol: 'openai-chat', value: {} } },
    ];
    expect(encoded(dialect, text, reply(asked))).toMatchObject({ text: '', lost: 3 });
  });
});

describe('requests for pictures', () => {
  test('the model and the stream are read, from JSON and from the fields of a form', () => {
    expect(drawing()).toMatchObject({ task: 'image', model: 'm', stream: false });
    expect(asked).toMatchObject({ stream: true });
    expect(changing({ stream: 'true', 'tag[]': ['a', 'b'] })).toMatchObject({
      task: 'image-edit',
      stream: true,
      fields: [
        ['model', 'm'],
        ['prompt', 'more'],
        ['stream', 'true'],
        ['tag[]', 'a'],
        ['tag[]', 'b'],
      ],
    });
    expect(changing({ images: [{ file_id: 'f' }] })).not.toHaveProperty('fields');
  });

  test.each<readonly [string, JsonObject]>([
    ['model', { prompt: 'x' }],
    ['model', { model: '', prompt: 'x' }],
    ['stream', { model: 'm', stream: 'perhaps' }],
  ])('what is wrong with %s is refused by name', (param, body) => {
    for (const half of [dialect, editDialect])
      try {
        half.decodeRequest(body);
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayFailure);
        expect(error).toMatchObject({ error: { kind: 'invalid_request', param } });
      }
  });

  test('UP-09 a form goes on with its fields in order, JSON with its own keys; only the model differs', () => {
    expect(protocol.encodeRequest(changing({ n: '2' }), target()).body).toEqual([
      ['model', 'upstream-model'],
      ['prompt', 'more'],
      ['n', '2'],
    ]);
    expect(protocol.encodeRequest(drawing({ seed: 7 }), target()).body).toBe(
      '{"model":"upstream-model","prompt":"a weir","seed":7}',
    );
    expect(protocol.patch(asked, target())).toEqual({ model: 'upstream-model' });
    expect([protocol.path(asked, target()), protocol.path(changing(), target())]).toEqual([
      '/images/generations',
      '/images/edits',
    ]);
  });
});
