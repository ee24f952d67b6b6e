import { writeInput } from './request-write-input.ts';
import { lostOf } from './request-write-lost.ts';
import { ID, INCLUDE_LOGPROBS, INCLUDE_SEALS } from './words.ts';
import { unsupported } from '../../model/errors.ts';
import { asArray, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Generation, OutputFormat, Reasoning, Request, Tool, ToolChoice } from '../../model/request.ts';
import type { Target, UpstreamRequest } from '../codec.ts';
import { wordFor } from '../reasoning-effort.ts';
import { readSeal } from '../seal-envelope.ts';

/**
 * The request in this format's words. A body of this very format goes as it came, but for the model and whether to stream (UP-09).
 * @throws GatewayFailure `unsupported_parameter` for `stop` and `n`, which would change the answer if they were dropped.
 */
export function encodeRequest(request: Request, target: Target): UpstreamRequest {
  if (request.task !== 'generation') return unsupported('model', 'This model is reached by text requests only.');
  const own = request.native.protocol === ID;
  if (own) return { body: JSON.stringify({ ...request.native.value, ...patch(request, target) }) };
  const lost = lostOf(request);
  return { body: JSON.stringify(translate(request, target)), ...(lost.length > 0 && { lost }) };
}

/** What differs when a body of this format is passed on: the model, and `stream` when it is not as the client had it. */
export function patch(request: Request, target: Target): JsonObject {
  const asked = request.task !== 'transcription' && request.native.value['stream'] === true;
  return {
    model: target.model,
    ...(asked !== target.stream && { stream: target.stream }),
    ...(request.task !== 'transcription' && withoutEnvelopes(request.native.value['input'])),
  };
}

// Reasoning that another format's maker sealed is nothing this one could open; it would refuse the whole request (FM-50).
function withoutEnvelopes(input: Json | undefined): JsonObject {
  const items = asArray(input) ?? [];
  const kept = items.filter((item) => {
    const sealed = asString(asObject(item)?.['encrypted_content']);
    return sealed === undefined || readSeal(sealed, ID).protocol === ID;
  });
  return kept.length === items.length ? {} : { input: kept };
}

function translate(request: Generation, target: Target): JsonObject {
  if (request.promptOnly !== undefined && request.native.protocol !== ID)
    unsupported(request.promptOnly, `\`${request.promptOnly}\` needs a model that completes prompts. Leave it out.`);
  if (request.stop.length > 0)
    unsupported('stop', 'This model is reached by a format without stop sequences. Leave `stop` out.');
  if ((request.choices ?? 1) > 1)
    unsupported('n', 'This model is reached by a format that gives one answer at a time. Leave `n` out.');
  const { sampling, reasoning } = request;
  const tools = request.tools.map(writeTool);
  const include = includes(request);
  const text = writeText(request.output, request.verbosity);
  return {
    model: target.model,
    input: writeInput(request.turns, target.capabilities.developerRole),
    stream: target.stream,
    store: false,
    ...(tools.length > 0 && { tools }),
    ...(request.toolChoice !== undefined && { tool_choice: writeChoice(request.toolChoice, tools) }),
    ...(request.parallelToolCalls !== undefined && { parallel_tool_calls: request.parallelToolCalls }),
    ...(sampling.temperature !== undefined && { temperature: sampling.temperature }),
    ...(sampling.topP !== undefined && { top_p: sampling.topP }),
    ...(request.maxTokens !== undefined && { max_output_tokens: request.maxTokens }),
    ...(text !== undefined && { text }),
    ...(reasoning !== undefined && writeReasoning(reasoning)),
    ...(request.logprobs !== undefined && { top_logprobs: request.logprobs.top }),
    ...(include.length > 0 && { include }),
    ...(request.user !== undefined && { user: request.user }),
    ...(request.serviceTier !== undefined && { service_tier: request.serviceTier }),
    ...(request.metadata !== undefined && { metadata: request.metadata }),
    ...(request.cacheKey !== undefined && { prompt_cache_key: request.cacheKey }),
  };
}

function writeReasoning(reasoning: Reasoning): JsonObject {
  const effort = wordFor(reasoning);
  const { summary } = reasoning;
  if (effort === undefined && summary === undefined) return {};
  return { reasoning: { ...(effort !== undefined && { effort }), ...(summary !== undefined && { summary }) } };
}

// Sealed reasoning is asked for only where reasoning is: models without it refuse the wish.
function includes(request: Generation): readonly string[] {
  const effort = request.reasoning && wordFor(request.reasoning);
  return [
    ...(effort !== undefined && effort !== 'none' ? [INCLUDE_SEALS] : []),
    ...(request.logprobs !== undefined ? [INCLUDE_LOGPROBS] : []),
  ];
}

function writeTool(tool: Tool, index: number): JsonObject {
  if (tool.type === 'function') {
    return {
      type: 'function',
      name: tool.name,
      ...(tool.description !== undefined && { description: tool.description }),
      parameters: tool.parameters ?? { type: 'object', properties: {} },
      // Absent means strict here and lax in the other formats.
      strict: tool.strict ?? false,
    };
  }
  const value = asObject(tool.native.value);
  if (tool.native.protocol === ID && value !== undefined) return value;
  const custom = asObject(value?.['custom']);
  if (value?.['type'] !== 'custom' || custom === undefined)
    return unsupported(`tools[${index}]`, 'This model is reached by a format that does not know this kind of tool.');
  const { format, ...rest } = custom;
  return { type: 'custom', ...rest, ...(format !== undefined && { format: flatGrammar(format) }) };
}

function flatGrammar(format: Json): Json {
  const object = asObject(format);
  return object?.['type'] === 'grammar' ? { type: 'grammar', ...asObject(object['grammar']) } : format;
}

function writeChoice(choice: ToolChoice, tools: readonly JsonObject[]): Json {
  const named = (name: string): JsonObject => {
    const custom = tools.some((tool) => tool['type'] === 'custom' && asString(tool['name']) === name);
    return { type: custom ? 'custom' : 'function', name };
  };
  switch (choice.type) {
    case 'tool':
      return named(choice.name);
    case 'allowed':
      return { type: 'allowed_tools', mode: choice.mode, tools: choice.names.map(named) };
    default:
      return choice.type;
  }
}

function writeText(output: OutputFormat | undefined, verbosity: string | undefined): JsonObject | undefined {
  if (output === undefined && verbosity === undefined) return undefined;
  return {
    ...(output !== undefined && { format: writeFormat(output) }),
    ...(verbosity !== undefined && { verbosity }),
  };
}

function writeFormat(output: OutputFormat): JsonObject {
  if (output.type !== 'schema') return { type: output.type === 'json' ? 'json_object' : 'text' };
  return {
    type: 'json_schema',
    name: output.name,
    schema: output.schema ?? {},
    ...(output.description !== undefined && { description: output.description }),
    ...(output.strict !== undefined && { strict: output.strict }),
  };
}
