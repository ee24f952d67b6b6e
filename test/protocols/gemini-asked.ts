import type { Block } from '../../src/model/block.ts';
import { GatewayFailure } from '../../src/model/errors.ts';
import type { Generation, Turn } from '../../src/model/request.ts';
import type { Target } from '../../src/protocols/codec.ts';
import { protocol } from '../../src/protocols/gemini/index.ts';
import { Peek } from '../support/peek.ts';
import { target } from './exchange.ts';

/** What a user says. */
export const USER: Turn = { role: 'user', blocks: [{ type: 'text', text: 'hi' }] };
/** A request of another format. */
export const BASE: Generation = {
  task: 'generation',
  model: 'm',
  stream: false,
  turns: [USER],
  tools: [],
  sampling: {},
  stop: [],
  native: { protocol: 'openai-chat', value: {} },
};
/** A target that answers whole, by the name of its model. */
export const model = (name: string, more: Partial<Target> = {}): Target => ({ ...target(false), model: name, ...more });
/** Where the makers’ cloud hosts a model. */
export const vertex = { hosting: { style: 'vertex', project: 'p', location: 'l' } } as const;

/** A request as it is sent, and what it could not say. */
export function write(
  more: Partial<Generation>,
  to: Target = model('gemini-2.5-flash'),
): { readonly body: Peek; readonly lost: readonly string[] } {
  const { body, lost } = protocol.encodeRequest({ ...BASE, ...more }, to);
  return { body: Peek.parse(String(body)), lost: lost ?? [] };
}
/** The contents that turns become. */
export const contents = (blocks: readonly Turn[], to?: Target): unknown =>
  write({ turns: blocks }, to).body.at('contents').value;
/** A turn of the model. */
export const said = (...blocks: Block[]): Turn => ({ role: 'assistant', blocks });
/** A turn of the user. */
export const heard = (...blocks: Block[]): Turn => ({ role: 'user', blocks });
/** A call without a seal. */
export const call = (id: string, name = 'f', input = '{}'): Block => ({ type: 'tool-call', id, name, input });
/** The text that a tool gave. */
export const result = (id: string, text: string, failed = false): Block => ({
  type: 'tool-result',
  id,
  output: [{ type: 'text', text }],
  failed,
});
/** The code of a refusal; undefined when there was none. */
export const refused = (attempt: () => unknown): string | undefined => {
  try {
    attempt();
  } catch (error) {
    return error instanceof GatewayFailure ? error.error.code : String(error);
  }
};
