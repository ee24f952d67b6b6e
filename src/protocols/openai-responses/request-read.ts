import { itemFields, readItem } from './request-read-items.ts';
import type { ReadItem } from './request-read-items.ts';
import { readToolChoice, readTools } from './request-read-tools.ts';
import { ID, INCLUDE_LOGPROBS } from './words.ts';
import type { Block } from '../../model/block.ts';
import { refuse, unsupported } from '../../model/errors.ts';
import { Fields } from '../../model/fields.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Generation, OutputFormat, Sampling, Turn } from '../../model/request.ts';

/** Reads the body of `POST /v1/responses`. Unknown fields and values pass; wrong types are refused by path (OR-40 to OR-42). */
export function decodeRequest(body: JsonObject): Generation {
  const fields = new Fields(body);
  const model = fields.requiredString('model');
  refuseState(fields);
  const text = fields.object('text');
  const toolChoice = readToolChoice(fields);
  const parallelToolCalls = fields.boolean('parallel_tool_calls');
  const maxTokens = readMaxTokens(fields);
  const output = readFormat(text?.object('format'));
  const reasoning = fields.object('reasoning');
  const logprobs = readLogprobs(fields);
  const verbosity = text?.string('verbosity');
  const user = bounded(fields, 'safety_identifier', 64) ?? fields.string('user');
  const serviceTier = fields.string('service_tier');
  const metadata = readMetadata(fields);
  const cacheKey = bounded(fields, 'prompt_cache_key', 64);
  checkTypes(fields);
  return {
    task: 'generation',
    model,
    stream: fields.boolean('stream') ?? false,
    turns: readTurns(fields),
    tools: readTools(fields),
    sampling: readSampling(fields),
    stop: [],
    ...(toolChoice !== undefined && { toolChoice }),
    ...(parallelToolCalls !== undefined && { parallelToolCalls }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(output !== undefined && { output }),
    ...(reasoning !== undefined && { reasoning: readReasoning(reasoning) }),
    ...(logprobs !== undefined && { logprobs }),
    ...(verbosity !== undefined && { verbosity }),
    ...(user !== undefined && { user }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(metadata !== undefined && { metadata }),
    ...(cacheKey !== undefined && { cacheKey }),
    // It stands for items that only its keeper has.
    ...(fields.object('prompt') !== undefined && { promptOnly: 'prompt' }),
    native: { protocol: ID, value: body },
  };
}

// What is kept was put in its place before; an id that is still here leads nowhere, and nothing goes on in the background (OR-57, §10.1).
function refuseState(fields: Fields): void {
  const previous = fields.string('previous_response_id');
  if (previous !== undefined)
    refuse('previous_response_id', `Previous response with id '${previous}' not found.`, 'previous_response_not_found');
  if (fields.boolean('background') === true) unsupported('background', 'Background responses are not available.');
}

// Known fields that only their own format uses still have their types checked (OR-42).
function checkTypes(fields: Fields): void {
  fields.boolean('store');
  fields.string('truncation');
  fields.integer('max_tool_calls');
  fields.object('stream_options')?.boolean('include_obfuscation');
}

function readTurns(fields: Fields): readonly Turn[] {
  const instructions = fields.string('instructions');
  const lead: readonly Turn[] =
    instructions === undefined ? [] : [{ role: 'system', blocks: [{ type: 'text', text: instructions }] }];
  const input = fields.get('input');
  if (typeof input === 'string') return [...lead, { role: 'user', blocks: [{ type: 'text', text: input }] }];
  // A stored prompt may bring its own input.
  if (input === undefined && fields.get('prompt') !== undefined) return lead;
  const list = fields.array('input', 'a string or a list of items') ?? fields.missing('input');
  const items = itemFields(list).map(readItem);
  if (fields.get('conversation') === undefined) checkPairs(items);
  const turns = [...lead, ...joinTurns(items)];
  if (turns.length === 0) refuse('input', "'input' must hold at least one item.", 'empty_array');
  return turns;
}

// A result without its call would be refused or misread by every upstream (OR-43).
function checkPairs(items: readonly ReadItem[]): void {
  const blocks = items.flatMap((item) => item.blocks);
  const calls = new Set(blocks.flatMap((block) => (block.type === 'tool-call' ? [block.id] : [])));
  for (const block of blocks)
    if (block.type === 'tool-result' && !calls.has(block.id))
      refuse('input', `No tool call found for function call output with call_id ${block.id}.`, 'tool_call_not_found');
}

// What the model said between two words of the user is one turn, but two messages in a row stay two: only a message that would
// come between calls and their results joins them, as no upstream takes it there on its own.
function joinTurns(items: readonly ReadItem[]): readonly Turn[] {
  const turns: { role: ReadItem['role']; blocks: Block[]; message: boolean }[] = [];
  for (const item of items) {
    const last = turns.at(-1);
    const joins = last?.role === item.role && joinsTurn(item, last.blocks, last.message);
    if (last !== undefined && joins) {
      last.blocks.push(...item.blocks);
      last.message ||= item.message;
    } else turns.push({ role: item.role, blocks: [...item.blocks], message: item.message });
  }
  return turns.filter((turn) => turn.blocks.length > 0).map(({ role, blocks }) => ({ role, blocks }));
}

function joinsTurn(item: ReadItem, blocks: readonly Block[], message: boolean): boolean {
  if (item.role === 'user') return !item.message && !message;
  if (item.role !== 'assistant') return false;
  return !item.message || !message || blocks.some((block) => block.type === 'tool-call');
}

function readSampling(fields: Fields): Sampling {
  const given = (key: string): JsonObject[string] | undefined =>
    fields.number(key) === undefined ? undefined : fields.value[key];
  const temperature = given('temperature');
  const topP = given('top_p');
  const frequencyPenalty = given('frequency_penalty');
  const presencePenalty = given('presence_penalty');
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
    ...(presencePenalty !== undefined && { presencePenalty }),
  };
}

function readMaxTokens(fields: Fields): number | undefined {
  const value = fields.integer('max_output_tokens');
  if (value !== undefined && value < 1)
    refuse('max_output_tokens', `'max_output_tokens' must be at least 1, not ${value}.`);
  return value;
}

function readFormat(format: Fields | undefined): OutputFormat | undefined {
  switch (format?.string('type')) {
    case 'text':
      return { type: 'text' };
    case 'json_object':
      return { type: 'json' };
    case 'json_schema':
      return readSchema(format);
    default:
      return undefined;
  }
}

function readSchema(format: Fields | undefined): OutputFormat {
  const schema = format?.object('schema')?.value;
  const description = format?.string('description');
  const strict = format?.boolean('strict');
  return {
    type: 'schema',
    name: format?.string('name') ?? 'response',
    ...(schema !== undefined && { schema }),
    ...(description !== undefined && { description }),
    ...(strict !== undefined && { strict }),
  };
}

function readReasoning(reasoning: Fields): { readonly effort?: string; readonly summary?: string } {
  const effort = reasoning.string('effort');
  const summary = reasoning.string('summary');
  return { ...(effort !== undefined && { effort }), ...(summary !== undefined && { summary }) };
}

function readLogprobs(fields: Fields): { readonly top: number } | undefined {
  const top = fields.integer('top_logprobs');
  return fields.strings('include').includes(INCLUDE_LOGPROBS) ? { top: top ?? 0 } : undefined;
}

function readMetadata(fields: Fields): JsonObject | undefined {
  const metadata = fields.object('metadata');
  if (metadata === undefined) return undefined;
  const keys = Object.keys(metadata.value);
  if (keys.length > 16) refuse('metadata', `'metadata' may hold 16 pairs, not ${keys.length}.`);
  for (const key of keys) {
    if (key.length > 64) refuse('metadata', `A key of 'metadata' may have 64 characters, not ${key.length}.`);
    bounded(metadata, key, 512);
  }
  return metadata.value;
}

function bounded(fields: Fields, key: string, most: number): string | undefined {
  const value = fields.string(key);
  if (value !== undefined && value.length > most)
    refuse(fields.pathOf(key), `'${fields.pathOf(key)}' may have ${most} characters, not ${value.length}.`);
  return value;
}
