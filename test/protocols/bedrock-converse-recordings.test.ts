import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { AwsReader } from '../../src/framing/aws-reader.ts';
import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import { protocol } from '../../src/protocols/bedrock-converse/index.ts';
import { dialect } from '../../src/protocols/openai-chat/index.ts';
import { answersOf, bodyOf, haveRecordings, recordings } from '../support/recordings.ts';
import type { Recording } from '../support/recordings.ts';
import { decoded } from './exchange.ts';

const request = dialect.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
const answers = answersOf('bedrock-converse').filter(({ wire }) => wire === 'bedrock-converse');
const errors = recordings().filter(({ wire, protocol: kind }) => kind === 'errors' && wire === 'bedrock-converse');
// Tools that the provider runs itself are in the index and no calls of the client's.
const SERVER_TOOLS = new Set(['nova_code_interpreter', 'nova_grounding']);

function read(recording: Recording, size = 4096): Completion {
  const body = bodyOf(recording);
  return collect(
    decoded(protocol, request, (decoder) => {
      if (!recording.streaming) {
        decoder.whole(body.toString());
        return;
      }
      const reader = new AwsReader((frame) => decoder.push(frame), { eventBytes: 8 << 20 });
      for (let at = 0; at < body.length; at += size) reader.push(body.subarray(at, at + size));
      reader.end();
      decoder.end();
    }),
  );
}

const sha = (text: string): string | null => (text === '' ? null : createHash('sha256').update(text).digest('hex'));
const textOf = ({ blocks }: Completion, type: string): string =>
  blocks.map(({ head, text }) => (head.type === type ? text : '')).join('');

/** JSON with its keys sorted and no spaces, as the index has it. */
function canonical(json: string): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, each]) => [key, sorted(each)]),
    );
  };
  return JSON.stringify(sorted(JSON.parse(json)));
}

describe.skipIf(!haveRecordings)('recorded Converse answers', () => {
  test('there are streamed ones and whole ones', () => {
    expect(answers.filter(({ streaming }) => streaming).length).toBeGreaterThan(12);
    expect(answers.filter(({ streaming }) => !streaming).length).toBeGreaterThan(8);
  });

  test.each(answers)('UP-01 UP-08 $file says what its index says', (recording) => {
    const answer = read(recording);
    expect(answer.error).toBeUndefined();
    // The index leaves out the text that stands beside its sources.
    const uncited = answer.blocks.filter(({ annotations }) => recording.streaming || annotations.length === 0);
    expect(sha(textOf({ ...answer, blocks: uncited }, 'text'))).toBe(recording.text_sha256);
    expect(sha(textOf(answer, 'reasoning'))).toBe(recording.reasoning_sha256);
    const calls = answer.blocks.flatMap(({ head, text }) =>
      head.type === 'tool-call' ? [[head.name, head.id, sha(recording.streaming ? text : canonical(text))]] : [],
    );
    const own = recording.tool_calls.filter(({ name }) => !SERVER_TOOLS.has(name ?? ''));
    expect(calls.map(([name, id]) => [name, id])).toEqual(own.map(({ name, id }) => [name, id]));
    const inputs = own.map(({ args_sha256: raw, args_canonical_sha256: args }) => (recording.streaming ? raw : args));
    expect(calls.map(([, , input]) => input)).toEqual(inputs);
    expect(answer.natives.length > 0).toBe(
      own.length < recording.tool_calls.length || recording.features.includes('block:toolResult'),
    );
    expect(answer.finish?.raw).toBe(recording.finish_reason[0]);
    expect(answer.finish?.reason).not.toBe('other');
    if (recording.usage !== null) expect(answer.usage?.raw).toEqual(recording.usage);
    const sealed = answer.blocks.filter(({ seal }) => seal?.protocol === 'bedrock-converse');
    expect(sealed.length > 0).toBe(recording.features.includes('reasoning-signature'));
    const cited = answer.blocks.some(({ annotations }) => annotations.length > 0);
    expect(cited).toBe(recording.features.includes('citations'));
  });

  test.each(answers.filter(({ streaming }) => streaming))('UP-01 $file reads the same at every cut', (recording) => {
    const whole = read(recording, 1 << 30);
    for (const size of [1, 7, 64]) expect(read(recording, size)).toEqual(whole);
  });

  test.each(errors)('FM-04 FM-26 $file is an error', (recording) => {
    const error =
      recording.http_status === 200
        ? read(recording).error
        : protocol.decodeError({ status: recording.http_status, body: bodyOf(recording).toString() });
    expect(error?.kind).toBe(recording.http_status === 403 ? 'upstream_auth' : 'client_error');
    expect(error?.message).toMatch(recording.http_status === 403 ? /refused its credential/ : /model returned/);
    expect(error?.message).not.toMatch(/security token/);
  });
});
