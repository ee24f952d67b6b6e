import { writeBlocks } from './request-write-blocks.ts';
import type { Pen } from './request-write-blocks.ts';
import { objectsIn } from './words.ts';
import { asObject, asString } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Turn } from '../../model/request.ts';

interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: JsonObject[];
}

/** A conversation in this format's form. */
export interface Conversation {
  readonly system: readonly JsonObject[];
  readonly messages: readonly Message[];
}

const NO_RESULT = 'The result of this call is not known.';
const DOCUMENT_ONLY = 'See the document.';

/**
 * Puts turns into the form this format demands: the first system turns apart, users and assistants in turn beginning with a user, the results of
 * calls first in the user's next message and one for each call, a text beside every document.
 */
export function writeTurns(turns: readonly Turn[], pen: Pen): Conversation {
  const first = turns.findIndex(({ role }) => role === 'user' || role === 'assistant');
  const leading = first < 0 ? turns.length : first;
  const system = turns.slice(0, leading).flatMap((turn) => contentOf(turn, pen));
  const messages: Message[] = [];
  for (const turn of turns.slice(leading)) {
    const content = contentOf(turn, pen);
    if (content.every(isCachePoint)) continue;
    const role = turn.role === 'assistant' ? 'assistant' : 'user';
    const last = messages.at(-1);
    if (last?.role === role) last.content.push(...content);
    else messages.push({ role, content: [...content] });
  }
  // A conversation of system turns alone: the model is told them by the user, for it answers nobody else.
  if (messages.length === 0) return { system: [], messages: [{ role: 'user', content: [...system] }] };
  if (messages[0]?.role === 'assistant') messages.unshift({ role: 'user', content: [{ text: '(Go on.)' }] });
  return { system, messages: trimmed(paired(messages)).map(worded) };
}

function isCachePoint(block: JsonObject): boolean {
  return 'cachePoint' in block;
}

function contentOf(turn: Turn, pen: Pen): readonly JsonObject[] {
  if (turn.name !== undefined) pen.lose('name');
  const isThought = (type: string): boolean => type === 'reasoning' || type === 'reasoning-summary';
  if (turn.role !== 'assistant')
    return writeBlocks(
      turn.blocks.filter(({ type }) => !isThought(type)),
      pen,
    );
  // A model's own pictures and sounds have no place in its turns.
  const sayable = turn.blocks.filter(({ type }) => type !== 'media');
  if (sayable.length < turn.blocks.length) pen.lose('assistant_media');
  return writeBlocks(sayable, pen);
}

/** Each call gets its one result, first in the message after it; a result that no call waits for becomes text. */
function paired(messages: readonly Message[]): readonly Message[] {
  const list = [...messages];
  // A conversation that ends with calls is one whose results were lost.
  if (callsOf(list.at(-1)).length > 0) list.push({ role: 'user', content: [] });
  return list.map((message, index) => {
    if (message.role !== 'user') return message;
    const waiting = new Set(callsOf(list[index - 1]));
    const results: JsonObject[] = [];
    const said: JsonObject[] = [];
    let after = said;
    for (const block of message.content) {
      const id = asString(asObject(block['toolResult'])?.['toolUseId']);
      if (id !== undefined) {
        after = waiting.delete(id) ? results : said;
        after.push(...(after === results ? [block] : orphan(block)));
      } else if (isCachePoint(block)) after.push(block);
      else {
        after = said;
        said.push(block);
      }
    }
    return { role: 'user', content: [...results, ...missing(waiting), ...said] };
  });
}

function callsOf(message: Message | undefined): readonly string[] {
  if (message?.role !== 'assistant') return [];
  return message.content.flatMap((block) => {
    const call = asObject(block['toolUse']);
    return call === undefined ? [] : [asString(call['toolUseId']) ?? ''];
  });
}

function missing(ids: Iterable<string>): JsonObject[] {
  return [...ids].map((toolUseId) => ({ toolResult: { toolUseId, content: [{ text: NO_RESULT }] } }));
}

function orphan(block: JsonObject): readonly JsonObject[] {
  const result = asObject(block['toolResult']);
  return [{ text: `Result of the tool call ${asString(result?.['toolUseId'])}:` }, ...objectsIn(result?.['content'])];
}

// The last words of an answer to be continued may not end in white space.
function trimmed(messages: readonly Message[]): readonly Message[] {
  const last = messages.at(-1);
  const text = last?.content.at(-1)?.['text'];
  if (last?.role !== 'assistant' || typeof text !== 'string') return messages;
  return [...messages.slice(0, -1), { ...last, content: [...last.content.slice(0, -1), { text: text.trimEnd() }] }];
}

function worded(message: Message): Message {
  const { role, content } = message;
  const bare = content.some((block) => 'document' in block) && !content.some((block) => 'text' in block);
  return bare ? { role, content: [...content, { text: DOCUMENT_ONLY }] } : message;
}
