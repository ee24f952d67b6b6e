import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { collect } from '../../src/model/completion.ts';
import type { Completion } from '../../src/model/completion.ts';
import { dialect, protocol } from '../../src/protocols/openai-chat/index.ts';
import { answersOf, bodyOf, haveRecordings, recordings } from '../support/recordings.ts';
import type { Recording } from '../support/recordings.ts';
import { decoded, framesOf, streamOf } from './exchange.ts';

const request = dialect.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });

// One was cut off, one fills absent fields with an empty call, and of one the index leaves out the custom tool's name.
const OTHERWISE = /gpustack_qwen3_streams|snowflake_openai_model|custom_tool_call/;
const answers = answersOf('openai-chat').filter(({ file }) => !OTHERWISE.test(file));
const errors = recordings().filter(({ wire, protocol: kind }) => kind === 'errors' && wire === 'openai-chat');

function read(recording: Recording): Completion {
  const body = bodyOf(recording).toString();
  return collect(
    decoded(protocol, request, recording.streaming ? streamOf(framesOf(body)) : (decoder) => decoder.whole(body)),
  );
}

const sha = (text: string): string | null => (text === '' ? null : createHash('sha256').update(text).digest('hex'));
const EMPTY = createHash('sha256').digest('hex');
const textOf = ({ blocks }: Completion, type: string): string =>
  blocks.map(({ head, text }) => (head.type === type && head.choice === undefined ? text : '')).join('');

describe.skipIf(!haveRecordings)('recorded chat completions', () => {
  test.each(answers)('UP-01 UP-08 CC-13 $file says what its index says', (recording) => {
    const answer = read(recording);
    expect(answer.error).toBeUndefined();
    expect(sha(textOf(answer, 'text'))).toBe(recording.text_sha256);
    expect(sha(textOf(answer, 'reasoning'))).toBe(recording.reasoning_sha256);
    expect(sha(textOf(answer, 'refusal'))).toBe(recording.refusal_sha256);
    const calls = answer.blocks.flatMap(({ head, text }) =>
      head.type === 'tool-call' ? [[head.name, sha(text)]] : [],
    );
    const none = answer.finish?.reason === 'length' ? null : sha('{}');
    expect(calls).toEqual(
      recording.tool_calls.map(({ name, args_sha256: args }) => [name, args === EMPTY ? none : args]),
    );
    expect(answer.finish?.raw).toBe(recording.finish_reason[0]);
    if (recording.usage !== null) expect(JSON.parse(JSON.stringify(answer.usage?.raw))).toEqual(recording.usage);
  });

  test.each(errors)('FM-04 UP-08 $file is an error', (recording) => {
    if (recording.http_status === 200) {
      expect(read(recording).error?.message).toMatch(/./);
      return;
    }
    const error = protocol.decodeError({ status: recording.http_status, body: bodyOf(recording).toString() });
    expect(error.message).toMatch(/./);
    expect(error.message).not.toMatch(
      /api.key/i.test(bodyOf(recording).toString()) ? /provided|Authentication/ : /without a readable error/,
    );
  });
});
