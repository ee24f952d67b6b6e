import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { UpstreamReply } from '../support/fake-upstream.ts';
import { streaming } from '../support/fake-upstream.ts';
import { readChatStream } from '../support/chat-automaton.ts';
import { framesOf, payloadsOf } from '../protocols/exchange.ts';
import { Bench, chunk, data, DONE, ROLE, SAME, USAGE } from './bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench.close());

/** A stream as good upstreams write it, with keys that nobody knows, in the chunk and in the delta. */
function stream(
  more: object,
  texts: readonly string[] = ['Hel', 'lo ', 'W\u00f6rld \ud83e\udd80', ' \\ "q"\n'],
): string {
  const all = { system_fingerprint: 'fp_1', ...more };
  const chunks = texts.map((content) => chunk({ content }, null, all));
  return [
    chunk({ role: 'assistant', content: '', refusal: null }, null, all),
    ...chunks,
    chunk({ x_mood: { calm: 1.0 } }, null, { ...all, service_tier: 'priority' }),
    chunk({}, 'stop', all),
  ].join('');
}

/** Sends the bytes in HTTP chunks that end at the given places. */
function cutAt(body: string, cuts: readonly number[]): (reply: UpstreamReply) => void {
  const bytes = Buffer.from(body);
  const places = [...new Set(cuts.map((cut) => cut % bytes.length))].toSorted((a, b) => a - b);
  return (reply) => {
    reply.head(200, { 'content-type': 'text/event-stream' });
    let at = 0;
    for (const end of [...places, bytes.length]) {
      const piece = bytes.subarray(at, end);
      if (piece.length > 0) reply.cut(piece, piece.length);
      at = end;
    }
    reply.end();
  };
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });

describe('a stream that keeps the rules', () => {
  test('CC-06 CC-08 UP-01 passes byte for byte, however it was cut', async () => {
    const body = stream({ usage: null });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const { text, record } = await bench.play(cutAt(body + USAGE + DONE, places), { usage: true });
        expect(text.slice(0, body.length)).toBe(body);
        expect(payloadsOf(text.slice(body.length))).toMatchObject([
          { choices: [], usage: { total_tokens: 5 } },
          '[DONE]',
        ]);
        expect(record.at('gear').text).toBe('bytes');
      }),
      { numRuns: 60 },
    );
  });

  test('CC-06 CC-07 UP-01 passes byte for byte to a client that asked for no usage, when none was told', async () => {
    const body = stream({}) + DONE;
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        expect((await bench.play(cutAt(body, places))).text).toBe(body);
      }),
      { numRuns: 40 },
    );
  });

  test('CC-07 every chunk loses the usage key that the client did not ask for, and nothing else', async () => {
    const body = stream({ usage: null });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const { text, record } = await bench.play(cutAt(body + USAGE + DONE, places));
        expect(payloadsOf(text)).toEqual(payloadsOf(stream({}) + DONE));
        expect([record.at('gear').text, record.at('tokens', 'total').value]).toEqual(['bytes', 5]);
      }),
      { numRuns: 40 },
    );
  });

  test('CC-08 CC-09 every chunk gains the usage key that the upstream left out, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const { text } = await bench.play(cutAt(stream({}) + USAGE + DONE, places), { usage: true });
        const payloads = payloadsOf(text);
        expect(payloads.slice(0, -2)).toEqual(payloadsOf(stream({ usage: null })));
        expect(payloads.slice(-2)).toMatchObject([{ choices: [], usage: { total_tokens: 5 } }, '[DONE]']);
      }),
      { numRuns: 40 },
    );
  });

  test('UP-10 numbers of unknown keys keep their text when the chunk around them is mended', async () => {
    const odd = (content: string): string =>
      `data: {"id":"c","object":"chat.completion.chunk","created":7,"model":"m","seed":2512292042121000001,"t":1.0,"choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":null}],"usage":null}\n\n`;
    const { text } = await bench.play(streaming(odd('a') + odd('b') + odd('c') + chunk({}, 'stop') + DONE));
    const frames = framesOf(text).slice(0, 3);
    for (const { data: json } of frames) expect(json).toContain('"seed":2512292042121000001,"t":1.0,');
  });
});

describe('what stands in texts', () => {
  const LONG = 'x'.repeat(300_000);
  const TRICKY = '"},"finish_reason":null}]}\n\ndata: [DONE]\n\n';

  test.each<readonly [string, readonly string[]]>([
    ['quotes and backslashes', ['a"b', 'c\\', '\\"', '\\\\', 'd\\n']],
    ['what looks like the end of a chunk', ['a', TRICKY, 'b', JSON.stringify(TRICKY)]],
    ['line ends and control characters', ['a\nb', '\r', '\t\u0000\u001f\u007f', '\n\n', 'z']],
    ['line ends of Unicode', ['a\u0085', '\u2028b', 'c\u2029\u2028', 'd']],
    ['nothing', ['', 'a', '', 'b', '']],
    ['all planes', ['\u00e9', '\u65e5\u672c', '\ud83e\udd80', '\ud83d\udc69\u200d\ud83d\ude80', '\ufeff', '\uffff']],
    ['a lot', [LONG, 'y', LONG]],
  ])('CC-03 WD-03 %s', async (_what, texts) => {
    const raw = (text: string): string => JSON.stringify(text);
    const escaped = (text: string): string =>
      `"${text.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
    for (const write of [raw, escaped]) {
      const pieces = texts.map((text) => chunk({ content: '@' }).replace('"@"', () => write(text)));
      const body = ROLE + chunk({ content: '_' }) + pieces.join('') + chunk({}, 'stop') + DONE;
      for (const size of [1, 13, 100_000]) {
        if (size === 1 && texts.includes(LONG)) continue;
        const { text } = await bench.play(streaming(body, size));
        expect(readChatStream(text, false).texts.get(0)).toBe(`_${texts.join('')}`);
      }
    }
  });

  test('CC-03 halves of a character in two chunks are put together', async () => {
    const half = (json: string): string => chunk({ content: '@' }).replace('"@"', () => `"${json}"`);
    const before = ROLE + chunk({ content: 'a' });
    const split = before + half('\\ud83d') + half('\\ude00b') + chunk({ content: 'c' }) + chunk({}, 'stop') + DONE;
    expect(readChatStream((await bench.play(streaming(split))).text, false).texts.get(0)).toBe('a\ud83d\ude00bc');
  });

  test('CC-03 half a character without its other half stays in its place', async () => {
    const half = chunk({ content: '@' }).replace('"@"', () => '"\\ud83d"');
    const body =
      ROLE +
      chunk({ content: 'a' }) +
      half +
      chunk({ content: 'b' }) +
      chunk({ content: 'c' }) +
      chunk({}, 'stop') +
      DONE;
    for (const size of [1, 4096]) {
      const { text, record } = await bench.play(streaming(body, size));
      const contents = [...text.matchAll(/"content":("[^"]*")/g)].map(([, json = '']) => JSON.parse(json) as string);
      expect(contents.join('')).toBe('a\ud83dbc');
      expect(record.at('gear').text).toBe('events');
    }
  });

  test('UP-08 a control character, which is not JSON, is never forwarded', async () => {
    for (const size of [1, 4096]) {
      const body =
        ROLE + chunk({ content: 'a' }) + chunk({ content: 'b' }) + chunk({ content: '@c' }).replace('@', '\u0001');
      const { text } = await bench.play(streaming(body + chunk({}, 'stop') + DONE, size));
      expect(readChatStream(text, false)).toMatchObject({ end: 'error', texts: new Map([[0, 'ab']]) });
      expect(text).not.toContain('\u0001');
    }
  });

  test('UP-02 JSON on several lines arrives on one', async () => {
    const pretty = (delta: object, finish: string | null): string =>
      `${JSON.stringify({ ...SAME, choices: [{ index: 0, delta, finish_reason: finish }] }, null, 1).replaceAll(/^/gm, 'data: ')}\n\n`;
    const body =
      pretty({ role: 'assistant', content: 'a' }, null) + pretty({ content: 'b' }, null) + pretty({}, 'stop') + DONE;
    const { text } = await bench.play(streaming(body));
    expect(readChatStream(text, false).texts.get(0)).toBe('ab');
    expect(
      text
        .split('\n\n')
        .slice(0, -1)
        .every((frame) => frame.split('\n').length === 1),
    ).toBe(true);
  });
});

test('UP-02 UP-03 foreign framing becomes ours around the same JSON', async () => {
  const events = [ROLE, chunk({ content: 'a' }), chunk({ content: 'b' }), chunk({}, 'stop'), DONE];
  const ours = events.join('');
  const foreign: Readonly<Record<string, (event: string) => string>> = {
    'carriage returns': (event) => event.replaceAll('\n', '\r\n'),
    'old line ends': (event) => event.replaceAll('\n', '\r'),
    'no space': (event) => event.replace('data: ', 'data:'),
    names: (event) => `event: message\nid: 7\n${event}`,
    comments: (event) => `: wait\n\n${event}`,
    'a comment inside': (event) => event.replace('\n', '\n: here\n'),
    'more blank lines': (event) => `\n${event}\n`,
    'many blank lines': (event) => `${event}\n\n\n`,
  };
  for (const [what, write] of Object.entries(foreign)) {
    for (const size of [1, 5, 4096]) {
      const { text } = await bench.play(streaming(`\ufeff${events.map(write).join('')}`, size));
      expect([what, size, text]).toEqual([what, size, ours]);
    }
  }
});

test('CC-07 what a chunk without choices says goes with the next chunk, once', async () => {
  const filter = { prompt_filter_results: [{ prompt_index: 0 }] };
  const opening = data({ id: '', object: '', created: 0, model: '', choices: [], ...filter });
  const rest =
    ROLE + chunk({ content: 'a' }) + chunk({ content: 'b' }) + chunk({ content: 'c' }) + chunk({}, 'stop') + DONE;
  const { text } = await bench.play(streaming(opening + rest));
  expect(readChatStream(text, false).texts.get(0)).toBe('abc');
  expect(payloadsOf(text).filter((payload) => Object.hasOwn(payload as object, 'prompt_filter_results'))).toHaveLength(
    1,
  );
  expect(payloadsOf(text)[0]).toMatchObject(filter);
  const between = await bench.play(streaming(ROLE + data({ choices: [], ...filter }) + rest.slice(ROLE.length)));
  expect(
    payloadsOf(between.text).filter((payload) => Object.hasOwn(payload as object, 'prompt_filter_results')),
  ).toHaveLength(1);
});
