import { readReasoning } from './decoder-parts.ts';
import { readExtra, readThought } from './seals.ts';
import type { Block, CacheHint, MediaBlock, MediaSource, ToolCallBlock } from '../../model/block.ts';
import { refuse } from '../../model/errors.ts';
import type { Fields } from '../../model/fields.ts';
import { asArray, asObject, asString } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Role, Turn } from '../../model/request.ts';

/** Where in the list of messages the reader is; legacy function results find their call by name. */
interface Conversation {
  readonly turns: Turn[];
  /** Ids of legacy function calls that wait for their result, by name. */
  readonly waiting: Map<string, string[]>;
}

/**
 * Reads `messages` into turns, in their order; neighbouring tool results share one user turn.
 * @throws GatewayFailure with the path of what is wrong.
 */
export function readMessages(fields: Fields): readonly Turn[] {
  const messages = fields.array('messages') === undefined ? fields.missing('messages') : fields.objects('messages');
  if (messages.length === 0) refuse('messages', "'messages' must hold at least one message.", 'empty_array');
  const talk: Conversation = { turns: [], waiting: new Map() };
  messages.forEach((message, index) => {
    readMessage(message, index, talk);
  });
  return talk.turns;
}

function readMessage(message: Fields, index: number, talk: Conversation): void {
  const role = message.requiredString('role');
  switch (role) {
    case 'system':
    case 'developer':
    case 'user':
      talk.turns.push(turnOf(role, readContent(message, true), message));
      return;
    case 'assistant':
      talk.turns.push(turnOf(role, readAssistant(message, index, talk), message));
      return;
    case 'tool':
      pushResult(message, message.requiredString('tool_call_id'), talk);
      return;
    case 'function': {
      const name = message.requiredString('name');
      pushResult(message, talk.waiting.get(name)?.shift() ?? `call_legacy_${index}`, talk);
      return;
    }
    default:
      refuse(
        message.pathOf('role'),
        `'${message.pathOf('role')}' must be system, developer, user, assistant, tool or function, not '${role}'.`,
      );
  }
}

function turnOf(role: Role, blocks: readonly Block[], message: Fields): Turn {
  const name = message.string('name');
  return { role, blocks, ...(name !== undefined && { name }) };
}

function pushResult(message: Fields, id: string, talk: Conversation): void {
  const result: Block = { type: 'tool-result', id, output: readContent(message, false), failed: false };
  const last = talk.turns.at(-1);
  const joins = last?.role === 'user' && last.blocks.every((block) => block.type === 'tool-result');
  if (joins && last !== undefined) talk.turns[talk.turns.length - 1] = { ...last, blocks: [...last.blocks, result] };
  else talk.turns.push({ role: 'user', blocks: [result] });
}

function readAssistant(message: Fields, index: number, talk: Conversation): Block[] {
  const blocks: Block[] = [...readThoughts(message.value), ...readContent(message, false)];
  const refusal = message.string('refusal');
  if (refusal !== undefined && refusal !== '') blocks.push({ type: 'refusal', text: refusal });
  const audio = message.object('audio')?.requiredString('id');
  if (audio !== undefined) blocks.push({ type: 'media', media: 'audio', source: { type: 'file', id: audio } });
  for (const call of message.objects('tool_calls')) blocks.push(readCall(call));
  const legacy = message.object('function_call');
  if (legacy !== undefined) {
    // The old form has no ids; the place in the conversation gives one that is the same every time (UP-11).
    const call = { id: `call_legacy_${index}`, ...readFunctionCall(legacy) };
    blocks.push({ type: 'tool-call', ...call });
    talk.waiting.set(call.name, [...(talk.waiting.get(call.name) ?? []), call.id]);
  }
  return blocks;
}

// Thoughts that another format's maker sealed come with their seals; the plain text beside them says the same once more.
function readThoughts(message: JsonObject): readonly Block[] {
  const details = (asArray(message['reasoning_details']) ?? []).map((detail) => asObject(detail) ?? {});
  const carried = details.flatMap((detail) => readThought(detail) ?? []);
  if (carried.length > 0) return carried;
  const reasoning = readReasoning(message);
  if (reasoning === undefined || (reasoning.text === '' && reasoning.sealed.length === 0)) return [];
  const seal = { protocol: 'openai-chat' as const, data: JSON.stringify(reasoning.sealed) };
  return [{ type: 'reasoning', text: reasoning.text, ...(reasoning.sealed.length > 0 && { seal }) }];
}

function readCall(call: Fields): ToolCallBlock {
  const id = call.requiredString('id');
  const custom = call.object('custom');
  if (custom !== undefined)
    return {
      type: 'tool-call',
      id,
      name: custom.requiredString('name'),
      input: custom.string('input') ?? '',
      custom: true,
    };
  const fn = call.object('function') ?? call.missing('function');
  const extra = call.object('extra_content')?.value;
  return { type: 'tool-call', id, ...readFunctionCall(fn), ...(extra !== undefined && { seal: readExtra(extra) }) };
}

function readFunctionCall(fn: Fields): { readonly name: string; readonly input: string } {
  const input = fn.string('arguments') ?? '';
  return { name: fn.requiredString('name'), input: input === '' ? '{}' : input };
}

function readContent(message: Fields, required: boolean): Block[] {
  const content = message.get('content');
  if (content === undefined) return required ? message.missing('content') : [];
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  return message.objects('content', 'a string or a list of parts').map((part) => hinted(readPart(part), part));
}

/** Reads the hint that several hosts of this format take beside a part or tool: `cache_control`. */
export function readHint(holder: Fields): { readonly cache?: CacheHint } {
  const hint = asObject(holder.get('cache_control'));
  if (hint === undefined) return {};
  const ttl = asString(hint['ttl']);
  return { cache: ttl === undefined ? {} : { ttl } };
}

function hinted(block: Block, part: Fields): Block {
  return block.type === 'native' ? block : { ...block, ...readHint(part) };
}

function readPart(part: Fields): Block {
  const type = part.requiredString('type');
  switch (type) {
    case 'text':
      return { type: 'text', text: part.requiredString('text') };
    case 'refusal':
      return { type: 'refusal', text: part.requiredString('refusal') };
    case 'image_url':
      return readImage(part);
    case 'video_url': {
      const url = part.object('video_url')?.requiredString('url') ?? part.missing('video_url');
      return { type: 'media', media: 'video', source: sourceOf(url) };
    }
    case 'input_audio': {
      const audio = part.object('input_audio') ?? part.missing('input_audio');
      const format = audio.string('format');
      const source = { type: 'base64' as const, data: audio.requiredString('data') };
      return { type: 'media', media: 'audio', source, ...(format !== undefined && { format }) };
    }
    case 'file':
      return readFile(part.object('file') ?? part.missing('file'));
    default:
      return { type: 'native', native: { protocol: 'openai-chat', value: part.value } };
  }
}

function readImage(part: Fields): MediaBlock {
  const bare = asString(part.get('image_url'));
  if (bare !== undefined) return { type: 'media', media: 'image', source: sourceOf(bare) };
  const image = part.object('image_url') ?? part.missing('image_url');
  const detail = image.string('detail');
  return {
    type: 'media',
    media: 'image',
    source: sourceOf(image.requiredString('url')),
    ...(detail !== undefined && { detail }),
  };
}

function readFile(file: Fields): MediaBlock {
  const id = file.string('file_id');
  const name = file.string('filename');
  const source: MediaSource = id === undefined ? sourceOf(file.requiredString('file_data')) : { type: 'file', id };
  return { type: 'media', media: 'document', source, ...(name !== undefined && { name }) };
}

const DATA_URL = /^data:([^;,]*)(?:;[^;,]*)*;base64,/;

function sourceOf(url: string): MediaSource {
  const match = DATA_URL.exec(url);
  if (match === null) return { type: 'url', url };
  const mimeType = match[1] ?? '';
  return { type: 'base64', data: url.slice(match[0].length), ...(mimeType !== '' && { mimeType }) };
}
