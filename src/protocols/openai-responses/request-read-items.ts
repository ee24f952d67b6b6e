import { ID } from './words.ts';
import type { Block, MediaSource, TextBlock } from '../../model/block.ts';
import { refuse } from '../../model/errors.ts';
import { Fields } from '../../model/fields.ts';
import { asObject } from '../../model/json.ts';
import type { Json } from '../../model/json.ts';
import { readSeal } from '../seal-envelope.ts';

/** Where one item of the input belongs. */
export interface ReadItem {
  readonly role: 'system' | 'developer' | 'user' | 'assistant';
  readonly blocks: readonly Block[];
  /** A message of its own, or a piece of a turn (a call, a result, reasoning). */
  readonly message: boolean;
}

const ROLES = new Set(['system', 'developer', 'user', 'assistant'] as const);
const CALL_INPUT: ReadonlyMap<string, 'arguments' | 'input'> = new Map([
  ['function_call', 'arguments'],
  ['custom_tool_call', 'input'],
]);
const CALL_OUTPUTS: ReadonlySet<string> = new Set(['function_call_output', 'custom_tool_call_output']);

/** Reads one input item; refuses wrong types by path, keeps unknown types as native (OR-41). */
export function readItem(item: Fields): ReadItem {
  const role = item.string('role');
  const type = item.string('type');
  if (type === 'message' || (type === undefined && role !== undefined))
    return readMessage(item, role ?? item.missing('role'));
  if (type === 'item_reference' || type === undefined) return refuseReference(item, type);
  const inputKey = CALL_INPUT.get(type);
  if (inputKey !== undefined) return readCall(item, inputKey);
  if (CALL_OUTPUTS.has(type)) {
    const block: Block = {
      type: 'tool-result',
      id: item.requiredString('call_id'),
      output: readOutput(item),
      failed: false,
    };
    return { role: 'user', blocks: [block], message: false };
  }
  if (type === 'reasoning') return { role: 'assistant', blocks: readReasoning(item), message: false };
  return {
    role: 'assistant',
    blocks: [{ type: 'native', native: { protocol: ID, value: item.value } }],
    message: false,
  };
}

function refuseReference(item: Fields, type: string | undefined): never {
  const id = item.string('id');
  if (id === undefined && type === undefined) return item.missing('type');
  return refuse(item.pathOf('id'), `Item with id '${id ?? ''}' not found.`, 'item_not_found');
}

function readMessage(item: Fields, role: string): ReadItem {
  const itemId = item.string('id');
  const known = [...ROLES].find((candidate) => candidate === role) ?? 'user';
  const blocks = readContent(item, 'content').map((block) =>
    isText(block) && itemId !== undefined ? { ...block, itemId } : block,
  );
  return { role: known, blocks, message: true };
}

function isText(block: Block): block is TextBlock {
  return block.type === 'text' || block.type === 'refusal';
}

function readCall(item: Fields, inputKey: 'arguments' | 'input'): ReadItem {
  const input = item.requiredString(inputKey);
  const itemId = item.string('id');
  const block: Block = {
    type: 'tool-call',
    id: item.requiredString('call_id'),
    name: item.requiredString('name'),
    // No text means no arguments (FM-13); a custom tool's free text may be empty.
    input: input === '' && inputKey === 'arguments' ? '{}' : input,
    ...(inputKey === 'input' && { custom: true as const }),
    ...(itemId !== undefined && { itemId }),
  };
  return { role: 'assistant', blocks: [block], message: false };
}

function readOutput(item: Fields): readonly Block[] {
  const { output } = item.value;
  if (output === undefined || output === null) return item.missing('output');
  return readContent(item, 'output');
}

function readReasoning(item: Fields): readonly Block[] {
  const itemId = item.string('id');
  const place = itemId === undefined ? {} : { itemId };
  const blocks: TextBlock[] = [
    ...item
      .objects('summary')
      .map((part) => ({ type: 'reasoning-summary' as const, text: part.string('text') ?? '', ...place })),
    ...item
      .objects('content')
      .map((part) => ({ type: 'reasoning' as const, text: part.string('text') ?? '', ...place })),
  ];
  const data = item.string('encrypted_content');
  if (data === undefined) return blocks;
  const last = blocks.pop() ?? { type: 'reasoning-summary' as const, text: '', ...place };
  return [...blocks, { ...last, seal: readSeal(data, ID) }];
}

function readContent(holder: Fields, key: string): readonly Block[] {
  const value = holder.get(key);
  if (value === undefined) return holder.missing(key);
  if (typeof value === 'string') return [{ type: 'text', text: value }];
  return holder.objects(key, 'a string or a list of parts').map(readPart);
}

function readPart(part: Fields): Block {
  const type = part.requiredString('type');
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'summary_text':
      return { type: 'text', text: part.requiredString('text') };
    case 'refusal':
      return { type: 'refusal', text: part.requiredString('refusal') };
    case 'input_image':
      return readImage(part);
    case 'input_file':
      return readFile(part);
    case 'input_audio':
      return readAudio(part);
    case 'input_video':
      return { type: 'media', media: 'video', source: sourceOf(part.requiredString('video_url')) };
    default:
      return { type: 'native', native: { protocol: ID, value: part.value } };
  }
}

function readImage(part: Fields): Block {
  const detail = part.string('detail');
  return { type: 'media', media: 'image', source: fileOr(part, 'image_url'), ...(detail !== undefined && { detail }) };
}

function readFile(part: Fields): Block {
  const name = part.string('filename');
  const data = part.string('file_data');
  const source: MediaSource =
    data === undefined
      ? fileOr(part, 'file_url')
      : data.startsWith('data:')
        ? sourceOf(data)
        : { type: 'base64', data };
  return { type: 'media', media: 'document', source, ...(name !== undefined && { name }) };
}

function readAudio(part: Fields): Block {
  const audio = part.object('input_audio') ?? part.missing('input_audio');
  const format = audio.string('format');
  const source: MediaSource = { type: 'base64', data: audio.requiredString('data') };
  return { type: 'media', media: 'audio', source, ...(format !== undefined && { format }) };
}

function fileOr(part: Fields, urlKey: string): MediaSource {
  const id = part.string('file_id');
  const url = part.string(urlKey);
  if (url !== undefined) return sourceOf(url);
  return id === undefined ? part.missing(urlKey) : { type: 'file', id };
}

function sourceOf(url: string): MediaSource {
  const match = /^data:([^;,]*);base64,/.exec(url);
  if (match === null) return { type: 'url', url };
  const mimeType = match[1] ?? '';
  return { type: 'base64', data: url.slice(match[0].length), ...(mimeType !== '' && { mimeType }) };
}

/** The items of an `input` list; refuses entries that are no objects. */
export function itemFields(input: readonly Json[]): readonly Fields[] {
  return input.map((value, index) => {
    const path = `input[${index}]`;
    return new Fields(asObject(value) ?? refuse(path, `'${path}' must be an object.`), path);
  });
}
