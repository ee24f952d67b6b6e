import { writeTurns } from './request-write-messages.ts';
import type { Conversation } from './request-write-messages.ts';
import type { Lose, Pen } from './request-write-blocks.ts';
import { DocumentNames } from './request-write-media.ts';
import { answerToolOf, holdOutput } from './request-write-output.ts';
import { writeThinking } from './request-write-thinking.ts';
import type { Thinking } from './request-write-thinking.ts';
import { writeTools } from './request-write-tools.ts';
import { familyOf } from './words-models.ts';
import type { Family } from './words-models.ts';
import { given } from './words.ts';
import { unsupported } from '../../model/errors.ts';
import { asNumber } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Generation, Request } from '../../model/request.ts';
import type { Target, UpstreamRequest } from '../codec.ts';

/** Where a request goes: the model is named in the path, whatever characters its id has. */
export function path(request: Request, target: Target): string {
  return `/model/${encodeURIComponent(target.model)}/${isStreamed(request, target) ? 'converse-stream' : 'converse'}`;
}

// Some models take tools only where the answer comes whole; the client gets it as the stream it asked for.
function isStreamed(request: Request, target: Target): boolean {
  if (!target.stream || request.task !== 'generation') return false;
  if (familyOf(target.model).wholeWithTools === undefined) return true;
  const called = request.turns.some(({ blocks }) => blocks.some(({ type }) => type === 'tool-call'));
  return !called && request.tools.length === 0 && answerToolOf(request, target) === undefined;
}

/** What is understood as an answer. */
export function headers(request: Request, target: Target): Readonly<Record<string, string>> {
  return { accept: isStreamed(request, target) ? 'application/vnd.amazon.eventstream' : 'application/json' };
}

/**
 * Puts a request into Converse words, and what only a family of models knows into the additional fields; names what could not be said.
 * @throws GatewayFailure (`unsupported_parameter`) for what would change the meaning if it were left out.
 */
export function encodeRequest(request: Request, target: Target): UpstreamRequest {
  if (request.task !== 'generation') return unsupported('model', 'This model answers text requests only.');
  if ((request.choices ?? 1) > 1) unsupported('n', 'The chosen model gives one answer at a time.');
  const lost = new Set<string>();
  const lose = (feature: string): void => void lost.add(feature);
  const family = familyOf(target.model);
  const pen: Pen = { family, names: new DocumentNames(), lose };
  const held = holdOutput(request, target);
  const talk = writeTurns(request.turns, pen);
  const tools = writeTools(request, held, talk, pen);
  const thinking = writeThinking(request, { family, forced: tools.forced, late: isLate(talk) }, lose);
  const { inferenceConfig, extra } = samplingOf(request, family, thinking, lose);
  loseOthers(request, lose);
  const fields = given({ ...thinking.fields, ...extra, tool_choice: tools.ownChoice });
  const body = given({
    messages: talk.messages.map(({ role, content }) => ({ role, content })),
    system: systemOf(talk, held.instruction),
    inferenceConfig: filled(inferenceConfig),
    toolConfig: tools.config,
    additionalModelRequestFields: filled(fields),
    additionalModelResponseFieldPaths: echoOf(request, family, target),
    serviceTier: tierOf(request.serviceTier, lose),
    outputConfig: held.format === undefined ? undefined : { textFormat: held.format },
  });
  return { body: JSON.stringify(body), ...(lost.size > 0 && { lost: [...lost] }) };
}

function filled(object: JsonObject): JsonObject | undefined {
  return Object.keys(object).length === 0 ? undefined : object;
}

function systemOf({ system }: Conversation, instruction: string | undefined): Json | undefined {
  const blocks = instruction === undefined ? system : [...system, { text: instruction }];
  return blocks.length === 0 ? undefined : blocks;
}

// Turns of a model that thinks by budget begin with thinking as long as it waits for results of its calls.
function isLate({ messages }: Conversation): boolean {
  const waits = messages.at(-1)?.content[0]?.['toolResult'] !== undefined;
  return waits && messages.at(-2)?.content[0]?.['reasoningContent'] === undefined;
}

/** Limits and sampling within what a family takes. */
function samplingOf(
  request: Generation,
  family: Family,
  thinking: Thinking,
  lose: Lose,
): { readonly inferenceConfig: JsonObject; readonly extra: JsonObject } {
  const { temperature, topP, topK } = request.sampling;
  const free = family.sampling && !thinking.cold;
  const keep = (name: string, value: Json | undefined, may: boolean): Json | undefined => {
    if (value === undefined || may) return value;
    // The default is what the model does anyway.
    if (name !== 'top_k' && asNumber(value) === 1) return undefined;
    lose(name);
    return undefined;
  };
  const warmth = keep('temperature', temperature, free);
  const nucleus = keep('top_p', topP, free && (family.bothSamplings || warmth === undefined));
  const kept = keep('top_k', topK, free && family.topK !== undefined);
  // A stop of white space alone is refused.
  const stops = request.stop.filter((stop) => stop.trim() !== '');
  if (stops.length < request.stop.length) lose('stop_sequences');
  const inferenceConfig = given({
    maxTokens: thinking.maxTokens ?? request.maxTokens,
    // Other formats go up to 2; here 1 is the most.
    temperature: (asNumber(warmth) ?? 0) > 1 ? 1 : warmth,
    topP: nucleus,
    stopSequences: stops.length === 0 ? undefined : stops,
  });
  return { inferenceConfig, extra: kept === undefined ? {} : topKField(family.topK, kept) };
}

function topKField(place: Family['topK'], value: Json): JsonObject {
  if (place === undefined) return {};
  return place === 'inferenceConfig.topK' ? { inferenceConfig: { topK: value } } : { [place]: value };
}

/** Which stop sequence ended the answer is only told when asked for, by its place in what the model itself said. */
function echoOf({ stop }: Generation, { ownToolChoice }: Family, { stream }: Target): Json | undefined {
  if (stop.length === 0 || !ownToolChoice) return undefined;
  return [stream ? '/delta/stop_sequence' : '/stop_sequence'];
}

function loseOthers(request: Generation, lose: Lose): void {
  const { frequencyPenalty, presencePenalty, seed } = request.sampling;
  const unsayable: Readonly<Record<string, unknown>> = {
    frequency_penalty: asNumber(frequencyPenalty) === 0 ? undefined : frequencyPenalty,
    presence_penalty: asNumber(presencePenalty) === 0 ? undefined : presencePenalty,
    seed,
    logprobs: request.logprobs,
    verbosity: request.verbosity,
    metadata: request.metadata,
    user: request.user,
    prompt_cache_key: request.cacheKey,
  };
  for (const [name, value] of Object.entries(unsayable)) if (value !== undefined) lose(name);
}

const TIERS = new Set(['default', 'flex', 'priority', 'reserved']);

function tierOf(tier: string | undefined, lose: Lose): Json | undefined {
  if (tier === undefined || tier === 'auto') return undefined;
  if (TIERS.has(tier)) return { type: tier };
  lose('service_tier');
  return undefined;
}
