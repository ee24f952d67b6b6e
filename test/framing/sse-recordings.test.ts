import { createParser } from 'eventsource-parser';
import { describe, expect, test } from 'vitest';
import type { Frame } from '../../src/framing/frame.ts';
import { SseReader } from '../../src/framing/sse-reader.ts';
import { bodyOf, haveRecordings, recordings } from '../support/recordings.ts';

function read(bytes: Buffer, chunk: number): { frames: Frame[]; comments: number; boundary: number } {
  const frames: Frame[] = [];
  const reader = new SseReader((frame) => frames.push(frame), { eventBytes: 8_388_608 });
  let boundary = 0;
  for (let at = 0; at < bytes.length; at += chunk) {
    reader.push(bytes.subarray(at, at + chunk));
    if (reader.boundary > 0) boundary = at + reader.boundary;
  }
  reader.end();
  return { frames, comments: reader.comments, boundary };
}

/** Frames as the published parser sees them; the blank line it needs at the end is added. */
function oracle(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  const onEvent = ({ event, data }: { event?: string | undefined; data: string }): void => {
    if (data !== '' && !data.startsWith(':')) frames.push(event ? { event, data } : { data });
  };
  createParser({ onEvent }).feed(`${new TextDecoder().decode(bytes)}\n\n`);
  return frames;
}

describe.skipIf(!haveRecordings)('recorded streams', () => {
  const streams = recordings().filter(({ file }) => file.endsWith('.sse'));

  test('UP-01 every recorded stream gives the same frames at any chunk size, those of the published parser, without a replacement character', () => {
    expect(streams.length).toBeGreaterThan(0);
    for (const stream of streams) {
      const { file } = stream;
      const bytes = bodyOf(stream);
      const whole = read(bytes, bytes.length);
      expect(whole.frames, file).toEqual(oracle(bytes));
      for (const chunk of [1, 7, 64, 4096]) expect(read(bytes, chunk), `${file} by ${chunk}`).toEqual(whole);
      const sent = bytes.includes(Buffer.from('\uFFFD'));
      if (!sent) expect(JSON.stringify(whole.frames), file).not.toContain('\uFFFD');
    }
  });
});
