import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { Event } from '../../src/model/event.ts';
import { dialect, protocol, streamDialect } from '../../src/protocols/gemini/index.ts';
import { readGeminiStream } from '../support/gemini-automaton.ts';
import { decoded, encoded, fixture, folded, framesOf, reply, streamOf } from './exchange.ts';
import { FOREIGN, framesFrom, LISTED, OWN, streamedFrom, wholeOf, written } from './gemini-bench.ts';
import { faultUnderMutation } from './mutations.ts';

const SCENARIOS = [
  'thoughts-and-calls',
  'two-candidates',
  'picture',
  'grounded',
  'blocked',
  'arguments-in-pieces',
  'code-run',
];
const ANSWERED = SCENARIOS.filter((name) => name !== 'blocked');
const asked = (name: string) => (name === 'two-candidates' ? { ...OWN, choices: 2 } : OWN);
const bodyOf = (name: string): string => fixture(`gemini/${name}/whole.json`).toString();

/** An answer without what the mark of a given id, the name of the model, and another place of a seal change. */
function plain(events: readonly Event[]): object {
  const { natives: _natives, model: _model, blocks, ...answer } = folded(events);
  return { ...answer, blocks: blocks.map((block) => ({ ...block, head: { ...block.head, id: '' } })) };
}

describe.each(SCENARIOS)('%s', (name) => {
  test('GM-05 whole and streamed are the same answer', () => {
    for (const request of [OWN, FOREIGN])
      expect(folded(wholeOf(bodyOf(name), request))).toMatchObject({
        ...folded(streamedFrom(name, request)),
        natives: expect.anything() as unknown,
      });
  });

  test('UP-08 a stream that is cut after any message but the last is an error', () => {
    const frames = framesFrom(name);
    for (let count = 0; count < frames.length; count++) {
      const end = decoded(protocol, FOREIGN, streamOf(frames.slice(0, count))).at(-1);
      expect([count, end?.type]).toEqual([count, 'error']);
    }
  });

  test('UP-08 any change of the messages gives a well-formed answer or one error', () => {
    for (const request of [OWN, FOREIGN])
      expect(faultUnderMutation(protocol, request, framesFrom(name))).toBeUndefined();
  });

  test('UP-06 FM-49 a list of messages, where `alt=sse` was lost, is the same answer; cut anywhere it is an error', () => {
    const list = `[${framesFrom(name)
      .map(({ data }) => data)
      .join(',\r\n')}\n]`;
    expect(wholeOf(list)).toEqual(streamedFrom(name));
    for (let at = 1; at < list.length - 1; at += 97) expect(wholeOf(list.slice(0, at)).at(-1)?.type).toBe('error');
  });
});

describe.each(ANSWERED)('%s, written', (name) => {
  test('GM-02 GM-03 GM-04 GM-07 events and list keep the rules of the format, and say the same', () => {
    const told = streamedFrom(name, asked(name));
    const stream = readGeminiStream(written(told));
    const list = readGeminiStream(written(told, LISTED), { list: true });
    expect(list).toEqual(stream);
    expect(stream.end).toBe('done');
    expect(encoded(streamDialect, told, reply(OWN)).lost).toBe(0);
  });

  test('GM-03 GM-04 what is written is read back as the same answer', () => {
    const told = streamedFrom(name, FOREIGN);
    if (name !== 'picture')
      expect(plain(decoded(protocol, FOREIGN, streamOf(framesOf(written(told)))))).toEqual(plain(told));
    expect(plain(wholeOf(String(dialect.encodeWhole(collect(told), reply(OWN)).body)))).toEqual(plain(told));
  });

  test('GM-02 each message is one write, whole by itself', () => {
    for (const request of [OWN, LISTED]) {
      const writes: string[] = [];
      const encoder = streamDialect.encoder((chunk) => void writes.push(chunk.toString()), reply(request));
      for (const event of streamedFrom(name)) encoder.push(event);
      if (request === OWN)
        expect(writes.every((text) => /^data: \{.*\}\n\n$/.test(text) || text.split('\n\n').length > 2)).toBe(true);
      else expect(writes.every((text) => /^(?:\[|,\n)\{[^]*\}\]?$/.test(text))).toBe(true);
    }
  });
});

test('a blocked prompt is told to clients of this format as it came, and to others as a filter without text', () => {
  expect(streamedFrom('blocked').at(-1)).toEqual({ type: 'finish', reason: 'filter', raw: 'PROHIBITED_CONTENT' });
  const own = readGeminiStream(written(streamedFrom('blocked', OWN)));
  expect([own.blocked, own.end, own.texts.size]).toEqual(['PROHIBITED_CONTENT', 'done', 0]);
  const body = JSON.parse(
    String(dialect.encodeWhole(collect(streamedFrom('blocked', OWN)), reply(OWN)).body),
  ) as object;
  expect(body).toMatchObject({
    promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
    usageMetadata: { promptTokenCount: 9 },
  });
  expect('candidates' in body).toBe(false);
});
