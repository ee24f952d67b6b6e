import type { ProtocolId } from '../model/block.ts';
import { asObject, asString } from '../model/json.ts';
import type { Generation, Request, Tool, ToolChoice } from '../model/request.ts';

/** A request as its target can be asked, and the kinds of tools that were left out. */
export interface Fitted {
  readonly request: Request;
  /** Types of the dropped tools, each once, fit for a header. */
  readonly dropped: readonly string[];
}

/** Leaves out the tools that only another format than the target's knows: an unknown tool is no reason to refuse (OR-41). */
export function withoutForeignTools(request: Request, protocol: ProtocolId): Fitted {
  if (request.task !== 'generation') return { request, dropped: [] };
  const isForeign = (tool: Tool): boolean => tool.type === 'native' && tool.native.protocol !== protocol;
  const foreign = request.tools.filter(isForeign);
  if (foreign.length === 0) return { request, dropped: [] };
  const tools = request.tools.filter((tool) => !isForeign(tool));
  const dropped = foreign.map((tool) => (tool.type === 'native' ? typeOf(tool) : tool.name));
  return { request: withTools(request, tools), dropped: [...new Set(dropped)] };
}

function typeOf(tool: Extract<Tool, { type: 'native' }>): string {
  const type = asString(asObject(tool.native.value)?.['type']) ?? '';
  return type.replaceAll(/[^\w.-]/g, '').slice(0, 64) || 'unknown';
}

// A choice among tools that are gone would be refused upstream.
function withTools(request: Generation, tools: readonly Tool[]): Generation {
  const { toolChoice, parallelToolCalls, ...rest } = request;
  if (tools.length === 0) return { ...rest, tools };
  return {
    ...rest,
    tools,
    ...(toolChoice !== undefined && isPossible(toolChoice, tools) && { toolChoice }),
    ...(parallelToolCalls !== undefined && { parallelToolCalls }),
  };
}

function isPossible(choice: ToolChoice, tools: readonly Tool[]): boolean {
  return choice.type !== 'tool' || tools.some((tool) => tool.type === 'function' && tool.name === choice.name);
}
