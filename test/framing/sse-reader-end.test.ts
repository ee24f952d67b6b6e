import { describe, expect, test } from 'vitest';
import type { Frame } from '../../src/framing/frame.ts';
import { FrameTooLarge, SseReader } from '../../src/framing/sse-reader.ts';

function read(pieces: readonly Uint8Array[], eventBytes: number): { frames: Frame[]; reader: SseReader } {
  const frames: Frame[] = [];
  const reader = new SseReader((frame) => frames.push(frame), { eventBytes });
  for (const piece of pieces) reader.push(piece);
  return { frames, reader };
}

function ended(bytes: Uint8Array): { frames: readonly Frame[]; truncated: boolean } {
  const { frames, reader } = read([bytes], 1000);
  reader.end();
  return { frames, truncated: reader.truncated };
}

function drip(text: string): Uint8Array[] {
  return [...Buffer.from(text)].map((byte) => Uint8Array.of(byte));
}

describe('how a stream ends', () => {
  const whole = '{"é":[1,"\\u00e9"]}';

  test('UP-04 a last event without its blank line is given out when its payload is complete', () => {
    for (const end of ['', '\n', '\r', '\r\n']) {
      expect(ended(Buffer.from(`data: ${whole}${end}`))).toEqual({ frames: [{ data: whole }], truncated: false });
      expect(ended(Buffer.from(`event: x\ndata: [DONE]${end}`))).toEqual({
        frames: [{ event: 'x', data: '[DONE]' }],
        truncated: false,
      });
    }
  });

  test('UP-04 an event cut at any byte before its payload is complete is dropped and counts as truncation', () => {
    const bytes = Buffer.from(`data: 1\n\nevent: x\ndata: ${whole}`);
    const first = 'data: 1\n\n'.length;
    expect(ended(bytes.subarray(0, first))).toEqual({ frames: [{ data: '1' }], truncated: false });
    for (let cut = first + 1; cut < bytes.length; cut += 1)
      expect(ended(bytes.subarray(0, cut)), `cut at ${cut}`).toEqual({ frames: [{ data: '1' }], truncated: true });
  });

  test('UP-01 UP-04 half a character at the end is truncation', () => {
    for (const half of [[0xc3], [0xe2], [0xe2, 0x80], [0xf0, 0x9f, 0x98]]) {
      expect(ended(Buffer.concat([Buffer.from('data: {}\nevent: '), Uint8Array.from(half)]))).toEqual({
        frames: [],
        truncated: true,
      });
    }
    expect(ended(Buffer.from('data: {}\nevent: 日')).truncated).toBe(false);
  });

  test('UP-03 UP-04 a comment at the end, whole or not, is no truncation', () => {
    for (const end of [': keep', ': keep\n', 'data: : keep', ''])
      expect(ended(Buffer.from(`data: 1\n\n${end}`)).truncated).toBe(false);
  });
});

describe('limits', () => {
  test('UP-05 a line or an event over the limit is refused, whole or dripped, after the events before it', () => {
    const tooLong = [
      'data: 7890123',
      'data: 1\n'.repeat(2),
      'x'.repeat(13),
      `:${'x'.repeat(12)}`,
      'event: 1\ndata: 123',
    ];
    for (const text of tooLong) {
      for (const pieces of [[Buffer.from(`data: 1\n\n${text}\n\n`)], drip(`data: 1\n\n${text}\n\n`)]) {
        const frames: Frame[] = [];
        const reader = new SseReader((frame) => frames.push(frame), { eventBytes: 12 });
        const push = (): void => pieces.forEach((piece) => reader.push(piece));
        expect(push, text).toThrow(FrameTooLarge);
        expect(frames).toEqual([{ data: '1' }]);
      }
    }
  });

  test('UP-05 what just fits is read, and comments do not add up', () => {
    const fits = `data: 789012\n\n${': 34567890\n'.repeat(20)}data: 1\n\n`;
    for (const pieces of [[Buffer.from(fits)], drip(fits)])
      expect(read(pieces, 12).frames).toEqual([{ data: '789012' }, { data: '1' }]);
  });

  test('UP-05 an endless line is refused at the limit, not at its end', () => {
    const reader = new SseReader(() => {}, { eventBytes: 1_000_000 });
    const piece = Buffer.alloc(65_536, 'x');
    let sent = 0;
    expect(() => {
      for (; sent < 100; sent += 1) reader.push(piece);
    }).toThrow('1000000 bytes');
    expect(sent).toBe(15);
  });
});
