import { cacheOf, readContent } from './request-read-blocks.ts';
import { OWN } from './seals.ts';
import { refuse } from '../../model/errors.ts';
import { Fields } from '../../model/fields.ts';
import type { JsonObject } from '../../model/json.ts';
import type { CountRequest, Generation, OutputFormat, Tool, ToolChoice, Turn } from '../../model/request.ts';

/**
 * Reads a Messages request (MS-14, MS-15); what only this format knows stays in `native` for targets of the same format.
 * @throws GatewayFailure naming the field that is wrong.
 */
export function decodeRequest(body: JsonObject): Generation {
  return readGeneration(body, true);
}

/**
 * Reads a request to count the tokens of such a request, which needs no limit.
 * @throws GatewayFailure naming the field that is wrong.
 */
export function decodeCount(body: JsonObject): CountRequest {
  const generation = { ...readGeneration(body, false), stream: false };
  return { task: 'count', model: generation.model, stream: false, generation, native: generation.native };
}

function readGeneration(body: JsonObject, limited: boolean): Generation {
  const fields = new Fields(body);
  const model = fields.requiredString('model');
  if (model === '') fields.missing('model');
  const maxTokens = fields.integer('max_tokens');
  if (maxTokens === undefined && limited) fields.missing('max_tokens');
  if (maxTokens !== undefined && maxTokens < 0) refuse('max_tokens', "'max_tokens' must be 0 or more.");
  const reasoning = readReasoning(fields);
  const output = readOutput(fields);
  const user = fields.object('metadata')?.string('user_id');
  const serviceTier = fields.string('service_tier');
  return {
    task: 'generation',
    model,
    stream: fields.boolean('stream') ?? false,
    turns: readTurns(fields),
    tools: fields.objects('tools').map(readTool),
    ...readToolChoice(fields),
    sampling: readSampling(fields),
    ...(maxTokens !== undefined && { maxTokens }),
    stop: fields.strings('stop_sequences'),
    ...(output !== undefined && { output }),
    ...(reasoning !== undefined && { reasoning }),
    ...(user !== undefined && { user }),
    // The other formats call it the default.
    ...(serviceTier !== undefined && { serviceTier: serviceTier === 'standard_only' ? 'default' : serviceTier }),
    // What was said before is known to the maker alone: without it the rest makes no sense.
    ...(fields.get('thread') !== undefined && { promptOnly: 'thread' }),
    native: { protocol: OWN, value: body },
  };
}

function readTurns(fields: Fields): readonly Turn[] {
  const messages = fields.array('messages') === undefined ? fields.missing('messages') : fields.objects('messages');
  if (messages.length === 0) refuse('messages', "'messages' must hold at least one message.", 'empty_array');
  const system = readContent(fields, 'system');
  const turns = messages.map((message): Turn => {
    const role = message.requiredString('role');
    if (role !== 'user' && role !== 'assistant' && role !== 'system')
      refuse(message.pathOf('role'), `'${message.pathOf('role')}' must be user, assistant or system, not '${role}'.`);
    if (message.get('content') === undefined) message.missing('content');
    return { role, blocks: readContent(message, 'content') };
  });
  return system.length === 0 ? turns : [{ role: 'system', blocks: system }, ...turns];
}

function readTool(tool: Fields): Tool {
  const type = tool.string('type') ?? 'custom';
  if (type !== 'custom') return { type: 'native', native: { protocol: OWN, value: tool.value } };
  const description = tool.string('description');
  const parameters = (tool.object('input_schema') ?? tool.missing('input_schema')).value;
  const strict = tool.boolean('strict');
  return {
    type: 'function',
    name: tool.requiredString('name'),
    ...(description !== undefined && { description }),
    parameters,
    ...(strict !== undefined && { strict }),
    ...cacheOf(tool),
  };
}

function readToolChoice(fields: Fields): Pick<Generation, 'toolChoice' | 'parallelToolCalls'> {
  const choice = fields.object('tool_choice');
  if (choice === undefined) return {};
  const alone = choice.boolean('disable_parallel_tool_use');
  return { toolChoice: choiceOf(choice), ...(alone !== undefined && { parallelToolCalls: !alone }) };
}

function choiceOf(choice: Fields): ToolChoice {
  const type = choice.requiredString('type');
  switch (type) {
    case 'auto':
    case 'none':
      return { type };
    case 'any':
      return { type: 'required' };
    case 'tool':
      return { type: 'tool', name: choice.requiredString('name') };
    default:
      return refuse('tool_choice.type', `'tool_choice.type' must be auto, any, tool or none, not '${type}'.`);
  }
}

function readSampling(fields: Fields): Generation['sampling'] {
  // The check is for the type; the value goes on as it was written (UP-10).
  const written = (key: string): JsonObject[string] | undefined =>
    fields.number(key) === undefined ? undefined : fields.get(key);
  const [temperature, topP, topK] = [written('temperature'), written('top_p'), written('top_k')];
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
  };
}

/** `thinking` and `output_config.effort`; who turns thinking on wants to see it, unless it says otherwise. */
function readReasoning(fields: Fields): Generation['reasoning'] {
  const effort = fields.object('output_config')?.string('effort');
  const thinking = fields.object('thinking');
  const type = thinking?.requiredString('type');
  const shown = thinking?.string('display') !== 'omitted' && { summary: 'auto' };
  const worth = effort !== undefined && { effort };
  switch (type) {
    case 'enabled':
      return {
        budget: thinking?.integer('budget_tokens') ?? thinking?.missing('budget_tokens') ?? 0,
        ...worth,
        ...shown,
      };
    case 'adaptive':
      return { budget: -1, ...worth, ...shown };
    case 'disabled':
      return { budget: 0 };
    default:
      return effort === undefined ? undefined : { effort };
  }
}

function readOutput(fields: Fields): OutputFormat | undefined {
  // The older place is the beta's.
  const format = fields.object('output_config')?.object('format') ?? fields.object('output_format');
  if (format === undefined) return undefined;
  const type = format.requiredString('type');
  if (type !== 'json_schema')
    refuse(format.pathOf('type'), `'${format.pathOf('type')}' must be json_schema, not '${type}'.`);
  const schema = (format.object('schema') ?? format.missing('schema')).value;
  return { type: 'schema', name: 'response', schema, strict: true };
}
