import { writeContents } from './request-write-contents.ts';
import { resourceOf } from './request-write-path.ts';
import { encodeEmbedding, patchEmbedding } from './request-write-embedding.ts';
import { withoutForeignSeals } from './request-write-native.ts';
import { generationOf, thinkingConfig } from './request-write-thinking.ts';
import { unsupported } from '../../model/errors.ts';
import { asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { CountRequest, Generation, OutputFormat, Request, Tool, ToolChoice } from '../../model/request.ts';
import type { BodyPatch, Target, UpstreamRequest } from '../codec.ts';

/**
 * Puts a request into this format's words: the client's own body when it came in this format, else a translation.
 * @throws GatewayFailure (`unsupported_parameter`) for what the format cannot say.
 */
export function encodeRequest(request: Request, target: Target): UpstreamRequest {
  if (request.task === 'embedding') return encodeEmbedding(request, target);
  if (request.task !== 'generation' && request.task !== 'count')
    return unsupported('model', 'This model answers texts, counts their tokens or embeds them, and nothing else.');
  if (request.native.protocol === 'gemini') {
    const body = without({ ...request.native.value, ...patch(request, target) });
    return { body: JSON.stringify(withoutForeignSeals(body, demands(target.model))) };
  }
  const lost = new Set<string>();
  const generation = request.task === 'count' ? request.generation : request;
  const written = translate(generation, target, lost);
  const body = request.task === 'count' ? countBody(written, target) : written;
  return { body: JSON.stringify(body), ...(lost.size > 0 && { lost: [...lost] }) };
}

/** What changes in a body of this format: nothing for an answer, as the model stands in the path; elsewhere the model it repeats. */
export function patch(request: Request, target: Target): BodyPatch {
  if (request.task === 'embedding') return patchEmbedding(request, target);
  if (request.task !== 'count') return {};
  return patchCount(request, target);
}

/** The hosts differ in where they look for what stands beside the contents. */
function patchCount({ native: { value } }: CountRequest, target: Target): BodyPatch {
  const key = 'generate_content_request' in value ? 'generate_content_request' : 'generateContentRequest';
  const inner = asObject(value[key]);
  if (target.hosting?.style === 'vertex') {
    const { model: _model, ...lifted } = inner ?? {};
    return inner === undefined ? {} : { [key]: undefined, ...lifted };
  }
  if (inner !== undefined) return { [key]: { ...inner, model: resourceOf(target.model) } };
  if (Object.keys(value).length <= 1) return {};
  return {
    ...Object.fromEntries(Object.keys(value).map((each) => [each, undefined])),
    generateContentRequest: { ...value, model: resourceOf(target.model) },
  };
}

/** What is counted beside the contents has its place in a whole request, except where the host takes it as it is. */
function countBody(written: JsonObject, target: Target): JsonObject {
  const { contents, systemInstruction, tools } = written;
  const counted = without({ contents, systemInstruction, tools });
  if (target.hosting?.style === 'vertex' || Object.keys(counted).length === 1) return counted;
  return { generateContentRequest: { model: resourceOf(target.model), ...counted } };
}

// Calls of another model must be marked for these, or the request is refused.
function demands(model: string): boolean {
  return (generationOf(model) ?? 0) >= 3;
}

function translate(request: Generation, target: Target, lost: Set<string>): JsonObject {
  const demandsSignatures = demands(target.model);
  const tools = writeTools(request, lost);
  const config = without({
    temperature: request.sampling.temperature,
    topP: request.sampling.topP,
    topK: request.sampling.topK,
    candidateCount: request.choices,
    maxOutputTokens: request.maxTokens,
    stopSequences: request.stop.length === 0 ? undefined : request.stop,
    ...writeOutput(request.output),
    presencePenalty: request.sampling.presencePenalty,
    frequencyPenalty: request.sampling.frequencyPenalty,
    seed: request.sampling.seed,
    responseLogprobs: request.logprobs === undefined ? undefined : true,
    logprobs: request.logprobs === undefined || request.logprobs.top === 0 ? undefined : request.logprobs.top,
    thinkingConfig: writeThinking(request, target, lost),
  });
  noteLost(request, lost);
  return without({
    ...writeContents(request.turns, { demandsSignatures, seesResults: demandsSignatures }),
    tools: tools.length === 0 ? undefined : tools,
    toolConfig: tools.length === 0 ? undefined : writeChoice(request.toolChoice),
    generationConfig: Object.keys(config).length === 0 ? undefined : config,
    serviceTier: writeTier(request.serviceTier, lost),
  });
}

function writeTools(request: Generation, lost: Set<string>): readonly JsonObject[] {
  const { tools, toolChoice } = request;
  // A choice among some of the tools that does not force a call: the others are not shown.
  const shown = toolChoice?.type === 'allowed' && toolChoice.mode === 'auto' ? new Set(toolChoice.names) : undefined;
  const functions: JsonObject[] = [];
  const natives: JsonObject[] = [];
  for (const [index, tool] of tools.entries()) {
    if (tool.type === 'native') natives.push(nativeTool(tool, index));
    else if (shown === undefined || shown.has(tool.name)) functions.push(writeFunction(tool, lost));
  }
  return [...(functions.length > 0 ? [{ functionDeclarations: functions }] : []), ...natives];
}

function nativeTool({ native }: Extract<Tool, { type: 'native' }>, index: number): JsonObject {
  const own = native.protocol === 'gemini' ? asObject(native.value) : undefined;
  return (
    own ??
    unsupported(
      `tools[${index}]`,
      "The chosen model's provider does not know this kind of tool; only function tools can be used with it.",
    )
  );
}

function writeFunction(tool: Extract<Tool, { type: 'function' }>, lost: Set<string>): JsonObject {
  const { name, description, parameters, strict, cache } = tool;
  if (strict === true) lost.add('strict');
  if (cache !== undefined) lost.add('cache_control');
  const { $schema: _dialect, ...schema } = parameters ?? {};
  return without({ name, description, parametersJsonSchema: parameters === undefined ? undefined : schema });
}

function writeChoice(choice: ToolChoice | undefined): JsonObject | undefined {
  if (choice === undefined) return undefined;
  if (choice.type === 'tool') return calling('ANY', [choice.name]);
  if (choice.type === 'allowed') return choice.mode === 'required' ? calling('ANY', choice.names) : calling('AUTO');
  return calling({ auto: 'AUTO', none: 'NONE', required: 'ANY' }[choice.type]);
}

function calling(mode: string, allowedFunctionNames?: readonly string[]): JsonObject {
  return { functionCallingConfig: { mode, ...(allowedFunctionNames !== undefined && { allowedFunctionNames }) } };
}

function writeOutput(output: OutputFormat | undefined): JsonObject {
  if (output?.type !== 'schema' && output?.type !== 'json') return {};
  const schema = output.type === 'schema' ? output.schema : undefined;
  const { $schema: _dialect, ...shape } = schema ?? {};
  return { responseMimeType: 'application/json', ...(schema !== undefined && { responseJsonSchema: shape }) };
}

function writeThinking({ reasoning }: Generation, target: Target, lost: Set<string>): JsonObject | undefined {
  if (reasoning === undefined) return undefined;
  const config = thinkingConfig(reasoning, target.model);
  if (config === undefined && reasoning.effort !== undefined && reasoning.effort !== 'none')
    lost.add('reasoning_effort');
  if (config === undefined && (reasoning.budget ?? 0) !== 0) lost.add('reasoning_budget');
  return config;
}

const TIERS: ReadonlyMap<string, string | undefined> = new Map([
  ['flex', 'flex'],
  ['priority', 'priority'],
  ['standard', 'standard'],
  ['default', 'standard'],
  ['auto', undefined],
]);

function writeTier(tier: string | undefined, lost: Set<string>): string | undefined {
  if (tier !== undefined && !TIERS.has(tier)) lost.add('service_tier');
  return tier === undefined ? undefined : TIERS.get(tier);
}

function noteLost(request: Generation, lost: Set<string>): void {
  const unsaid: Readonly<Record<string, boolean>> = {
    parallel_tool_calls: request.parallelToolCalls === false && request.tools.length > 0,
    verbosity: request.verbosity !== undefined,
    user: request.user !== undefined,
    metadata: request.metadata !== undefined,
    prompt_cache_key: request.cacheKey !== undefined,
    name: request.turns.some((turn) => turn.name !== undefined),
    cache_control: request.turns.some((turn) =>
      turn.blocks.some((block) => 'cache' in block && block.cache !== undefined),
    ),
    detail: request.turns.some((turn) =>
      turn.blocks.some((block) => block.type === 'media' && (block.detail ?? 'auto') !== 'auto'),
    ),
  };
  for (const [name, is] of Object.entries(unsaid)) if (is) lost.add(name);
}

function without(object: { readonly [key: string]: Json | undefined }): JsonObject {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(object)) if (value !== undefined) kept[key] = value;
  return kept;
}
