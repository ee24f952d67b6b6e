import { Peek } from '../support/peek.ts';
import type { Recording } from '../support/recordings.ts';

/** Token counts that must be found, as inclusive totals; several values of `output` or `reasoning` are equally right. */
export interface ExpectedUsage {
  readonly input: number;
  readonly output: readonly number[];
  readonly total: number | undefined;
  readonly cached: number;
  readonly reasoning: readonly number[];
}

/** The token counts of a recording's index entry; undefined where the upstream gave none. */
export function usageOf(recording: Recording): ExpectedUsage | undefined {
  const usage = new Peek(recording.usage);
  switch (recording.protocol) {
    case 'anthropic-messages':
      return messagesUsage(usage);
    case 'gemini':
      return geminiUsage(usage);
    case 'bedrock-converse':
      return usage.at('inputTokens').given ? converseUsage(usage) : messagesUsage(usage);
    case 'openai-responses':
      return openAiUsage(usage, 'input', 'output');
    default:
      return openAiUsage(usage, 'prompt', 'completion');
  }
}

function openAiUsage(usage: Peek, input: string, output: string): ExpectedUsage | undefined {
  const counted = usage.at(`${input}_tokens`).number;
  const written = usage.at(`${output}_tokens`).number;
  if (counted === undefined || written === undefined) return undefined;
  const reasoning =
    usage.at(`${output}_tokens_details`, 'reasoning_tokens').number ?? usage.at('reasoning_tokens').number ?? 0;
  const total = usage.at('total_tokens').number;
  // Some upstreams count reasoning beside the completion instead of inside it; the total tells.
  const beside = total === counted + written + reasoning && reasoning > 0;
  return {
    input: counted,
    output: beside ? [written, written + reasoning] : [written],
    total,
    cached: usage.at(`${input}_tokens_details`, 'cached_tokens').number ?? usage.at('cached_tokens').number ?? 0,
    // More reasoning than output in all cannot be; it may be cut to all of the output, or told as the upstream told it.
    reasoning: reasoning > written && !beside ? [reasoning, written] : [reasoning],
  };
}

// What was read from or written to the cache is counted beside the input.
function messagesUsage(usage: Peek): ExpectedUsage | undefined {
  const plain = usage.at('input_tokens').number;
  const output = usage.at('output_tokens').number;
  if (plain === undefined || output === undefined) return undefined;
  const cached = usage.at('cache_read_input_tokens').number ?? 0;
  const input = plain + cached + (usage.at('cache_creation_input_tokens').number ?? 0);
  const reasoning = usage.at('output_tokens_details', 'thinking_tokens').number ?? 0;
  return { input, output: [output], total: input + output, cached, reasoning: [reasoning] };
}

// Thoughts are counted beside the candidates, what tools brought in beside the prompt.
function geminiUsage(usage: Peek): ExpectedUsage | undefined {
  const prompt = usage.at('promptTokenCount').number;
  if (prompt === undefined) return undefined;
  const reasoning = usage.at('thoughtsTokenCount').number ?? 0;
  return {
    input: prompt + (usage.at('toolUsePromptTokenCount').number ?? 0),
    output: [(usage.at('candidatesTokenCount').number ?? 0) + reasoning],
    total: usage.at('totalTokenCount').number,
    cached: usage.at('cachedContentTokenCount').number ?? 0,
    reasoning: [reasoning],
  };
}

function converseUsage(usage: Peek): ExpectedUsage | undefined {
  const plain = usage.at('inputTokens').number;
  const output = usage.at('outputTokens').number;
  if (plain === undefined || output === undefined) return undefined;
  const cached = usage.at('cacheReadInputTokens').number ?? 0;
  const input = plain + cached + (usage.at('cacheWriteInputTokens').number ?? 0);
  return { input, output: [output], total: usage.at('totalTokens').number, cached, reasoning: [0] };
}
