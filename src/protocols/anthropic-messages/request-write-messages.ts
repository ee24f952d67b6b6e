import { writeBlocks } from './request-write-blocks.ts';
import type { Lose } from './request-write-blocks.ts';
import { asArray, asObject, asString } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Turn } from '../../model/request.ts';

interface Message {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: JsonObject[];
}

/** A conversation in this format's form. */
export interface Conversation {
  readonly system: readonly JsonObject[];
  readonly messages: readonly Message[];
}

const NO_RESULT = 'The result of this call is not known.';

/**
 * Puts turns into the form this format demands: the first system turns apart, users and assistants in turn, the results of calls first in the
 * user's next message and one for each call, no empty text.
 * @param systemTurns whether later system turns may keep their role
 */
export function writeTurns(turns: readonly Turn[], systemTurns: boolean, lose: Lose): Conversation {
  const first = turns.findIndex(({ role }) => role === 'user' || role === 'assistant');
  const leading = first < 0 ? turns.length : first;
  const system = turns.slice(0, leading).flatMap((turn) => contentOf(turn, lose));
  const messages: Message[] = [];
  turns.slice(leading).forEach((turn, index, rest) => {
    const content = contentOf(turn, lose);
    if (content.length === 0) return;
    const role = roleOf(turn, systemTurns && messages.at(-1)?.role === 'user' && rest[index + 1]?.role !== 'user');
    const last = messages.at(-1);
    if (last?.role === role) last.content.push(...content);
    else messages.push({ role, content: [...content] });
  });
  // A conversation of system turns alone: the model is told them by the user, for it answers nobody else.
  if (messages.length === 0) return { system: [], messages: [{ role: 'user', content: [...system] }] };
  if (messages[0]?.role === 'assistant')
    messages.unshift({ role: 'user', content: [{ type: 'text', text: '(Go on.)' }] });
  return { system, messages: trimmed(paired(messages)) };
}

function roleOf(turn: Turn, systemStays: boolean): Message['role'] {
  if (turn.role === 'user' || turn.role === 'assistant') return turn.role;
  return systemStays ? 'system' : 'user';
}

function contentOf(turn: Turn, lose: Lose): readonly JsonObject[] {
  if (turn.name !== undefined) lose('name');
  if (turn.role !== 'assistant') return writeBlocks(turn.blocks, lose);
  // A model's own pictures and sounds have no place in its turns.
  const sayable = turn.blocks.filter(({ type }) => type !== 'media');
  if (sayable.length < turn.blocks.length) lose('assistant_media');
  return writeBlocks(sayable, lose);
}

/** Each call gets its one result, first in the message after it; a result that no call waits for becomes text. */
function paired(messages: readonly Message[]): readonly Message[] {
  return messages.map((message, index) => {
    if (message.role !== 'user') return message;
    const waiting = new Set(callsOf(messages[index - 1]));
    const results: JsonObject[] = [];
    const said: JsonObject[] = [];
    for (const block of message.content) {
      const id = block['type'] === 'tool_result' ? asString(block['tool_use_id']) : undefined;
      if (id === undefined) said.push(block);
      else if (waiting.delete(id)) results.push(block);
      else said.push(...orphan(block));
    }
    return { role: 'user', content: [...results, ...missing(waiting), ...said] };
  });
}

function callsOf(message: Message | undefined): readonly string[] {
  if (message?.role !== 'assistant') return [];
  return message.content.flatMap((block) => (block['type'] === 'tool_use' ? [asString(block['id']) ?? ''] : []));
}

function missing(ids: Iterable<string>): JsonObject[] {
  return [...ids].map((id) => ({ type: 'tool_result', tool_use_id: id, content: NO_RESULT, is_error: true }));
}

function orphan(block: JsonObject): readonly JsonObject[] {
  const { content } = block;
  const lead = { type: 'text', text: `Result of the tool call ${asString(block['tool_use_id'])}:` };
  if (typeof content === 'string') return [{ type: 'text', text: `${lead.text}\n${content}` }];
  const shown = (asArray(content) ?? []).flatMap((part): readonly JsonObject[] => {
    const object = asObject(part);
    return object === undefined ? [] : [object];
  });
  return [lead, ...shown];
}

// The last words of an answer to be continued may not end in white space.
function trimmed(messages: readonly Message[]): readonly Message[] {
  const last = messages.at(-1);
  const block = last?.content.at(-1);
  if (last?.role !== 'assistant' || typeof block?.['text'] !== 'string') return messages;
  const content = [...last.content.slice(0, -1), { ...block, text: block['text'].trimEnd() }];
  return [...messages.slice(0, -1), { ...last, content }];
}
