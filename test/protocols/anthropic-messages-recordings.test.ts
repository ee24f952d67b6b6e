import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SseReader } from '../../src/framing/sse-reader.ts';
import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import { dialect, protocol } from '../../src/protocols/anthropic-messages/index.ts';
import { answersOf, bodyOf, haveRecordings, recordings } from '../support/recordings.ts';
import type { Recording } from '../support/recordings.ts';
import { decoded, framesOf, streamOf } from './exchange.ts';

const request = dialect.decodeRequest({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] });

// A proxy began this answer anew in the middle of a call; half a call must not look like a whole one.
const SPLICED = /spliced-message-start/;
const all = answersOf('anthropic-messages');
const answers = all.filter(({ file }) => !SPLICED.test(file));
const errors = recordings().filter(({ wire, protocol: kind }) => kind === 'errors' && wire === 'anthropic-messages');

function read(recording: Recording): Completion {
  const body = bodyOf(recording).toString();
  return collect(
    decoded(protocol, request, recording.streaming ? streamOf(framesOf(body)) : (decoder) => decoder.whole(body)),
  );
}

/** The answer as it is read from reads of so many bytes. */
function readCut(recording: Recording, size: number): Completion {
  const bytes = bodyOf(recording);
  return collect(
    decoded(protocol, request, (decoder) => {
      const reader = new SseReader((frame) => decoder.push(frame), { eventBytes: 1 << 20 });
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
      reader.end();
      decoder.end();
    }),
  );
}

const sha = (text: string): string | null => (text === '' ? null : createHash('sha256').update(text).digest('hex'));
const textOf = ({ blocks }: Completion, type: string): string =>
  blocks.map(({ head, text }) => (head.type === type ? text : '')).join('');

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, each]) => [key, canonical(each)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The argument text as the index hashes it: of objects their canonical form, of a call cut off the text itself. */
function argsOf(
  text: string,
  { args_canonical_sha256: hash, args_sha256: raw }: Recording['tool_calls'][number],
): unknown {
  if (hash === null) return [sha(text), raw === null ? sha('{}') : raw];
  return [sha(JSON.stringify(canonical(JSON.parse(text)))), hash];
}

describe.skipIf(!haveRecordings)('recorded messages', () => {
  test.each(answers)('UP-08 MS-10 $file says what its index says', (recording) => {
    const answer = read(recording);
    expect(answer.error).toBeUndefined();
    expect(sha(textOf(answer, 'text'))).toBe(recording.text_sha256);
    expect(sha(textOf(answer, 'reasoning'))).toBe(recording.reasoning_sha256);
    const calls = answer.blocks.filter(({ head }) => head.type === 'tool-call');
    expect(calls.map(({ head }) => (head.type === 'tool-call' ? [head.name, head.id] : []))).toEqual(
      recording.tool_calls.map(({ name, id }) => [name, id]),
    );
    for (const [index, call] of recording.tool_calls.entries()) {
      const [said, expected] = argsOf(calls[index]?.text ?? '', call) as [string, string];
      expect(said).toBe(expected);
    }
    expect(answer.finish?.raw).toBe(recording.finish_reason[0]);
    if (recording.usage !== null) expect(JSON.parse(JSON.stringify(answer.usage?.raw))).toEqual(recording.usage);
  });

  test.each(all.filter(({ streaming }) => streaming))(
    'UP-01 $file is the same answer however it is cut',
    (recording) => {
      const whole = read(recording);
      for (const size of [1, 7, 64, 4096]) expect(readCut(recording, size)).toEqual(whole);
    },
  );

  test('FM-14 an answer that is begun anew in the middle of a call is no answer', () => {
    const spliced = all.filter(({ file }) => SPLICED.test(file));
    expect(spliced).not.toEqual([]);
    for (const recording of spliced) expect(read(recording).error?.message).toContain('anew');
  });

  test.each(errors)('FM-04 UP-08 $file is an error', (recording) => {
    const body = bodyOf(recording).toString();
    const error =
      recording.http_status === 200
        ? read(recording).error
        : protocol.decodeError({ status: recording.http_status, body });
    expect(error?.message).toMatch(/./);
    expect(error?.message).not.toMatch(/without/);
    if (recording.http_status === 401) expect(error?.message).not.toMatch(/x-api-key/);
  });
});
