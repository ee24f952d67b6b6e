import { camel, readContents, readSystem } from './request-read-contents.ts';
import { readSchema } from './request-read-schema.ts';
import { readToolChoice, readTools } from './request-read-tools.ts';
import { refuse } from '../../model/errors.ts';
import { Fields } from '../../model/fields.ts';
import { asArray } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Generation, OutputFormat, Reasoning, Sampling } from '../../model/request.ts';
import type { Place } from '../codec.ts';

/**
 * The model that the path names (GM-01), without the `models/` that some clients write twice.
 * @throws GatewayFailure for a name that could lead elsewhere.
 */
export function readModel(place: Place | undefined): string {
  const model = (place?.params['model'] ?? '').replace(/^models\//, '');
  if (model === '')
    refuse('model', 'The path names no model: /v1beta/models/{model}:generateContent.', 'missing_required_parameter');
  if (/[\u0000-\u001f\u007f\\]/.test(model) || model.split('/').some((part) => part === '..' || part === '.'))
    refuse('model', 'The model in the path holds characters that no model has.');
  return model;
}

/** Reads the body of `generateContent`. */
export function decodeWholeRequest(body: JsonObject, place?: Place): Generation {
  return { ...readGeneration(new Fields(body), readModel(place)), stream: false };
}

/** Reads the body of `streamGenerateContent`; without `alt=sse` the client reads one JSON list (GM-02). */
export function decodeStreamRequest(body: JsonObject, place?: Place): Generation {
  const events = (place?.query['alt'] ?? place?.query['$alt'] ?? '').split(';')[0] === 'sse';
  const generation = { ...readGeneration(new Fields(body), readModel(place)), stream: true };
  return events ? generation : { ...generation, framing: 'array' };
}

/**
 * Reads a conversation; keys may be written `camelCase` or `snake_case`. Unknown fields stay in `native` for targets of the same format.
 * @throws GatewayFailure naming the field that is wrong.
 */
export function readGeneration(body: Fields, model: string): Generation {
  const fields = camel(body);
  const config = camel(fields.object('generationConfig') ?? new Fields({}, 'generationConfig'));
  const tools = readTools(fields);
  const toolChoice = readToolChoice(fields);
  const output = readOutput(config);
  const reasoning = readReasoning(config);
  const choices = positive(config, 'candidateCount');
  const maxTokens = positive(config, 'maxOutputTokens');
  const serviceTier = fields.string('serviceTier')?.toLowerCase();
  const alone = onlyHere(fields, config);
  return {
    task: 'generation',
    model,
    stream: false,
    turns: [...readSystem(fields), ...readContents(fields)],
    tools,
    ...(toolChoice !== undefined && { toolChoice }),
    sampling: readSampling(config),
    ...(maxTokens !== undefined && { maxTokens }),
    stop: config.strings('stopSequences'),
    ...(output !== undefined && { output }),
    ...(reasoning !== undefined && { reasoning }),
    ...(choices !== undefined && choices > 1 && { choices }),
    ...(config.boolean('responseLogprobs') === true && { logprobs: { top: config.integer('logprobs') ?? 0 } }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(alone !== undefined && { promptOnly: alone }),
    native: { protocol: 'gemini', value: body.value },
  };
}

function positive(fields: Fields, key: string): number | undefined {
  const value = fields.integer(key);
  if (value !== undefined && value < 1) refuse(fields.pathOf(key), `'${fields.pathOf(key)}' must be 1 or more.`);
  return value;
}

/** A field without which the answer would be another, and that only upstreams of this format know. */
function onlyHere(fields: Fields, config: Fields): string | undefined {
  if (fields.string('cachedContent') !== undefined) return 'cachedContent';
  const asked = asArray(config.get('responseModalities')) ?? [];
  const others = asked.some((each) => !/^(?:text|modality_unspecified)$/i.test(typeof each === 'string' ? each : ''));
  return others ? 'generationConfig.responseModalities' : undefined;
}

function readSampling(config: Fields): Sampling {
  const sampling: { -readonly [K in keyof Sampling]: Json } = {};
  for (const key of ['temperature', 'topP', 'topK', 'frequencyPenalty', 'presencePenalty', 'seed'] as const) {
    // The check is for the type; the value goes on as it was written (UP-10).
    const value = config.number(key) === undefined ? undefined : config.get(key);
    if (value !== undefined) sampling[key] = value;
  }
  return sampling;
}

function readReasoning(config: Fields): Reasoning | undefined {
  const thinking = config.object('thinkingConfig');
  if (thinking === undefined) return undefined;
  const fields = camel(thinking);
  const budget = fields.integer('thinkingBudget');
  const level = fields.string('thinkingLevel')?.toLowerCase();
  const effort = level === 'thinking_level_unspecified' ? undefined : level;
  const shown = fields.boolean('includeThoughts');
  return {
    ...(effort !== undefined && { effort }),
    ...(budget !== undefined && { budget }),
    ...(shown === true && { summary: 'auto' }),
  };
}

function readOutput(config: Fields): OutputFormat | undefined {
  const old = config.object('responseSchema');
  const json = config.object('responseJsonSchema') ?? config.object('_responseJsonSchema');
  const mimeType = config.string('responseMimeType');
  const schema = json?.value ?? (old === undefined ? undefined : readSchema(old.value));
  if (schema !== undefined) return { type: 'schema', name: 'response', schema };
  return mimeType === 'application/json' ? { type: 'json' } : undefined;
}
