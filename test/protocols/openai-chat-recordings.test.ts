import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeWith, framesOf } from './openai-chat-bench.ts';
import { collect } from '../../src/model/completion.ts';
import type { WrittenBlock } from '../../src/model/completion.ts';

interface Recording {
  readonly file: string;
  readonly wire: string;
  readonly streaming: boolean;
  readonly http_status: number;
  readonly text_sha256: string | null;
  readonly reasoning_sha256: string | null;
  readonly refusal_sha256: string | null;
  readonly tool_calls: readonly { readonly name: string; readonly args_sha256: string; readonly args_chars: number }[];
  readonly finish_reason: readonly string[];
  readonly usage: Readonly<Record<string, unknown>> | null;
  readonly error: unknown;
}

const root = process.env['STREAMWEIR_RECORDINGS'] ?? join(import.meta.dirname, '../../../shared/recordings');
const recorded = existsSync(root);
const index = recorded ? (JSON.parse(readFileSync(join(root, 'index.json'), 'utf8')) as { readonly files: readonly Recording[] }).files : [];
const chats = index.filter(({ wire }) => wire === 'openai-chat');
// One that was cut off, one with an empty call, and two whose facts leave out what was read: a custom tool's name, a summary only in `reasoning_details`.
const OTHERWISE = /gpustack_qwen3_streams|snowflake_openai_model|custom_tool_call|web_search_with_openrouter/;
const answers = chats.filter(({ file, http_status: status, error }) => status === 200 && error === null && !OTHERWISE.test(file));

function hash(blocks: readonly WrittenBlock[], type: string): string | null {
  const text = blocks.filter(({ head }) => head.type === type && head.choice === undefined).map((block) => block.text);
  return text.join('') === '' ? null : createHash('sha256').update(text.join('')).digest('hex');
}

function read(recording: Recording): ReturnType<typeof collect> {
  const body = readFileSync(join(root, recording.file), 'utf8');
  return collect(
    decodeWith((decoder) => {
      if (!recording.streaming) decoder.whole(body);
      else {
        for (const frame of framesOf(body)) decoder.push(frame);
        decoder.end();
      }
    }),
  );
}

describe.skipIf(!recorded)('recorded chat completions', () => {
  test.each(answers)('UP-08 FM-46 $file decodes to what it says', (recording) => {
    const { blocks, usage, finish, error } = read(recording);
    expect(error).toBeUndefined();
    expect(hash(blocks, 'text')).toBe(recording.text_sha256);
    expect(hash(blocks, 'reasoning')).toBe(recording.reasoning_sha256);
    expect(hash(blocks, 'refusal')).toBe(recording.refusal_sha256);
    const calls = blocks.filter(({ head }) => head.type === 'tool-call');
    expect(calls.map(({ head, text }) => [head.type === 'tool-call' && head.name, text])).toEqual(
      recording.tool_calls.map(({ name }) => [name, expect.any(String)]),
    );
    recording.tool_calls.forEach((call, at) => {
      if (call.args_chars > 0) expect(createHash('sha256').update(calls[at]?.text ?? '').digest('hex')).toBe(call.args_sha256);
      else expect(calls[at]?.text).toBe(finish?.reason === 'length' ? "" : "{}");
    });
    expect(finish?.raw).toBe(recording.finish_reason[0]);
    if (recording.usage !== null) expect(JSON.parse(JSON.stringify(usage?.raw))).toEqual(recording.usage);
  });
});
