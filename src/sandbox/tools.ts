import { refuse, unsupported } from '../model/errors.ts';
import { asObject, asString } from '../model/json.ts';
import type { Json } from '../model/json.ts';
import type { Generation, ToolChoice } from '../model/request.ts';
import { lastResults, textOf, toolOf } from './conversation.ts';
import { demandValid, jsonFor } from './json-text.ts';
import type { SandboxOptions } from './model-name.ts';
import { merged } from './schema/merge.ts';

/** A call that the sandbox makes. */
export interface PlannedCall {
  readonly name: string;
  /** JSON text, or free text when `custom`. */
  readonly input: string;
  readonly custom?: true;
}

interface Callable {
  readonly name: string;
  readonly call: () => PlannedCall;
}

/** The calls to make now: none when results came, when no tool is offered, or when the choice forbids it. Throws GatewayFailure for a choice or schema that cannot be met. */
export function plannedCalls(
  request: Generation,
  prompt: string,
  { tool, args }: SandboxOptions,
): readonly PlannedCall[] {
  const offered = callables(request, prompt, args).filter(({ name }) => tool === undefined || name === tool);
  const chosen = chosenOf(offered, request.toolChoice);
  if (lastResults(request.turns).length > 0 && !isForced(request.toolChoice)) return [];
  const wanted = request.parallelToolCalls === false ? chosen.slice(0, 1) : chosen;
  return wanted.map(({ call }) => call());
}

/** An answer in text from the results at the end of the conversation; undefined when there are none. */
export function answerFromResults(request: Generation): string | undefined {
  const results = lastResults(request.turns);
  if (results.length === 0) return undefined;
  return results
    .map((result) => {
      const name = toolOf(result, request.turns) ?? result.id;
      return `${name} ${result.failed ? 'failed with' : 'answered'}: ${textOf(result.output)}`;
    })
    .join('\n');
}

function callables(request: Generation, prompt: string, args: string | undefined): readonly Callable[] {
  return request.tools.flatMap((tool, index): Callable[] => {
    if (tool.type === 'function') {
      const { name, parameters } = tool;
      const path = request.native.protocol === 'openai-chat' ? `tools[${index}].function` : `tools[${index}]`;
      const schema = merged(parameters ?? {}, { type: 'object' });
      const input = (): string =>
        args === undefined ? jsonFor(schema, name, `${path}.parameters`) : demandValid(args, schema, name);
      return [{ name, call: () => ({ name, input: input() }) }];
    }
    const custom = customTool(tool.native.value);
    if (custom === undefined) return [];
    return [
      {
        name: custom.name,
        call: () =>
          custom.grammar
            ? unsupported(`tools[${index}].format`, 'The sandbox writes no grammars.')
            : { name: custom.name, input: prompt, custom: true },
      },
    ];
  });
}

// Tools that take free text: `{type:'custom', name}` or `{type:'custom', custom:{name}}`. Others run at their provider, which the sandbox is not.
function customTool(value: Json): { readonly name: string; readonly grammar: boolean } | undefined {
  const tool = asObject(value);
  if (tool?.['type'] !== 'custom') return undefined;
  const body = asObject(tool['custom']) ?? tool;
  const name = asString(body['name']);
  return name === undefined ? undefined : { name, grammar: asObject(body['format'])?.['type'] === 'grammar' };
}

function chosenOf(offered: readonly Callable[], choice: ToolChoice | undefined): readonly Callable[] {
  switch (choice?.type) {
    case 'none':
      return [];
    case 'tool':
      return [named(offered, choice.name)];
    case 'allowed':
      return choice.names.map((name) => named(offered, name));
    case 'required':
      return offered.length > 0
        ? offered
        : refuse('tool_choice', 'A tool must be called, but no tool is offered that the sandbox could call.');
    default:
      return offered;
  }
}

function named(offered: readonly Callable[], name: string): Callable {
  const found = offered.find((tool) => tool.name === name);
  const names = offered.map((tool) => tool.name).join(', ');
  return (
    found ?? refuse('tool_choice', `There is no tool '${name}' to call. Offered are: ${names === '' ? 'none' : names}.`)
  );
}

function isForced(choice: ToolChoice | undefined): boolean {
  return (
    choice?.type === 'required' || choice?.type === 'tool' || (choice?.type === 'allowed' && choice.mode === 'required')
  );
}
