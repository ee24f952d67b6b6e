import { createHash } from 'node:crypto';
import type { Facts } from './facts.ts';
import type { ExpectedUsage } from './facts-usage.ts';

/** A recording of which something other than its index entry is expected; the reason goes into `docs/fidelity.md`. */
export interface Exception {
  /** What is expected instead, for readers. */
  readonly instead: string;
  readonly why: string;
  /** `error`: the answer must be an error; otherwise facts that replace those of the index. */
  readonly expect: 'error' | Partial<Facts>;
  /** The only dialect whose clients it concerns. */
  readonly only?: string;
  /** Only streams; the whole answer is as the index says. */
  readonly onlyStreams?: true;
}

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const WEATHER = ['{"location":"Boston"}', '{"location":"San Francisco"}'].map((args) => ({
  name: 'getWeather',
  id: undefined,
  argsSha: sha(args),
}));

const ESTIMATED: ExpectedUsage = { input: 7, output: [1], total: undefined, cached: 0, reasoning: [0] };
const CACHED: ExpectedUsage = { input: 7 + 108, output: [41], total: undefined, cached: 108, reasoning: [0] };

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
  'openai-chat/req_llm__openrouter_moonshotai_kimi_k2_0905_exacto_object_streaming.sse': {
    instead: 'the tokens of the cache, beside those estimated in the first event',
    why: 'the whole prompt was cached, and no stream of messages takes back what it said by a nought (MS-08)',
    expect: { usage: CACHED },
    only: 'anthropic-messages',
    onlyStreams: true,
  },
  'openai-chat/openai-dotnet__ChatTests_ChatWithAudioAsync.i1.sse': {
    instead: 'the words of the sound as text',
    why: 'messages have no sound',
    expect: { textSha: sha('Sure, let me check that for you.') },
    only: 'anthropic-messages',
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
  'anthropic-messages/vercel-ai__anthropic_spliced-message-start.sse': {
    instead: 'an error',
    why: 'a proxy began the answer anew in the middle of a tool call that clients may have been told of',
    expect: 'error',
  },
  'anthropic-messages/vercel-ai__anthropic_anthropic-programmatic-tool-calling.1.json': {
    instead: 'the calls, and the end `stop`',
    why: 'the calls were made by code at the provider and answered there; nothing is left to call',
    expect: { ending: 'stop' },
  },
  'gemini/generative-ai-js__test-utils_streaming-failure-recitation-no-content.sse': {
    instead: 'the end by a filter',
    why: 'the end is told three times, and the last word is `RECITATION`',
    expect: { ending: 'filter', rawEnding: 'RECITATION' },
  },
  'gemini/lmnr-ts__lmnr_google-genai-creates-a-streaming-genai-span.sse': {
    instead: 'an error',
    why: 'the stream stops without any word for its end',
    expect: 'error',
  },
  'gemini/vertexai-sdk-test-data__vertexai_streaming-failure-malformed-content.sse': {
    instead: 'an error',
    why: 'the only candidate has no parts and no end',
    expect: 'error',
  },
  'gemini/vercel-ai__google_google-stream-tool-call-arguments.sse': {
    instead: 'two calls of `getWeather`',
    why: 'the index counts each piece of their arguments as a call',
    expect: { calls: WEATHER, ending: 'tool-calls' },
  },
  'gemini/vercel-ai__google_google-vertex-stream-tool-call-arguments-nested.1.sse': {
    instead: 'one call of `cookRecipe`',
    why: 'the index counts each piece of its arguments as a call',
    expect: {
      // Put together from the pieces by their paths, by a program of its own.
      calls: [
        {
          name: 'cookRecipe',
          id: undefined,
          argsSha: '',
          canonicalSha: 'a266644b896612f4cde173e7000865e0e1a5d623c2ad9434caba703fa8c7c83e',
        },
      ],
      ending: 'tool-calls',
    },
  },
  'bedrock-converse/langchain-aws__libs_aws_test_pdf_citations.json': {
    instead: 'all of the text',
    why: 'the index leaves out what stands beside its sources',
    expect: { textSha: sha('The title of this document is "Dummy PDF file".') },
  },
  'bedrock-converse/pydantic-ai__test_bedrock_test_bedrock_model_code_execution_tool_stream.bin': {
    instead: 'the call of `final_result`',
    why: 'the other is of a tool that the provider runs itself',
    expect: {
      calls: [
        {
          name: 'final_result',
          id: 'tooluse_ptgCcZ0uQu-UUMz0abqoWw',
          argsSha: sha('{"result":7006652.0}'),
          // As readers with plain numbers see it.
          canonicalSha: sha('{"result":7006652}'),
        },
      ],
    },
  },
  'bedrock-converse/ruby_llm__chat_web_search_with_bedrock_amazon_nova-2-lite-v1_0_grounds_the_answer_with_web_citations.json':
    {
      instead: 'no call',
      why: 'it is of a tool that the provider runs itself',
      expect: { calls: [], ending: 'stop' },
    },
  'bedrock-converse/rig__bedrock_raw_provider_data_guardrail_trace_survives_into_raw_completion.json': {
    instead: 'tokens as estimated in the first event',
    why: 'the counts are nought, and no stream of messages takes back what it said (MS-08)',
    expect: { usage: ESTIMATED },
    only: 'anthropic-messages',
    onlyStreams: true,
  },
};

/** The exception that concerns one exchange, if there is one. */
export function exceptionFor(file: string, dialect: string, stream: boolean): Exception | undefined {
  const exception = EXCEPTIONS[file];
  const { only = dialect, onlyStreams = false } = exception ?? {};
  return only === dialect && (stream || !onlyStreams) ? exception : undefined;
}
