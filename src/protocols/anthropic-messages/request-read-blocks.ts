import { OWN, readCitation, sealOfRedacted, sealOfSignature } from './seals.ts';
import type { Block, CacheHint, MediaBlock, MediaSource, Seal } from '../../model/block.ts';
import { refuse } from '../../model/errors.ts';
import type { Fields } from '../../model/fields.ts';

/** Reads `content`, or the `system` prompt: a text, or a list of blocks; absent is nothing said. */
export function readContent(holder: Fields, key: string): readonly Block[] {
  const content = holder.get(key);
  if (content === undefined) return [];
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  const blocks: Block[] = [];
  let ofCall: Seal | undefined;
  for (const part of holder.objects(key, 'a string or a list of blocks')) {
    const type = part.requiredString('type');
    const redacted = type === 'redacted_thinking' ? sealOfRedacted(part.requiredString('data')) : undefined;
    if (redacted?.ofCall === true) ofCall = redacted.seal;
    else if (redacted !== undefined) blocks.push({ type: 'reasoning', text: '', seal: redacted.seal });
    else {
      const block = readBlock(part, type);
      blocks.push(block.type === 'tool-call' && ofCall !== undefined ? { ...block, seal: ofCall } : block);
      ofCall = undefined;
    }
  }
  return blocks;
}

function readBlock(part: Fields, type: string): Block {
  switch (type) {
    case 'text':
      return readText(part);
    case 'image':
      return { type: 'media', media: 'image', source: readSource(part), ...cacheOf(part) };
    case 'document':
      return readDocument(part);
    case 'thinking': {
      const seal = sealOfSignature(part.string('signature') ?? '');
      return { type: 'reasoning', text: part.string('thinking') ?? '', ...(seal !== undefined && { seal }) };
    }
    case 'tool_use':
      return {
        type: 'tool-call',
        id: part.requiredString('id'),
        name: part.requiredString('name'),
        input: JSON.stringify(part.object('input')?.value ?? {}),
        ...cacheOf(part),
      };
    case 'tool_result':
      return {
        type: 'tool-result',
        id: part.requiredString('tool_use_id'),
        output: readContent(part, 'content'),
        failed: part.boolean('is_error') ?? false,
        ...cacheOf(part),
      };
    default:
      // Blocks of the provider's own tools, and those of tomorrow, go to targets of the same format.
      return native(part);
  }
}

function readText(part: Fields): Block {
  const annotations = part.objects('citations').map(({ value }) => readCitation(value));
  return {
    type: 'text',
    text: part.requiredString('text'),
    ...(annotations.length > 0 && { annotations }),
    ...cacheOf(part),
  };
}

function readDocument(part: Fields): Block {
  const source = part.object('source') ?? part.missing('source');
  // Blocks as a source of citations are something that only this format has.
  if (source.string('type') === 'content') return native(part);
  const name = part.string('title');
  const plain = source.string('type') === 'text';
  const format = plain ? 'txt' : source.string('media_type') === 'application/pdf' ? 'pdf' : undefined;
  const block: MediaBlock = {
    type: 'media',
    media: 'document',
    source: plain ? plainSource(source) : readSource(part),
    ...(format !== undefined && { format }),
    ...(name !== undefined && { name }),
    ...cacheOf(part),
  };
  return block;
}

function plainSource(source: Fields): MediaSource {
  const data = Buffer.from(source.requiredString('data')).toString('base64');
  return { type: 'base64', data, mimeType: source.string('media_type') ?? 'text/plain' };
}

function readSource(part: Fields): MediaSource {
  const source = part.object('source') ?? part.missing('source');
  const type = source.requiredString('type');
  switch (type) {
    case 'base64': {
      const mimeType = source.requiredString('media_type');
      return { type: 'base64', data: source.requiredString('data'), mimeType };
    }
    case 'url':
      return { type: 'url', url: source.requiredString('url') };
    case 'file':
      return { type: 'file', id: source.requiredString('file_id') };
    default:
      return refuse(
        source.pathOf('type'),
        `'${source.pathOf('type')}' must be base64, url, text or file, not '${type}'.`,
      );
  }
}

/** The wish, if there is one, that the conversation up to here be cached. */
export function cacheOf(part: Fields): { readonly cache?: CacheHint } {
  const control = part.object('cache_control');
  if (control === undefined) return {};
  const ttl = control.string('ttl');
  return { cache: ttl === undefined ? {} : { ttl } };
}

function native(part: Fields): Block {
  return { type: 'native', native: { protocol: OWN, value: part.value } };
}
