import type { Target, UpstreamRequest } from '../codec.ts';
import { lostOf } from './request-write-lost.ts';
import { unsupported } from '../../model/errors.ts';
import type { Block, ProtocolId } from '../../model/block.ts';
import { asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Generation, Request, Role, Turn } from '../../model/request.ts';

/** What clients of a format call the fields that a completions target cannot honour. */
interface FieldNames {
  readonly turns: string;
  readonly output: string;
  readonly effort: string;
  readonly verbosity: string;
}

const CHAT_NAMES: FieldNames = {
  turns: 'messages',
  output: 'response_format',
  effort: 'reasoning_effort',
  verbosity: 'verbosity',
};
const RESPONSES_NAMES: FieldNames = {
  turns: 'input',
  output: 'text.format',
  effort: 'reasoning.effort',
  verbosity: 'text.verbosity',
};
const MESSAGES_NAMES: FieldNames = {
  turns: 'messages',
  output: 'output_config.format',
  effort: 'thinking',
  verbosity: 'verbosity',
};
const GEMINI_NAMES: FieldNames = {
  turns: 'contents',
  output: 'generationConfig.responseMimeType',
  effort: 'generationConfig.thinkingConfig',
  verbosity: 'verbosity',
};
const NAMES: Partial<Record<ProtocolId, FieldNames>> = {
  'openai-responses': RESPONSES_NAMES,
  'anthropic-messages': MESSAGES_NAMES,
  gemini: GEMINI_NAMES,
};

const SPEAKER: Record<Role, string> = { system: 'System', developer: 'System', user: 'User', assistant: 'Assistant' };

/** Puts a request into the words of `POST /completions`; a client's own body of this format goes on unchanged but for the model. */
export function encodeRequest(request: Request, target: Target): UpstreamRequest {
  if (request.task !== 'generation') unsupported('model', `The model '${request.model}' completes text only.`);
  const { protocol, value } = request.native;
  if (protocol === 'openai-completions') return { body: JSON.stringify({ ...value, ...patch(request, target) }) };
  const lost = lostOf(request);
  return { body: JSON.stringify(translated(request, target)), ...(lost.length > 0 && { lost }) };
}

/** The top-level keys that differ in a body of the same format that is passed on (UP-09, CC-10); null takes an option back. */
export function patch(request: Request, target: Target): JsonObject {
  const body = request.task === 'generation' ? request.native.value : {};
  const asked = target.stream && target.capabilities.streamUsage;
  const options = asObject(body['stream_options']);
  const streamChanges = (body['stream'] ?? false) !== target.stream;
  return {
    model: target.model,
    ...(streamChanges && { stream: target.stream }),
    ...(asked && options?.['include_usage'] !== true && { stream_options: { ...options, include_usage: true } }),
    ...(!asked && options !== undefined && { stream_options: null }),
  };
}

function translated(request: Generation, target: Target): JsonObject {
  const names = NAMES[request.native.protocol] ?? CHAT_NAMES;
  refuseUnsayable(request, names);
  const { sampling } = request;
  const asked = target.stream && target.capabilities.streamUsage;
  return {
    model: target.model,
    prompt: promptOf(request.turns, names),
    ...(request.maxTokens !== undefined && { max_tokens: request.maxTokens }),
    ...(sampling.temperature !== undefined && { temperature: sampling.temperature }),
    ...(sampling.topP !== undefined && { top_p: sampling.topP }),
    ...(sampling.frequencyPenalty !== undefined && { frequency_penalty: sampling.frequencyPenalty }),
    ...(sampling.presencePenalty !== undefined && { presence_penalty: sampling.presencePenalty }),
    ...(sampling.seed !== undefined && { seed: sampling.seed }),
    ...(request.stop.length > 0 && { stop: request.stop }),
    ...(request.choices !== undefined && { n: request.choices }),
    ...(request.logprobs !== undefined && { logprobs: request.logprobs.top }),
    ...(request.user !== undefined && { user: request.user }),
    ...(target.stream && { stream: true }),
    ...(asked && { stream_options: { include_usage: true } }),
  };
}

function refuseUnsayable(request: Generation, names: FieldNames): void {
  const refusal = (param: string): never =>
    unsupported(param, `'${param}' is not supported by the model '${request.model}', which completes plain text.`);
  if (request.tools.length > 0) refusal('tools');
  if (request.output !== undefined && request.output.type !== 'text') refusal(names.output);
  if ((request.reasoning?.effort ?? 'none') !== 'none' || (request.reasoning?.budget ?? 0) !== 0) refusal(names.effort);
  if (request.verbosity !== undefined) refusal(names.verbosity);
}

/** A lone user turn is the prompt itself; a conversation becomes a transcript that the model goes on with. */
function promptOf(turns: readonly Turn[], names: FieldNames): Json {
  const [only, ...more] = turns;
  if (only === undefined)
    unsupported(names.turns, `'${names.turns}' holds nothing that a completions model could go on from.`);
  if (more.length === 0 && only.role === 'user') return textOf(only, names);
  const said = turns.map((turn) => `${SPEAKER[turn.role]}: ${textOf(turn, names)}`);
  if (turns.at(-1)?.role !== 'assistant') said.push('Assistant:');
  return said.join('\n\n');
}

function textOf(turn: Turn, names: FieldNames): string {
  return turn.blocks.map((block) => textOfBlock(block, names)).join('');
}

function textOfBlock(block: Block, names: FieldNames): string {
  switch (block.type) {
    case 'text':
    case 'refusal':
      return block.text;
    case 'reasoning':
    case 'reasoning-summary':
      return '';
    default:
      return unsupported(
        names.turns,
        `'${names.turns}' holds a ${block.type} block, and a completions model takes plain text only.`,
      );
  }
}
