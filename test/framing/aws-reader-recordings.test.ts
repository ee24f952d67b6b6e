import { describe, expect, test } from 'vitest';
import { AwsReader, beginsAwsStream } from '../../src/framing/aws-reader.ts';
import type { Frame } from '../../src/framing/frame.ts';
import { bodyOf, haveRecordings, recordings } from '../support/recordings.ts';

const streams = recordings().filter(({ file }) => file.endsWith('.bin') && /bedrock/.test(file));

function framesIn(bytes: Uint8Array, size: number): Frame[] {
  const frames: Frame[] = [];
  const reader = new AwsReader((frame) => frames.push(frame), { eventBytes: 8 << 20 });
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end();
  expect(reader.truncated).toBe(false);
  expect(reader.comments).toBe(0);
  return frames;
}

describe.skipIf(!haveRecordings)('recorded AWS event streams', () => {
  test('there are some of each kind', () => {
    expect(streams.length).toBeGreaterThan(25);
  });

  test.each(streams)('UP-01 FM-27 $file has sound checksums and the same frames at every cut', (recording) => {
    const bytes = bodyOf(recording);
    expect(beginsAwsStream(bytes)).toBe(true);
    const frames = framesIn(bytes, bytes.length);
    let messages = 0;
    for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) messages += 1;
    expect(frames).toHaveLength(messages);
    for (const { event, data } of frames) {
      expect(event).not.toBe('chunk');
      expect(typeof JSON.parse(data)).toBe('object');
    }
    for (const size of [1, 7, 64, 4096]) expect(framesIn(bytes, size)).toEqual(frames);
  });
});
