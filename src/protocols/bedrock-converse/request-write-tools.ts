import { cachePoint } from './request-write-blocks.ts';
import type { Pen } from './request-write-blocks.ts';
import type { Held } from './request-write-output.ts';
import type { Conversation } from './request-write-messages.ts';
import { OWN, given, objectsIn } from './words.ts';
import { unsupported } from '../../model/errors.ts';
import { asObject, asString } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Generation, Tool } from '../../model/request.ts';

/** The tools of a request and which of them are to be called. */
export interface Tools {
  readonly config?: JsonObject;
  /** The family's own choice, for `additionalModelRequestFields`: the format's own must then be absent. */
  readonly ownChoice?: JsonObject;
  /** The model must call one. */
  readonly forced: boolean;
}

/** Puts tools and the choice among them into this format's words. */
export function writeTools(request: Generation, held: Held, talk: Conversation, pen: Pen): Tools {
  const tools = request.tools.flatMap((tool, index) => (isAllowed(tool, request) ? writeTool(tool, index, pen) : []));
  if (held.tool !== undefined) tools.push(held.tool);
  const mentioned = talk.messages.flatMap(({ content }) => objectsIn(content.map((block) => block['toolUse'] ?? null)));
  const silent = request.toolChoice?.type === 'none' && held.tool === undefined;
  // Calls in a conversation are refused where no tools are given, so the tools that it names are.
  if (tools.length === 0 || (silent && mentioned.length === 0))
    return mentioned.length === 0 ? { forced: false } : { config: { tools: named(mentioned) }, forced: false };
  const choice = choiceOf(request, held, pen);
  return { config: given({ tools, ...choice.config }), ...choice.rest };
}

// There are no words for some tools of many; the others are then not told of.
function isAllowed(tool: Tool, { toolChoice }: Generation): boolean {
  return toolChoice?.type !== 'allowed' || tool.type !== 'function' || toolChoice.names.includes(tool.name);
}

function writeTool(tool: Tool, index: number, pen: Pen): readonly JsonObject[] {
  if (tool.type === 'native') {
    const value = tool.native.protocol === OWN ? asObject(tool.native.value) : undefined;
    if (value !== undefined) return [value];
    return unsupported(`tools[${index}]`, "The chosen model's provider does not know this kind of tool.");
  }
  const { name, description, parameters, cache } = tool;
  const strict = tool.strict === true && pen.family.schemas;
  if (tool.strict === true && !strict) pen.lose('strict');
  const spec = given({
    name,
    description: description === '' ? undefined : description,
    inputSchema: { json: { type: 'object', ...(parameters ?? { properties: {} }) } },
    strict: strict || undefined,
  });
  const point = cachePoint(cache, pen);
  return point === undefined ? [{ toolSpec: spec }] : [{ toolSpec: spec }, point];
}

function named(calls: readonly JsonObject[]): JsonObject[] {
  const names = new Set(calls.map((call) => asString(call['name']) ?? ''));
  return [...names].map((name) => ({ toolSpec: { name, inputSchema: { json: { type: 'object', properties: {} } } } }));
}

interface Choice {
  readonly config: JsonObject;
  readonly rest: Pick<Tools, 'ownChoice' | 'forced'>;
}

function choiceOf(request: Generation, held: Held, pen: Pen): Choice {
  const { family, lose } = pen;
  const wanted = wantedChoice(request, held, pen);
  const forced = wanted === 'any' || typeof wanted === 'object';
  const alone = request.parallelToolCalls === false || held.tool !== undefined;
  if (family.ownToolChoice && (alone || wanted === 'none')) {
    const type = typeof wanted === 'object' ? { type: 'tool', name: wanted.name } : { type: wanted ?? 'auto' };
    const ownChoice = wanted === 'none' ? { type: 'none' } : { ...type, disable_parallel_tool_use: true };
    return { config: {}, rest: { ownChoice, forced } };
  }
  if (request.parallelToolCalls === false) lose('parallel_tool_calls');
  if (wanted === 'none') lose('tool_choice');
  if (wanted === undefined || wanted === 'none') return { config: {}, rest: { forced } };
  const toolChoice = typeof wanted === 'object' ? { tool: { name: wanted.name } } : { [wanted]: {} };
  return { config: { toolChoice }, rest: { forced } };
}

type Wanted = 'auto' | 'any' | 'none' | { readonly name: string } | undefined;

function wantedChoice({ toolChoice: choice, tools }: Generation, { tool }: Held, { family }: Pen): Wanted {
  if (tool !== undefined) {
    if (!family.forced) return 'auto';
    // Beside the client's own tools the model may still choose; alone, it must answer through this one.
    const own = tools.length > 0 && choice?.type !== 'none';
    return own ? 'any' : { name: asString(asObject(tool['toolSpec'])?.['name']) ?? '' };
  }
  switch (choice?.type) {
    case undefined:
    case 'auto':
    case 'none':
      return choice?.type;
    case 'tool':
      return { name: choice.name };
    case 'required':
      return 'any';
    case 'allowed':
      return choice.mode === 'required' ? 'any' : 'auto';
    default:
      return choice satisfies never;
  }
}
