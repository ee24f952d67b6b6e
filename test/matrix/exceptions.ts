import { createHash } from 'node:crypto';
import type { Facts } from './facts.ts';

/** A recording of which something other than its index entry is expected; the reason goes into `docs/fidelity.md`. */
export interface Exception {
  /** What is expected instead, for readers. */
  readonly instead: string;
  readonly why: string;
  /** `error`: the answer must be an error; otherwise facts that replace those of the index. */
  readonly expect: 'error' | Partial<Facts>;
}

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Every exception, by the file of its recording. */
export const EXCEPTIONS: Readonly<Record<string, Exception>> = {
  'openai-chat/ruby_llm__chat_with_extended_thinking_gpustack_qwen3_streams_thinking_content_when_available.sse': {
    instead: 'an error',
    why: 'the upstream failed in the middle: the body ends with an `error:` line, without finish reason and without `[DONE]`',
    expect: 'error',
  },
  'openai-chat/dd-trace-py__openai_chat_completion_custom_tool_call.json': {
    instead: 'the call `math_exp` with the input `4 + 4`',
    why: 'the index reads function calls only; this is a call of a custom tool',
    expect: { calls: [{ name: 'math_exp', id: 'call_QpgJRI5C9DcjExMNU6lrJPcu', argsSha: sha('4 + 4') }] },
  },
  'openai-chat/pydantic-ai__test_snowflake_test_snowflake_openai_model.json': {
    instead: 'no tool call, finish reason `stop`',
    why: 'the upstream fills absent fields with empty ones; a `function_call` without a name calls nothing',
    expect: { calls: [], ending: 'stop' },
  },
  'openai-completions/ruby-openai__usage_completions.json': {
    instead: 'an error',
    why: 'a page of an administration interface, not an answer of a model',
    expect: 'error',
  },
  'openai-responses/openai-dotnet__ResponsesTests_CanCancelBackgroundResponses.json': {
    instead: 'an error',
    why: 'a background response that is still queued; nobody asked for one, and it holds no answer',
    expect: 'error',
  },
  'openai-responses/vercel-ai__openai_responses_openai-reasoning-encrypted-content.1.sse': {
    instead: 'the first response alone',
    why: 'four responses of a conversation in one file; a stream is over with its first terminal event',
    expect: {
      textSha: undefined,
      reasoningSha: 'e8c4cd892aeccd1f8e73cda6a54a4a99b2a196820ce3b796f249d2aabb14a695',
      calls: [{ name: 'calculator', id: 'call_AB6AaRZ1FYZB2RwS6A5vbdqn', argsSha: sha('{"a":12,"b":7,"op":"add"}') }],
      ending: 'tool-calls',
      usage: { input: 134, output: [28], total: 162, cached: 0, reasoning: [0] },
    },
  },
};
