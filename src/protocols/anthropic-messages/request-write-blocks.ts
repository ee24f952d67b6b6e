import { OWN, isForeignThinking, thinkingBlock, writeCitation } from './seals.ts';
import { given } from './words.ts';
import type { Block, CacheHint, MediaBlock, ToolCallBlock, ToolResultBlock } from '../../model/block.ts';
import { unsupported } from '../../model/errors.ts';
import { asObject, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

/** Notes by name what of a conversation could not be said. */
export type Lose = (feature: string) => void;

/** The content blocks that say what blocks say. */
export function writeBlocks(blocks: readonly Block[], lose: Lose): readonly JsonObject[] {
  return blocks.flatMap((block): readonly JsonObject[] => {
    const written = writeBlock(block, lose);
    return written === undefined ? [] : [written];
  });
}

function writeBlock(block: Block, lose: Lose): JsonObject | undefined {
  switch (block.type) {
    case 'text':
    case 'refusal':
      // A text of white space alone is refused.
      return block.text.trim() === ''
        ? undefined
        : { type: 'text', text: block.text, ...citations(block), ...cached(block) };
    case 'reasoning':
    case 'reasoning-summary':
      return writeThinking(block);
    case 'tool-call':
      return writeCall(block);
    case 'tool-result':
      return writeResult(block, lose);
    case 'media':
      if (block.detail !== undefined && block.detail !== 'auto') lose('image_detail');
      return { ...writeMedia(block), ...cached(block) };
    case 'native':
      return block.native.protocol === OWN ? asObject(block.native.value) : foreign();
    default:
      return block satisfies never;
  }
}

function foreign(): never {
  return unsupported(
    'input',
    "The chosen model's provider does not know one of the kinds of content in this conversation.",
  );
}

/** Thinking goes back as its signature demands, to the byte; what others thought, or nobody signed, does not (MS-05). */
function writeThinking({ text, seal }: Extract<Block, { text: string }>): JsonObject | undefined {
  const block = thinkingBlock(text, seal);
  return isForeignThinking(block) ? undefined : block;
}

function citations({ annotations }: Extract<Block, { text: string }>): JsonObject {
  const list = (annotations ?? []).flatMap((annotation) =>
    // A page of the web is only taken with the index that came with it, which no other format keeps.
    annotation.type === 'native' ? (writeCitation(annotation) ?? []) : [],
  );
  return list.length === 0 ? {} : { citations: list };
}

function cached({ cache }: { readonly cache?: CacheHint }): JsonObject {
  return cache === undefined ? {} : { cache_control: cacheControl(cache) };
}

/** The object that asks for a conversation to be cached up to here. */
export function cacheControl({ ttl }: CacheHint): JsonObject {
  return { type: 'ephemeral', ...(ttl !== undefined && { ttl }) };
}

function writeCall(call: ToolCallBlock): JsonObject {
  return { type: 'tool_use', id: callId(call.id), name: call.name, input: inputOf(call), ...cached(call) };
}

/** An id as this format takes it. */
export function callId(id: string): string {
  const safe = id.replaceAll(/[^a-zA-Z0-9_-]/g, '_');
  return safe === '' ? '_' : safe;
}

// An input is an object here; free text, and what a model left unfinished, is put into one and not repaired (FM-13).
function inputOf({ input, custom }: ToolCallBlock): JsonObject {
  if (custom === true) return { input };
  if (input.trim() === '') return {};
  try {
    return asObject(parseJson(input)) ?? { input };
  } catch {
    return { input };
  }
}

function writeResult({ id, output, failed, cache }: ToolResultBlock, lose: Lose): JsonObject {
  const content = writeBlocks(output, lose);
  const [first] = content;
  const plain = content.length === 1 && first?.['type'] === 'text' && Object.keys(first).length === 2;
  return given({
    type: 'tool_result',
    tool_use_id: callId(id),
    content: content.length === 0 ? undefined : plain ? first['text'] : content,
    is_error: failed ? true : undefined,
    cache_control: cache === undefined ? undefined : cacheControl(cache),
  });
}

function writeMedia(block: MediaBlock): JsonObject {
  const { media, source, name } = block;
  if (media === 'image') return { type: 'image', source: imageSource(block) };
  if (media === 'document')
    return { type: 'document', source: documentSource(block), ...(name !== undefined && { title: name }) };
  return unsupported('input', `The chosen model's provider takes no ${media} (from a ${source.type}).`);
}

function imageSource({ source }: MediaBlock): Json {
  if (source.type === 'url') return { type: 'url', url: source.url };
  if (source.type === 'file') return { type: 'file', file_id: source.id };
  return { type: 'base64', media_type: source.mimeType ?? typeOfImage(source.data), data: source.data };
}

// The first bytes of the three other kinds that are taken, in base64.
const IMAGES: readonly (readonly [begin: string, type: string])[] = [
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
];

function typeOfImage(data: string): string {
  return IMAGES.find(([begin]) => data.startsWith(begin))?.[1] ?? 'image/png';
}

function documentSource({ source, format }: MediaBlock): Json {
  if (source.type === 'url') return { type: 'url', url: source.url };
  if (source.type === 'file') return { type: 'file', file_id: source.id };
  const type = source.mimeType ?? (format === 'txt' ? 'text/plain' : 'application/pdf');
  if (type === 'application/pdf') return { type: 'base64', media_type: type, data: source.data };
  if (!/^text\/|[/+](?:json|xml|yaml)$/.test(type))
    return unsupported('input', `The chosen model's provider takes PDF and text documents, not ${type}.`);
  return { type: 'text', media_type: 'text/plain', data: Buffer.from(source.data, 'base64').toString() };
}
