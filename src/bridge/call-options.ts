import { unsupported } from '../model/errors.ts';
import { asNumber } from '../model/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { Generation, OutputFormat, Tool, ToolChoice } from '../model/request.ts';
import { takesUrl } from './media.ts';
import { promptOf } from './prompt.ts';
import type { SdkVersion } from './sdk-model.ts';

/** A request in the words of the packages, and what has none. */
export interface CallOptions {
  readonly options: JsonObject | object;
  readonly lost: readonly string[];
}

/** Puts a request into the packages' words; refuses what leaving out would change the meaning of. */
export function callOptions(request: Generation, version: SdkVersion, supportedUrls: unknown): CallOptions {
  const lost = new Set<string>(lostFields(request));
  if (request.promptOnly !== undefined)
    unsupported(
      request.promptOnly,
      `'${request.promptOnly}' can only be honoured by a model that is reached through completions.`,
    );
  if ((request.choices ?? 1) > 1) unsupported('n', 'This provider gives one answer for each request.');
  const prompt = promptOf(request.turns, {
    version,
    fetches: (type, url) => takesUrl(supportedUrls, type, url),
    lose: (feature) => lost.add(feature),
  });
  const effort = request.reasoning?.effort;
  if (effort !== undefined && version < 4) lost.add('reasoning_effort');
  const { sampling } = request;
  const options = {
    prompt,
    ...given('maxOutputTokens', request.maxTokens),
    ...given('temperature', sampling.temperature),
    ...given('topP', sampling.topP),
    ...given('topK', sampling.topK),
    ...given('frequencyPenalty', sampling.frequencyPenalty),
    ...given('presencePenalty', sampling.presencePenalty),
    ...given('seed', sampling.seed),
    ...(request.stop.length > 0 && { stopSequences: request.stop }),
    ...(request.output !== undefined && { responseFormat: responseFormat(request.output) }),
    ...(effort !== undefined && version >= 4 && { reasoning: effort === 'max' ? 'xhigh' : effort }),
    ...toolOptions(request.tools, request.toolChoice),
  };
  return { options, lost: [...lost] };
}

function given(name: string, value: Json | undefined): object {
  const number = asNumber(value);
  return number === undefined ? {} : { [name]: number };
}

function lostFields({ reasoning, output, tools, ...request }: Generation): readonly string[] {
  const asked: Readonly<Record<string, boolean>> = {
    logprobs: request.logprobs !== undefined,
    verbosity: request.verbosity !== undefined,
    user: request.user !== undefined,
    service_tier: request.serviceTier !== undefined,
    metadata: request.metadata !== undefined,
    prompt_cache_key: request.cacheKey !== undefined,
    parallel_tool_calls: request.parallelToolCalls === false && tools.length > 0,
    reasoning_summary: reasoning?.summary !== undefined,
    reasoning_budget: reasoning?.budget !== undefined && reasoning.effort === undefined,
    schema_strict: output?.type === 'schema' && output.strict === false,
    cache_control: tools.some((tool) => tool.type === 'function' && tool.cache !== undefined),
  };
  return Object.keys(asked).filter((name) => asked[name]);
}

function responseFormat(output: OutputFormat): object {
  if (output.type !== 'schema') return { type: output.type };
  const { name, schema, description } = output;
  return {
    type: 'json',
    name,
    ...(schema !== undefined && { schema }),
    ...(description !== undefined && { description }),
  };
}

function toolOptions(tools: readonly Tool[], choice: ToolChoice | undefined): object {
  const wanted = choice?.type === 'allowed' ? new Set(choice.names) : undefined;
  const kept = tools.flatMap((tool) => {
    if (tool.type !== 'function' || wanted?.has(tool.name) === false) return [];
    const { name, description, parameters, strict } = tool;
    return [
      {
        type: 'function',
        name,
        ...(description !== undefined && { description }),
        inputSchema: parameters ?? { type: 'object', properties: {} },
        ...(strict !== undefined && { strict }),
      },
    ];
  });
  if (kept.length === 0) return {};
  return { tools: kept, ...(choice !== undefined && { toolChoice: toolChoice(choice) }) };
}

function toolChoice(choice: ToolChoice): object {
  switch (choice.type) {
    case 'tool':
      return { type: 'tool', toolName: choice.name };
    case 'allowed':
      return { type: choice.mode };
    default:
      return { type: choice.type };
  }
}
