import { refuse } from '../../model/errors.ts';
import { Fields } from '../../model/fields.ts';
import { asArray, asNumber, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Generation, Sampling, Turn } from '../../model/request.ts';

/** What a `prompt` amounts to: how many prompts, and the text when it is a single one. */
interface Prompt {
  readonly count: number;
  readonly text?: string;
}

/** Reads the body of `POST /v1/completions`. */
export function decodeRequest(body: JsonObject): Generation {
  const fields = new Fields(body);
  const prompt = readPrompt(fields);
  const choices = prompt.count * (count(fields, 'n') ?? 1);
  const maxTokens = fields.integer('max_tokens');
  if (maxTokens !== undefined && maxTokens < 0) refuse('max_tokens', "'max_tokens' must not be negative.");
  const user = fields.string('user');
  const top = fields.integer('logprobs');
  const promptOnly = promptOnlyField(fields, prompt);
  fields.object('stream_options');
  return {
    task: 'generation',
    model: fields.requiredString('model'),
    stream: fields.boolean('stream') ?? false,
    turns: prompt.text === undefined ? [] : [userTurn(prompt.text)],
    tools: [],
    sampling: readSampling(fields),
    stop: readStop(fields),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(choices !== 1 && { choices }),
    ...(top !== undefined && { logprobs: { top } }),
    ...(user !== undefined && { user }),
    ...(promptOnly !== undefined && { promptOnly }),
    native: { protocol: 'openai-completions', value: body },
  };
}

function userTurn(text: string): Turn {
  return { role: 'user', blocks: [{ type: 'text', text }] };
}

function readPrompt(fields: Fields): Prompt {
  const prompt = fields.get('prompt');
  if (prompt === undefined) fields.missing('prompt');
  const text = asString(prompt);
  if (text !== undefined) return { count: 1, text };
  const list = asArray(prompt);
  if (list === undefined) refuse('prompt', "'prompt' must be a string, a list of strings, or lists of tokens.");
  if (list.length === 0) refuse('prompt', "'prompt' must not be an empty list.", 'empty_array');
  if (list.every(isToken)) return { count: 1 };
  const only = list.length === 1 ? asString(list[0]) : undefined;
  list.forEach((item, index) => {
    const tokens = asArray(item);
    if (asString(item) === undefined && (tokens === undefined || tokens.length === 0 || !tokens.every(isToken)))
      refuse(`prompt[${index}]`, `'prompt[${index}]' must be a string or a list of tokens.`);
  });
  return { count: list.length, ...(only !== undefined && { text: only }) };
}

function isToken(value: Json): boolean {
  const token = asNumber(value);
  return token !== undefined && Number.isInteger(token) && token >= 0;
}

/** The first field that no other format can express (LC-02, LC-03); values that change nothing do not count. */
function promptOnlyField(fields: Fields, prompt: Prompt): string | undefined {
  const bestOf = count(fields, 'best_of') ?? 1;
  if (prompt.text === undefined) return 'prompt';
  if (fields.boolean('echo') === true) return 'echo';
  if ((fields.string('suffix') ?? '') !== '') return 'suffix';
  if (bestOf > 1) return 'best_of';
  return fields.get('logprobs') === undefined ? undefined : 'logprobs';
}

function count(fields: Fields, key: string): number | undefined {
  const value = fields.integer(key);
  if (value !== undefined && value < 1) refuse(key, `'${key}' must be at least 1.`);
  return value;
}

function readSampling(fields: Fields): Sampling {
  const knob = (key: string): Json | undefined => (fields.number(key) === undefined ? undefined : fields.get(key));
  const temperature = knob('temperature');
  const topP = knob('top_p');
  const frequencyPenalty = knob('frequency_penalty');
  const presencePenalty = knob('presence_penalty');
  const seed = knob('seed');
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
    ...(presencePenalty !== undefined && { presencePenalty }),
    ...(seed !== undefined && { seed }),
  };
}

function readStop(fields: Fields): readonly string[] {
  const one = asString(fields.get('stop'));
  return one === undefined ? fields.strings('stop', 'a string or a list of strings') : [one];
}
