import type { Block } from '../../src/model/block.ts';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { GatewayError } from '../../src/model/errors.ts';
import type { Generation, Tool, Turn } from '../../src/model/request.ts';
import type { Capabilities, Target } from '../../src/protocols/codec.ts';
import { protocol } from '../../src/protocols/bedrock-converse/index.ts';
import { target } from './exchange.ts';

/** A model that thinks by a budget and can be held to a schema. */
export const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
/** Models of other families. */
export const NOVA = 'us.amazon.nova-lite-v1:0';
/** One that knows little beside text and tools. */
export const LLAMA = 'us.meta.llama3-3-70b-instruct-v1:0';
/** One with short ids of calls. */
export const MISTRAL = 'mistral.mistral-large-2402-v1:0';

/** A target of this format. */
export function to(model: string = CLAUDE, capabilities: Partial<Capabilities> = {}): Target {
  return { ...target(true, capabilities), model, hosting: { style: 'bedrock' } };
}

/** A text block. */
export function text(said: string): Block {
  return { type: 'text', text: said };
}

/** A turn of the user. */
export function user(...blocks: readonly Block[]): Turn {
  return { role: 'user', blocks };
}

/** A tool without arguments. */
export function tool(name: string): Extract<Tool, { type: 'function' }> {
  return { type: 'function', name, parameters: { type: 'object', properties: {} } };
}

/** A plain request with some of it otherwise. */
export function generation(more: Partial<Generation> = {}): Generation {
  return {
    task: 'generation',
    model: 'm',
    stream: true,
    turns: [user(text('hi'))],
    tools: [],
    sampling: {},
    stop: [],
    native: { protocol: 'openai-chat', value: {} },
    ...more,
  };
}

/** What goes upstream. */
export interface Sent {
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly lost: readonly string[];
}

/** The body that a request becomes, and what it could not say. */
export function sent(request: Generation, model: string = CLAUDE, capabilities: Partial<Capabilities> = {}): Sent {
  const { body, lost } = protocol.encodeRequest(request, to(model, capabilities));
  const written = String(body);
  return { text: written, body: JSON.parse(written) as Sent['body'], lost: lost ?? [] };
}

/** The error with which a request is refused. */
export function refusalOf(request: Generation, model: string = CLAUDE): GatewayError {
  try {
    protocol.encodeRequest(request, to(model));
  } catch (failure) {
    if (failure instanceof GatewayFailure) return failure.error;
    throw failure;
  }
  throw new Error('the request was not refused');
}
