import { writeTurns } from './request-write-messages.ts';
import type { Conversation } from './request-write-messages.ts';
import { cacheControl } from './request-write-blocks.ts';
import type { Lose } from './request-write-blocks.ts';
import { generationOf, holdOutput } from './request-write-output.ts';
import type { Held } from './request-write-output.ts';
import { writeThinking } from './request-write-thinking.ts';
import { OWN } from './seals.ts';
import { given } from './words.ts';
import { familyOf } from './words-models.ts';
import type { Family } from './words-models.ts';
import { unsupported } from '../../model/errors.ts';
import { asNumber, asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Generation, Request, Tool } from '../../model/request.ts';
import type { Target } from '../codec.ts';

/** A body in this format's words, without the keys that say where it goes. */
export interface Translated {
  readonly body: JsonObject;
  readonly lost: readonly string[];
}

/**
 * Puts a request of another format into Messages words; names what could not be said.
 * @throws GatewayFailure (`unsupported_parameter`) for what would change the meaning if it were left out.
 */
export function translate(request: Request, target: Target): Translated {
  const generation = generationOf(request);
  if (generation === undefined) return unsupported('model', 'This model answers text requests only.');
  if ((generation.choices ?? 1) > 1) unsupported('n', 'The chosen model gives one answer at a time.');
  const lost = new Set<string>();
  const lose = (feature: string): void => void lost.add(feature);
  const family = familyOf(target.model);
  const held = holdOutput(generation, target);
  const talk = writeTurns(generation.turns, family.systemTurns && target.hosting === undefined, lose);
  const counted = {
    system: systemOf(talk, held),
    messages: talk.messages.map(({ role, content }) => ({ role, content })),
    tools: toolsOf(generation, held, target, lose),
    tool_choice: choiceOf(generation, held, lose),
  };
  const limits = limitsOf(generation, family, talk, counted.tool_choice, held, lose);
  const { thinking } = limits;
  if (request.task === 'count') return { body: given({ ...counted, thinking }), lost: [...lost] };
  const body = {
    ...limits,
    ...counted,
    ...samplingOf(generation, family, thinking !== undefined, lose),
    ...othersOf(generation, lose),
  };
  return { body: given(body), lost: [...lost] };
}

type Written = { readonly [key: string]: Json | undefined };

function limitsOf(
  request: Generation,
  family: Family,
  talk: Conversation,
  choice: JsonObject | undefined,
  held: Held,
  lose: Lose,
): Written {
  const maxTokens = request.maxTokens ?? family.maxTokens;
  const forced = choice?.['type'] === 'any' || choice?.['type'] === 'tool';
  const { thinking, effort } = writeThinking(request, { family, maxTokens, forced, late: isLate(talk) }, lose);
  const config = given({ effort, format: held.format });
  return { max_tokens: maxTokens, thinking, output_config: Object.keys(config).length === 0 ? undefined : config };
}

// Turns of a model that thinks by budget begin with thinking as long as it waits for results of its calls.
function isLate({ messages }: Conversation): boolean {
  const last = messages.at(-1);
  const before = messages.at(-2);
  if (last?.content[0]?.['type'] !== 'tool_result' || before === undefined) return false;
  const type = before.content[0]?.['type'];
  return type !== 'thinking' && type !== 'redacted_thinking';
}

function systemOf({ system }: Conversation, { instruction }: Held): Json | undefined {
  const blocks = instruction === undefined ? system : [...system, { type: 'text', text: instruction }];
  const [first] = blocks;
  if (first === undefined) return undefined;
  const plain = blocks.length === 1 && Object.keys(first).length === 2 && first['type'] === 'text';
  return plain ? first['text'] : blocks;
}

function toolsOf(request: Generation, { tool }: Held, target: Target, lose: Lose): Json | undefined {
  // Calls of tools in the conversation are refused where no tools are given.
  const tools = request.tools.map((each, index) => writeTool(each, index, target, lose));
  if (tool !== undefined) tools.push(tool);
  return tools.length === 0 ? undefined : tools;
}

function writeTool(tool: Tool, index: number, { capabilities }: Target, lose: Lose): Json {
  if (tool.type === 'native') {
    if (tool.native.protocol === OWN) return tool.native.value;
    return unsupported(`tools[${index}]`, "The chosen model's provider does not know this kind of tool.");
  }
  const { name, description, parameters, cache } = tool;
  const strict = tool.strict === true && capabilities.schemaOutput === 'native';
  if (tool.strict === true && !strict) lose('strict');
  return given({
    name,
    description,
    input_schema: { type: 'object', ...(parameters ?? { properties: {} }) },
    strict: strict || undefined,
    cache_control: cache === undefined ? undefined : cacheControl(cache),
  });
}

function choiceOf(request: Generation, { tool }: Held, lose: Lose): JsonObject | undefined {
  const alone = request.parallelToolCalls === false && { disable_parallel_tool_use: true };
  if (tool !== undefined) {
    // Beside the client's own tools the model may still choose; alone, it must answer through this one.
    const own = request.tools.length > 0 && request.toolChoice?.type !== 'none';
    return { ...(own ? { type: 'any' } : { type: 'tool', name: tool['name'] ?? '' }), disable_parallel_tool_use: true };
  }
  if (request.tools.length === 0) return undefined;
  const { toolChoice: choice } = request;
  if (choice === undefined) return alone === false ? undefined : { type: 'auto', ...alone };
  switch (choice.type) {
    case 'tool':
      return { type: 'tool', name: choice.name, ...alone };
    case 'required':
      return { type: 'any', ...alone };
    case 'allowed':
      lose('allowed_tools');
      return { type: choice.mode === 'required' ? 'any' : 'auto', ...alone };
    case 'auto':
      return { type: 'auto', ...alone };
    case 'none':
      return { type: 'none' };
    default:
      return choice satisfies never;
  }
}

/** Sampling within what a family takes: nothing but the default beside thinking, nothing at all from 4.7 on. */
function samplingOf(request: Generation, family: Family, thinks: boolean, lose: Lose): Written {
  const { temperature, topP, topK } = request.sampling;
  const lost = (name: string): undefined => {
    lose(name);
  };
  const warm = asNumber(temperature);
  const free = family.sampling && !thinks;
  const kept =
    warm === undefined || (warm === 1 && !free) ? undefined : free ? warmth(temperature, warm) : lost('temperature');
  const nucleus = asNumber(topP);
  const wide = family.sampling && (!thinks || (nucleus ?? 0) >= 0.95) && (family.bothSamplings || kept === undefined);
  return {
    temperature: kept,
    top_p: nucleus === undefined ? undefined : wide ? topP : lost('top_p'),
    top_k: topK === undefined ? undefined : free ? topK : lost('top_k'),
  };
}

// Other formats go up to 2; here 1 is the most.
function warmth(written: Json | undefined, warm: number): Json | undefined {
  return warm > 1 ? 1 : written;
}

function othersOf(request: Generation, lose: Lose): Written {
  const { frequencyPenalty, presencePenalty, seed } = request.sampling;
  const unsayable: Readonly<Record<string, unknown>> = {
    frequency_penalty: nonZero(frequencyPenalty),
    presence_penalty: nonZero(presencePenalty),
    seed,
    logprobs: request.logprobs,
    verbosity: request.verbosity,
    metadata: request.metadata,
    prompt_cache_key: request.cacheKey,
  };
  for (const [name, value] of Object.entries(unsayable)) if (value !== undefined) lose(name);
  // A stop of white space alone is refused.
  const stops = request.stop.filter((stop) => stop.trim() !== '');
  if (stops.length < request.stop.length) lose('stop_sequences');
  return {
    stop_sequences: stops.length === 0 ? undefined : stops,
    metadata: request.user === undefined ? undefined : { user_id: request.user },
    service_tier: tierOf(request.serviceTier, lose),
  };
}

function nonZero(value: Json | undefined): Json | undefined {
  return asNumber(value) === 0 ? undefined : value;
}

function tierOf(tier: string | undefined, lose: Lose): string | undefined {
  if (tier === undefined || tier === 'auto') return tier;
  if (tier === 'default') return 'standard_only';
  lose('service_tier');
  return undefined;
}

/** Whether the client's body has something that only another format's servers would take; asked of bodies that pass. */
export function ownBody(request: Request): JsonObject | undefined {
  const value = 'native' in request && request.native.protocol === OWN ? asObject(request.native.value) : undefined;
  return request.task === 'generation' || request.task === 'count' ? value : undefined;
}
