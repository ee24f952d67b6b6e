import { lostOf } from './request-write-lost.ts';
import { writeTurn } from './request-write-messages.ts';
import { withoutCarried } from './seals.ts';
import { unsupported } from '../../model/errors.ts';
import { asArray, asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Generation, OutputFormat, Request, Tool, ToolChoice } from '../../model/request.ts';
import type { Target, UpstreamRequest } from '../codec.ts';
import { wordFor } from '../reasoning-effort.ts';

/**
 * Puts a request into chat completions words: the client's own body with few keys exchanged when it came in this format (UP-09),
 * else a translation.
 * @throws GatewayFailure (`unsupported_parameter`) for what the format cannot say.
 */
export function encodeRequest(request: Request, target: Target): UpstreamRequest {
  if (request.task !== 'generation') return unsupported('model', 'This model answers chat requests only.');
  const own = request.native.protocol === 'openai-chat';
  if (own) return { body: JSON.stringify({ ...request.native.value, ...ownPatch(request, target) }) };
  const lost = lostOf(request);
  return { body: JSON.stringify(translate(request, target)), ...(lost.length > 0 && { lost }) };
}

/** What changes in a body of this format on its way upstream: the model, how it is streamed, and a role the target does not know. */
export function patch(request: Request, target: Target): JsonObject {
  const value = request.task === 'generation' ? request.native.value : {};
  const streams = value['stream'] === true;
  return {
    model: target.model,
    ...(streams !== target.stream && { stream: target.stream }),
    ...streamOptions(target, value['stream_options']),
    ...(!target.capabilities.developerRole && withoutDevelopers(value['messages'])),
  };
}

// A body that is written anew may hold seals of others' (FM-50).
function ownPatch(request: Request, target: Target): JsonObject {
  const changes = patch(request, target);
  const messages = asArray(
    changes['messages'] ?? (request.task === 'generation' ? request.native.value['messages'] : undefined),
  );
  return messages === undefined ? changes : { ...changes, messages: messages.map(withoutCarried) };
}

function withoutDevelopers(messages: Json | undefined): JsonObject {
  const list = asArray(messages) ?? [];
  const isDeveloper = (message: Json): boolean => asObject(message)?.['role'] === 'developer';
  if (!list.some(isDeveloper)) return {};
  return {
    messages: list.map((message) => (isDeveloper(message) ? { ...asObject(message), role: 'system' } : message)),
  };
}

/** CC-10, CC-12: usage is asked for only in a stream, and only where that is known to be accepted. */
function streamOptions(target: Target, own?: Json): JsonObject {
  const asks = target.stream && target.capabilities.streamUsage;
  const options = asObject(own);
  if (options === undefined) return asks ? { stream_options: { include_usage: true } } : {};
  if (asks) return options['include_usage'] === true ? {} : { stream_options: { ...options, include_usage: true } };
  // `null` is how this format writes "not given".
  if (!target.stream) return { stream_options: null };
  const { include_usage: asked, ...others } = options;
  if (asked === undefined) return {};
  return { stream_options: Object.keys(others).length === 0 ? null : others };
}

function translate(request: Generation, target: Target): JsonObject {
  const { capabilities } = target;
  return without({
    model: target.model,
    messages: request.turns.flatMap((turn) => writeTurn(turn, capabilities)),
    tools: request.tools.length === 0 ? undefined : request.tools.map(writeTool),
    tool_choice: writeChoice(request.toolChoice),
    parallel_tool_calls: request.tools.length === 0 ? undefined : request.parallelToolCalls,
    temperature: request.sampling.temperature,
    top_p: request.sampling.topP,
    frequency_penalty: request.sampling.frequencyPenalty,
    presence_penalty: request.sampling.presencePenalty,
    seed: request.sampling.seed,
    [capabilities.maxCompletionTokens ? 'max_completion_tokens' : 'max_tokens']: request.maxTokens,
    stop: request.stop.length === 0 ? undefined : request.stop,
    response_format: writeOutput(request.output),
    reasoning_effort: request.reasoning && wordFor(request.reasoning),
    n: request.choices,
    logprobs: request.logprobs === undefined ? undefined : true,
    top_logprobs: request.logprobs === undefined || request.logprobs.top === 0 ? undefined : request.logprobs.top,
    verbosity: request.verbosity,
    user: request.user,
    service_tier: request.serviceTier,
    metadata: request.metadata,
    prompt_cache_key: request.cacheKey,
    ...(target.stream && { stream: true }),
    ...streamOptions(target),
  });
}

function without(object: { readonly [key: string]: Json | undefined }): JsonObject {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(object)) if (value !== undefined) kept[key] = value;
  return kept;
}

function writeTool(tool: Tool, index: number): Json {
  if (tool.type === 'native') {
    if (tool.native.protocol === 'openai-chat') return tool.native.value;
    return unsupported(
      `tools[${index}]`,
      `The chosen model's provider does not know this kind of tool; only function tools can be used with it.`,
    );
  }
  const { name, description, parameters, strict } = tool;
  return { type: 'function', function: without({ name, description, parameters, strict }) };
}

function writeChoice(choice: ToolChoice | undefined): Json | undefined {
  if (choice === undefined) return undefined;
  if (choice.type === 'tool') return { type: 'function', function: { name: choice.name } };
  if (choice.type !== 'allowed') return choice.type;
  const tools = choice.names.map((name) => ({ type: 'function', function: { name } }));
  return { type: 'allowed_tools', allowed_tools: { mode: choice.mode, tools } };
}

function writeOutput(output: OutputFormat | undefined): Json | undefined {
  if (output?.type === 'json') return { type: 'json_object' };
  if (output?.type !== 'schema') return undefined;
  const { name, schema, description, strict } = output;
  return { type: 'json_schema', json_schema: without({ name, description, schema, strict }) };
}
