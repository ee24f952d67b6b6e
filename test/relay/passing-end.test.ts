import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { payloadsOf } from '../protocols/exchange.ts';
import { readChatStream } from '../support/chat-automaton.ts';
import { streaming } from '../support/fake-upstream.ts';
import type { Play } from '../support/fake-upstream.ts';
import { inParallel } from '../support/pool.ts';
import { Bench, chunk, data, DONE, ROLE, SAME, USAGE } from './bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start('timers:\n  usage_grace: 50ms\n');
});
afterAll(() => bench.close());

/** A body that is sent and then left open. */
function open(body: string): Play {
  return (reply) => {
    reply.head(200, { 'content-type': 'text/event-stream' });
    reply.cut(Buffer.from(body), 4096);
  };
}

const TEXT = ROLE + chunk({ content: 'a' }) + chunk({ content: 'b\u00e9' }) + chunk({ content: 'c\\"' });
const FINISH = chunk({}, 'stop');

describe('a stream that stops short', () => {
  const whole = TEXT + FINISH;
  const complete = Buffer.byteLength(whole) - 2;
  const offsets = Array.from({ length: complete }, (_, offset) => offset);

  test.each(['end', 'reset'] as const)(
    'UP-04 UP-08 FM-03 CC-25 at any byte is never a normal end, and all that arrived was true (%s)',
    async (stop) => {
      const bytes = Buffer.from(whole);
      const faults = await inParallel(offsets, 8, async (offset) => {
        const play: Play = (reply) => {
          reply.head(200, { 'content-type': 'text/event-stream' });
          reply.cut(bytes.subarray(0, offset), 4096);
          if (stop === 'end') reply.end();
          else setImmediate(() => reply.reset());
        };
        const { answer, text } = await bench.play(play);
        if (answer.status !== 200)
          return answer.status >= 500 && !text.includes('choices') ? [] : [`${offset}: HTTP ${answer.status}`];
        const told = readChatStream(text, false);
        const passed = text.slice(0, text.lastIndexOf('data: {"error"'));
        return told.end === 'error' && whole.startsWith(passed) ? [] : [`${offset}: ${told.end}`];
      });
      expect(faults.flat()).toEqual([]);
    },
  );

  test('UP-08 behind the finish reason it is whole', async () => {
    for (const end of [complete, complete + 1, complete + 2]) {
      const { text } = await bench.play(streaming(Buffer.from(whole).subarray(0, end)));
      expect(text).toBe(whole + DONE);
    }
  });

  test('UP-08 an event that is damaged at any byte is an error, and the damage does not go on', async () => {
    const event = chunk({ content: 'xyz' });
    const places = Array.from({ length: event.length - 2 }, (_, place) => place);
    const faults = await inParallel(places, 8, async (place) => {
      const damaged = `${event.slice(0, place)}\u0002${event.slice(place + 1)}`;
      const { answer, text } = await bench.play(streaming(TEXT + damaged + FINISH + DONE));
      if (text.includes('\u0002')) return [`${place}: a control character went on`];
      const told = readChatStream(text, false);
      // Outside of the payload the line is no data line; a key of it may be unknown.
      const harmless = place < 'data: '.length && told.texts.get(0) === 'ab\u00e9c\\"';
      return answer.end === 'clean' && (told.end === 'error' || harmless) ? [] : [`${place}: ${told.end}`];
    });
    expect(faults.flat()).toEqual([]);
  });
});

describe('the end of a stream', () => {
  test('FM-18 CC-09 finish reason and usage in one chunk become two', async () => {
    const body =
      TEXT + chunk({ content: 'd' }, 'stop', { usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } });
    for (const asked of [true, false]) {
      const { text, record } = await bench.play(streaming(body + DONE), { usage: asked });
      const told = readChatStream(text, asked);
      expect([told.texts.get(0), told.finishes.get(0)]).toEqual(['ab\u00e9c\\"d', 'stop']);
      expect(record.at('tokens', 'total').value).toBe(5);
      if (asked) expect(told.usage?.at('total_tokens').value).toBe(5);
    }
  });

  test('FM-18 usage on every chunk is read from the last, and none of it passes', async () => {
    const counts = [1, 2, 1].map((n) =>
      chunk({ content: 'x' }, null, { usage: { prompt_tokens: 3, completion_tokens: n, total_tokens: 3 + n } }),
    );
    const { text, record } = await bench.play(streaming(ROLE + counts.join('') + FINISH + DONE));
    expect(readChatStream(text, false).texts.get(0)).toBe('xxx');
    expect(record.at('tokens', 'output').value).toBe(1);
  });

  test('FM-47 CC-04 the first of two finish chunks counts, and what follows [DONE] is dropped', async () => {
    const { text, record } = await bench.play(
      streaming(TEXT + FINISH + chunk({}, 'length') + USAGE + DONE + chunk({ content: 'late' }) + DONE),
    );
    expect(text).toBe(TEXT + FINISH + DONE);
    expect(record.at('finish').value).toBe('stop');
    expect(record.at('tokens', 'total').value).toBe(5);
  });

  test('FM-47 WD-04 OR-12 a socket that stays open behind [DONE] does not keep the answer open', async () => {
    const { answer, text } = await bench.play(open(TEXT + FINISH + DONE));
    expect([answer.end, text]).toEqual(['clean', TEXT + FINISH + DONE]);
    expect(answer.reads.at(-1)?.at).toBeLessThan(5_000);
  });

  test('FM-47 UP-08 a socket that stays open behind the finish reason is waited for only as long as usage may come', async () => {
    const { answer, text, record } = await bench.play(open(TEXT + FINISH));
    expect([answer.end, text, record.at('ended').text]).toEqual(['clean', TEXT + FINISH + DONE, 'finished']);
    expect(answer.reads.at(-1)?.at).toBeLessThan(5_000);
  });

  test('FM-47 a body that grows beyond every limit behind the finish reason still ends as a whole answer', async () => {
    const small = await Bench.start('limits:\n  upstream_event: 2KB\n');
    const { answer, text } = await small.play(open(`${TEXT + FINISH}data: ${'x'.repeat(5_000)}`));
    expect([answer.end, text]).toEqual(['clean', TEXT + FINISH + DONE]);
    await small.close();
  });

  test('UP-08 [DONE] without a finish reason is given one', async () => {
    const { text } = await bench.play(streaming(TEXT + DONE), { usage: true });
    const told = readChatStream(text, true);
    expect([told.end, told.finishes.get(0), told.usage?.at('estimated').value]).toEqual(['done', 'stop', true]);
  });

  test('CC-25 FM-04 an error in the middle is told in the same words, and nothing follows', async () => {
    const error = data({ error: { message: 'Too much.', type: 'server_error', code: 'overloaded' } });
    const { text, record } = await bench.play(streaming(TEXT + error + chunk({ content: 'late' }) + FINISH + DONE));
    const told = readChatStream(text, false);
    expect(told.error?.at('error').value).toMatchObject({ message: 'Too much.', code: 'overloaded' });
    expect(text.startsWith(TEXT)).toBe(true);
    expect(record.at('ended').text).toBe('failed');
  });
});

describe('several choices', () => {
  const choice = (index: number, delta: unknown, finish: string | null = null): string =>
    chunk(delta, finish, {}, index);
  const role = { role: 'assistant', content: '' };

  test('CC-22 pass with their numbers, interleaved', async () => {
    const both = [0, 1, 2].map((index) => choice(index, role)).join('');
    const texts = ['a', 'b', 'c'].flatMap((content) =>
      [0, 1, 2].map((index) => choice(index, { content: content + index })),
    );
    const ends = [1, 0, 2].map((index) => choice(index, {}, 'stop')).join('');
    const body = both + texts.join('') + ends;
    const { text, record } = await bench.play(streaming(body + DONE), { more: { n: 3 } });
    expect(text).toBe(body + DONE);
    expect([record.at('gear').text, record.at('ended').text]).toEqual(['bytes', 'finished']);
  });

  test('CC-04 CC-15 CC-22 one that has finished stays finished when another calls a tool', async () => {
    const call = {
      tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
    };
    const body =
      choice(0, role) +
      choice(1, role) +
      choice(0, { content: 'a' }) +
      choice(0, {}, 'stop') +
      choice(1, call) +
      choice(1, {}, 'tool_calls');
    const { text } = await bench.play(streaming(body + DONE), { more: { n: 2 } });
    const told = readChatStream(text, false);
    expect([...told.finishes]).toEqual([
      [0, 'stop'],
      [1, 'tool_calls'],
    ]);
    expect(told.calls).toEqual([{ id: 'call_1', name: 'f', args: '{}' }]);
  });

  test('UP-08 one more than asked for, which begins when the others have finished, is waited for', async () => {
    const play: Play = async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(TEXT + FINISH);
      await reply.write(choice(1, role));
      // Longer than the gateway waits for late usage.
      await new Promise((resolve) => setTimeout(resolve, 200));
      reply.end(choice(1, { content: 'z' }, 'stop') + DONE);
    };
    const { text, record } = await bench.play(play);
    expect(readChatStream(text, false).texts).toEqual(
      new Map([
        [0, 'ab\u00e9c\\"'],
        [1, 'z'],
      ]),
    );
    expect(record.at('ended').text).toBe('finished');
  });
});

test('CC-02 an upstream that names no role gets one on the first chunk, and on no other', async () => {
  const texts = ['a', 'b', 'c', 'd'].map((content) => chunk({ content }));
  const { text } = await bench.play(streaming(texts.join('') + FINISH + DONE));
  const [first, ...rest] = payloadsOf(text);
  expect(first).toEqual({
    ...SAME,
    choices: [{ index: 0, delta: { role: 'assistant', content: 'a' }, finish_reason: null }],
  });
  expect(rest).toEqual(payloadsOf([...texts.slice(1), FINISH, DONE].join('')));
});

test('CC-03 text behind a tool call, which is encoded, keeps its place', async () => {
  const call = chunk({
    tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
  });
  for (const size of [1, 4096]) {
    const { text, record } = await bench.play(
      streaming(TEXT + call + chunk({ content: 'd' }) + chunk({}, 'tool_calls') + DONE, size),
    );
    expect(readChatStream(text, false).texts.get(0)).toBe('ab\u00e9c\\"d');
    expect(text.indexOf('call_1')).toBeLessThan(text.indexOf('"content":"d"'));
    expect(record.at('gear').text).toBe('events');
  }
});

test('CC-20 CC-21 what must be sent back next turn reaches the client once, though the calls behind it are encoded', async () => {
  const thought = (detail: object): string => chunk({ reasoning: 'th', reasoning_details: [detail] });
  const call = chunk({
    reasoning_details: [{ type: 'reasoning.encrypted', data: 'two', id: 'call_1' }],
    tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
  });
  const body =
    ROLE +
    thought({ type: 'reasoning.text', text: 'th' }) +
    thought({ type: 'reasoning.text', signature: 'one' }) +
    call;
  const { text } = await bench.play(streaming(body + chunk({}, 'tool_calls') + DONE));
  expect(readChatStream(text, false).reasonings.get(0)).toBe('thth');
  expect([text.split('"one"').length, text.split('"two"').length]).toEqual([2, 2]);
});

test('CC-02 CC-04 CC-22 choices that share a chunk pass together or are encoded together', async () => {
  const delta = {
    tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
  };
  const first = { index: 0, delta: { role: 'assistant', content: '' }, finish_reason: 'stop' };
  const body = data({ ...SAME, choices: [first, { index: 1, delta, finish_reason: 'tool_calls' }] });
  const { text } = await bench.play(streaming(body + DONE), { more: { n: 2 } });
  expect(readChatStream(text, false).finishes).toEqual(
    new Map([
      [0, 'stop'],
      [1, 'tool_calls'],
    ]),
  );
});
