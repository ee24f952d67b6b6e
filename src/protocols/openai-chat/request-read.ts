import { readHint, readMessages } from './request-read-messages.ts';
import { refuse } from '../../model/errors.ts';
import { Fields } from '../../model/fields.ts';
import { asArray, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Generation, OutputFormat, Sampling, Tool, ToolChoice } from '../../model/request.ts';

/**
 * Reads a chat completions request (CC-19, CC-29); unknown fields stay in `native` for targets of the same format.
 * @throws GatewayFailure naming the field that is wrong.
 */
export function decodeRequest(body: JsonObject): Generation {
  const fields = new Fields(body);
  const model = fields.requiredString('model');
  if (model === '') fields.missing('model');
  const turns = readMessages(fields);
  const output = readOutput(fields);
  const choice = readToolChoice(fields);
  const choices = positive(fields, 'n');
  const maxTokens = positive(fields, 'max_completion_tokens') ?? positive(fields, 'max_tokens');
  const reasoning = readReasoning(fields);
  const logprobs = readLogprobs(fields);
  const metadata = fields.object('metadata')?.value;
  const parallel = fields.boolean('parallel_tool_calls');
  fields.object('stream_options');
  return {
    task: 'generation',
    model,
    stream: fields.boolean('stream') ?? false,
    turns,
    tools: readTools(fields),
    ...(choice !== undefined && { toolChoice: choice }),
    ...(parallel !== undefined && { parallelToolCalls: parallel }),
    sampling: readSampling(fields),
    ...(maxTokens !== undefined && { maxTokens }),
    stop:
      typeof fields.get('stop') === 'string'
        ? [fields.requiredString('stop')]
        : fields.strings('stop', 'a string or a list of strings'),
    ...(output !== undefined && { output }),
    ...(reasoning !== undefined && { reasoning }),
    ...(choices !== undefined && choices > 1 && { choices }),
    ...(logprobs !== undefined && { logprobs }),
    ...words(fields, {
      verbosity: 'verbosity',
      user: 'user',
      serviceTier: 'service_tier',
      cacheKey: 'prompt_cache_key',
    }),
    ...(metadata !== undefined && { metadata }),
    native: { protocol: 'openai-chat', value: body },
  };
}

function positive(fields: Fields, key: string): number | undefined {
  const value = fields.integer(key);
  if (value !== undefined && value < 1) refuse(fields.pathOf(key), `'${fields.pathOf(key)}' must be 1 or more.`);
  return value;
}

function words<K extends string>(fields: Fields, keys: Record<K, string>): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {};
  for (const name in keys) {
    const value = fields.string(keys[name]);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

function readSampling(fields: Fields): Sampling {
  const names = {
    temperature: 'temperature',
    topP: 'top_p',
    // No word of the format's makers, but of most who host others' models in it.
    topK: 'top_k',
    frequencyPenalty: 'frequency_penalty',
    presencePenalty: 'presence_penalty',
    seed: 'seed',
  } as const;
  const sampling: { -readonly [K in keyof Sampling]: Json } = {};
  for (const [name, key] of Object.entries(names) as [keyof Sampling, string][]) {
    // The check is for the type; the value goes on as it was written (UP-10).
    const value = fields.number(key) === undefined ? undefined : fields.get(key);
    if (value !== undefined) sampling[name] = value;
  }
  return sampling;
}

function readReasoning(fields: Fields): Generation['reasoning'] {
  const nested = fields.object('reasoning');
  const effort = fields.string('reasoning_effort') ?? nested?.string('effort');
  const summary = nested?.string('summary');
  const budget = nested?.integer('max_tokens');
  if (effort === undefined && summary === undefined && budget === undefined) return undefined;
  return {
    ...(effort !== undefined && { effort }),
    ...(summary !== undefined && { summary }),
    ...(budget !== undefined && { budget }),
  };
}

function readLogprobs(fields: Fields): Generation['logprobs'] {
  const top = fields.integer('top_logprobs') ?? 0;
  if (top < 0) refuse('top_logprobs', "'top_logprobs' must be 0 or more.");
  return fields.boolean('logprobs') === true ? { top } : undefined;
}

function readOutput(fields: Fields): OutputFormat | undefined {
  const format = fields.object('response_format');
  if (format === undefined) return undefined;
  const type = format.requiredString('type');
  if (type === 'text') return { type: 'text' };
  if (type === 'json_object') return { type: 'json' };
  if (type !== 'json_schema')
    refuse('response_format.type', `'response_format.type' must be text, json_object or json_schema, not '${type}'.`);
  const schema = format.object('json_schema') ?? format.missing('json_schema');
  const shape = schema.object('schema')?.value;
  const strict = schema.boolean('strict');
  return {
    type: 'schema',
    name: schema.string('name') ?? 'response',
    ...(shape !== undefined && { schema: shape }),
    ...words(schema, { description: 'description' }),
    ...(strict !== undefined && { strict }),
  };
}

function readTools(fields: Fields): readonly Tool[] {
  const tools = fields.objects('tools').map((tool): Tool => {
    const type = tool.string('type') ?? 'function';
    if (type !== 'function') return { type: 'native', native: { protocol: 'openai-chat', value: tool.value } };
    return { ...readFunction(tool.object('function') ?? tool.missing('function')), ...readHint(tool) };
  });
  return [...tools, ...fields.objects('functions').map(readFunction)];
}

function readFunction(fn: Fields): Tool {
  const parameters = fn.object('parameters')?.value;
  const strict = fn.boolean('strict');
  return {
    type: 'function',
    name: fn.requiredString('name'),
    ...words(fn, { description: 'description' }),
    ...(parameters !== undefined && { parameters }),
    ...(strict !== undefined && { strict }),
  };
}

const MODES: ReadonlyMap<string, 'auto' | 'none' | 'required'> = new Map([
  ['auto', 'auto'],
  ['none', 'none'],
  ['required', 'required'],
  ['any', 'required'],
]);

function readToolChoice(fields: Fields): ToolChoice | undefined {
  const key = fields.get('tool_choice') === undefined ? 'function_call' : 'tool_choice';
  const word = asString(fields.get(key));
  if (word !== undefined) {
    const type = MODES.get(word) ?? refuse(key, `'${key}' must be none, auto, required or an object, not '${word}'.`);
    return { type };
  }
  const choice = fields.object(key);
  if (choice === undefined) return undefined;
  if (key === 'function_call') return { type: 'tool', name: choice.requiredString('name') };
  const type = choice.requiredString('type');
  if (type === 'function' || type === 'custom') {
    const named = choice.object(type) ?? choice.missing(type);
    return { type: 'tool', name: named.requiredString('name') };
  }
  if (type === 'allowed_tools') return readAllowed(choice.object('allowed_tools') ?? choice);
  return refuse('tool_choice.type', `'tool_choice.type' must be function, custom or allowed_tools, not '${type}'.`);
}

function readAllowed(allowed: Fields): ToolChoice {
  const mode = allowed.string('mode') ?? 'auto';
  if (mode !== 'auto' && mode !== 'required')
    refuse(allowed.pathOf('mode'), `'${allowed.pathOf('mode')}' must be auto or required.`);
  if (asArray(allowed.get('tools')) === undefined) allowed.missing('tools');
  const names = allowed
    .objects('tools')
    .map((tool) => (tool.object('function') ?? tool.object('custom') ?? tool).requiredString('name'));
  return { type: 'allowed', names, mode };
}
