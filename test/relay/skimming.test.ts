import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SseReader } from '../../src/framing/sse-reader.ts';
import type { Event } from '../../src/model/event.ts';
import { checked } from '../../src/model/grammar.ts';
import { dialect, protocol } from '../../src/protocols/openai-chat/index.ts';
import { Skimming } from '../../src/relay/skimming.ts';
import { target } from '../protocols/exchange.ts';

const HEAD = '"id":"chatcmpl-1","object":"chat.completion.chunk","created":1767225600,"model":"m"';

function chunk(delta: string, finish = 'null', more = ''): string {
  return `data: {${HEAD},"choices":[{"index":0,"delta":${delta},"finish_reason":${finish}}]${more}}\n\n`;
}

const mint = (prefix: string): string => `${prefix}_1`;

/** The events of a body that comes in these pieces, with every message parsed or with plain ones skimmed. */
function eventsOf(pieces: readonly Buffer[], skimmed: boolean): readonly Event[] {
  const events: Event[] = [];
  const request = dialect.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'Say it.' }], stream: true });
  const decoder = protocol.decoder(
    checked((event) => events.push(event)),
    { request, target: target(), mint },
  );
  const reader = new SseReader((frame) => decoder.push(frame), { eventBytes: 1 << 20 });
  const way = skimmed ? new Skimming(reader, decoder) : reader;
  for (const piece of pieces) way.push(piece);
  reader.end();
  decoder.end();
  return events;
}

function cut(body: string, cuts: readonly number[]): readonly Buffer[] {
  const bytes = Buffer.from(body);
  const places = [0, ...cuts.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place));
}

const words = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('é', '日本', '😀', '\u0085', '\u2028', '"', '\\', '\n', '"},"finish_reason":null}]}', '', ' '),
);

const message = fc.oneof(
  { weight: 8, arbitrary: words.map((text) => chunk(JSON.stringify({ content: text }))) },
  fc.constantFrom(
    chunk('{"content":"\\ud83d"}'),
    chunk('{"content":"\\ude00"}'),
    chunk('{"content":"\\u0041\\/"}'),
    chunk('{"reasoning_content":"thinks"}'),
    chunk('{"role":"assistant","content":""}'),
    chunk('{"content":"x"}', 'null', ',"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}'),
    chunk('{"content":"x","refusal":"no"}'),
    chunk('{"content":null,"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{}"}}]}'),
    chunk('{"content":"a\tb"}'),
    chunk('{"content":"bad\\x"}'),
    ': a comment\n\n',
    'event: message\ndata: {"choices":[{"index":0,"delta":{"content":"named"}}]}\n\n',
    `data: {${HEAD},"choices":[{"index":0,"delta":{"content":"crlf"},"finish_reason":null}]}\r\n\r\n`,
    'data: {"error":{"message":"broken"}}\n\n',
    'data: [DONE]\n\n',
    '\n',
  ),
);

describe('skimming', () => {
  test('UP-01 a stream says the same skimmed and parsed, whatever comes between its texts and however it is cut', () => {
    const body = fc
      .tuple(fc.array(message, { maxLength: 16 }), fc.boolean())
      .map(([messages, ends]) => messages.join('') + (ends ? `${chunk('{}', '"stop"')}data: [DONE]\n\n` : ''));
    fc.assert(
      fc.property(body, fc.array(fc.nat(), { maxLength: 6 }), (text, cuts) => {
        const pieces = cut(text, cuts);
        const parsed = eventsOf([Buffer.from(text)], false);
        expect(eventsOf(pieces, true)).toEqual(parsed);
      }),
      { numRuns: 3000 },
    );
  });

  test('most messages of a stream of text are never parsed', () => {
    const frames: string[] = [];
    const request = dialect.decodeRequest({
      model: 'm',
      messages: [{ role: 'user', content: 'Say it.' }],
      stream: true,
    });
    const decoder = protocol.decoder(() => undefined, { request, target: target(), mint });
    const reader = new SseReader(
      (frame) => {
        frames.push(frame.data);
        decoder.push(frame);
      },
      { eventBytes: 1 << 20 },
    );
    const skimming = new Skimming(reader, decoder);
    for (let token = 0; token < 100; token++) skimming.push(Buffer.from(chunk(`{"content":"token ${token}"}`)));
    expect(frames).toHaveLength(1);
  });
});
