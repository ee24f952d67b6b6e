import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { outputTotal } from '../../src/model/usage.ts';
import { codingOf, Inflater } from '../../src/relay/inflate.ts';
import type { Coding } from '../../src/relay/inflate.ts';
import { shapeOf } from '../../src/relay/intake.ts';
import { isContent, Tally } from '../../src/relay/tally.ts';
import { Watch } from '../../src/relay/watch.ts';

describe('the deadlines of an exchange', () => {
  const deadlines = { first: 100, idle: 50, progress: 200, total: 1_000 };
  let told: string[];
  let watch: Watch;
  beforeEach(() => {
    vi.useFakeTimers();
    told = [];
    watch = new Watch(deadlines, (error) => told.push(`${error.kind}: ${error.message}`));
  });
  afterEach(() => {
    watch.stop();
    vi.useRealTimers();
  });
  /** Lets time pass in steps, with a sign of life before each. */
  const live = (times: number, step: number, sign: () => void): void => {
    for (let count = 0; count < times; count++) {
      sign();
      vi.advanceTimersByTime(step);
    }
  };

  test('no first event: comments before it buy no time', () => {
    live(4, 24, () => watch.alive());
    expect(told).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(told).toEqual(['timeout: The upstream sent no first event within 0.1 s.']);
  });

  test('silence in the middle', () => {
    live(10, 45, () => watch.event());
    expect(told).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(told).toEqual(['timeout: The upstream fell silent for 0.05 s in the middle of the answer.']);
  });

  test('FM-06 comments are life, but no content', () => {
    watch.event();
    live(4, 45, () => watch.alive());
    expect(told).toEqual([]);
    live(1, 30, () => watch.alive());
    expect(told).toEqual(['timeout: The upstream sent no content for 0.2 s.']);
  });

  test('an answer that never ends', () => {
    live(24, 40, () => watch.event());
    expect(told).toEqual([]);
    live(2, 40, () => watch.event());
    expect(told).toEqual(["timeout: The upstream's answer took longer than 1 s."]);
  });

  test('while the gateway itself does not read, silence is nobody\u2019s fault; afterwards it counts on', () => {
    watch.event();
    vi.advanceTimersByTime(20);
    watch.pause();
    vi.advanceTimersByTime(500);
    watch.resume();
    vi.advanceTimersByTime(25);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(told).toHaveLength(1);
  });

  test('a watch that was stopped says nothing', () => {
    watch.event();
    watch.stop();
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual([]);
  });
});

describe('the account of an answer', () => {
  test('CC-11 OR-34 an estimate is marked and never zero, whatever was written', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.array(fc.string({ unit: 'binary' })), (input, texts) => {
        const tally = new Tally(input, () => 0);
        for (const text of texts) tally.note({ type: 'text-delta', index: 0, text });
        const usage = tally.estimate();
        const bytes = Buffer.byteLength(texts.map((text) => text.toWellFormed()).join(''));
        expect(usage.input).toBe(Math.max(1, Math.ceil(input / 4)));
        expect(usage.output).toBe(Math.max(1, Math.ceil(bytes / 4)));
        expect(usage.estimated).toBe(true);
      }),
    );
  });

  test('reasoning is counted apart, and a time of first content is kept', () => {
    let now = 5;
    const tally = new Tally(0, () => now++);
    tally.note({ type: 'block-start', index: 0, block: { type: 'reasoning' } });
    expect(tally.firstContentAt).toBeUndefined();
    tally.note({ type: 'text-delta', index: 0, text: '12345' });
    tally.note({ type: 'input-delta', index: 1, json: '{}' });
    const usage = tally.estimate();
    expect([usage.reasoning, usage.output, outputTotal(usage), tally.firstContentAt]).toEqual([2, 1, 3, 5]);
  });

  test('WD-05 the head is sent with the first thing that shows, and not before', () => {
    expect(isContent({ type: 'start', id: '', model: '' })).toBe(false);
    expect(isContent({ type: 'block-start', index: 0, block: { type: 'text' } })).toBe(false);
    expect(isContent({ type: 'text-delta', index: 0, text: '' })).toBe(false);
    expect(isContent({ type: 'text-delta', index: 0, text: 'a' })).toBe(true);
    expect(isContent({ type: 'block-start', index: 0, block: { type: 'tool-call', id: 'c', name: 'f' } })).toBe(true);
    expect(isContent({ type: 'error', error: { kind: 'timeout', message: 'm' } })).toBe(false);
  });
});

describe('compressed bodies', () => {
  const SQUEEZE: readonly (readonly [Coding, (bytes: Uint8Array) => Buffer])[] = [
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ];
  /** What comes out, and how it ended. */
  const inflated = (
    coding: Coding,
    bytes: Uint8Array,
    limit: number,
    size: number,
  ): Promise<{ bytes: Buffer; end: string }> =>
    new Promise((resolve) => {
      const out: Buffer[] = [];
      const over = (end: string): void => resolve({ bytes: Buffer.concat(out), end });
      const inflater = new Inflater(coding, limit, {
        data: (chunk) => out.push(chunk),
        end: () => over('end'),
        fail: (error) => over(error.kind),
      });
      for (let at = 0; at < bytes.length; at += size) inflater.push(Buffer.from(bytes.subarray(at, at + size)));
      inflater.end();
    });

  test.each(SQUEEZE)(
    'UP-07 %s is read however it was cut, and a damaged or short one is an error',
    async (coding, squeeze) => {
      const text = Buffer.from(Array.from({ length: 3_000 }, (_, n) => `data: ${n * 7919}\n\n`).join(''));
      const small = squeeze(text);
      for (const size of [1, 1_000, 1 << 20])
        expect(await inflated(coding, small, 1 << 20, size)).toEqual({ bytes: text, end: 'end' });
      expect((await inflated(coding, small.subarray(0, -9), 1 << 20, 512)).end).toBe('bad_response');
      expect((await inflated(coding, Buffer.from('data: {"a":1}\n\n'), 1 << 20, 512)).end).toBe('bad_response');
    },
  );

  test.each(SQUEEZE)('UP-07 a %s bomb is given up long before it is unpacked', async (coding, squeeze) => {
    const bomb = squeeze(Buffer.alloc(64 << 20));
    const { bytes, end } = await inflated(coding, bomb, 128 << 20, 1 << 20);
    expect(end).toBe('bad_response');
    expect(bytes.length).toBeLessThan(8 << 20);
    expect((await inflated(coding, squeeze(Buffer.from('x'.repeat(5_000))), 4_000, 1 << 20)).end).toBe('bad_response');
  });

  test('UP-07 one known coding is taken, several or unknown ones are not', () => {
    expect([undefined, '', 'identity', ' Identity '].map(codingOf)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(['GZIP', ' br '].map(codingOf)).toEqual(['gzip', 'br']);
    expect(['gzip, br', 'compress', 'toString', 'gzip,gzip'].map(codingOf)).toEqual([
      'unknown',
      'unknown',
      'unknown',
      'unknown',
    ]);
  });
});

describe('the shape of a body', () => {
  test.each([
    ['data: {"a":1}', 'text/event-stream', 'events'],
    ['data:x', 'application/json', 'events'],
    ['event: x', 'text/plain', 'events'],
    [': comment', '', 'events'],
    ['id: 1', '', 'events'],
    ['retry: 1', '', 'events'],
    ['\r\n\ndata: x', '', 'events'],
    ['\ufeffdata: x', '', 'events'],
    ['{"a":1}', 'text/event-stream', 'json'],
    ['\ufeff [1]', '', 'json'],
    ['<!DOCTYPE html>', 'application/json', 'html'],
    ['<html><body>', 'text/event-stream', 'html'],
    ['<?xml version', '', 'html'],
    ['<b>bold</b> words', '', 'raw'],
    ['plain words', 'text/plain', 'raw'],
    ['unknown: field', 'text/event-stream', 'events'],
    ['data: x', 'audio/mpeg', 'raw'],
  ])('UP-06 %j as %j is %s', (head, type, shape) => {
    const bytes = Buffer.from(head);
    expect(shapeOf(bytes, type)).toBe(shape);
    // With less of it, it is the same shape or not known yet.
    for (let length = 0; length < bytes.length; length++)
      expect([undefined, shape]).toContain(shapeOf(bytes.subarray(0, length), type));
  });
});
