import { given } from './words.ts';
import type { MediaBlock, MediaSource } from '../../model/block.ts';
import { unsupported } from '../../model/errors.ts';
import type { JsonObject } from '../../model/json.ts';

const IMAGES = ['png', 'jpeg', 'gif', 'webp'];
const VIDEOS = ['mkv', 'mov', 'mp4', 'webm', 'flv', 'mpeg', 'mpg', 'wmv', 'three_gp'];
const SOUNDS = 'mp3 opus wav aac flac mp4 ogg mkv mka x-aac m4a mpeg mpga pcm webm'.split(' ');
const DOCUMENTS = ['pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md'];

/** Formats by the end of a MIME type, where that is another word. */
const WORDS: Readonly<Record<string, string>> = {
  jpg: 'jpeg',
  plain: 'txt',
  markdown: 'md',
  'x-markdown': 'md',
  msword: 'doc',
  'vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'vnd.ms-excel': 'xls',
  'vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  quicktime: 'mov',
  'x-matroska': 'mkv',
  'x-flv': 'flv',
  'x-ms-wmv': 'wmv',
  '3gpp': 'three_gp',
  'x-wav': 'wav',
  wave: 'wav',
  'x-m4a': 'm4a',
  pcm16: 'pcm',
  L16: 'pcm',
};

// The first bytes of images in base64.
const BEGINNINGS: readonly (readonly [begin: string, format: string])[] = [
  ['/9j/', 'jpeg'],
  ['R0lGOD', 'gif'],
  ['UklGR', 'webp'],
];

/** Names of the documents of a request: here each must be another, and of few kinds of characters. */
export class DocumentNames {
  readonly #taken = new Set<string>();

  /** A name that is allowed and free, as near to the wanted one as that can be. */
  next(wanted: string | undefined): string {
    const plain = (wanted ?? '').replace(/\.[a-zA-Z0-9]{1,5}$/, '').replaceAll(/[^a-zA-Z0-9\s()[\]-]/g, ' ');
    const base = plain.replaceAll(/\s+/g, ' ').trim().slice(0, 180).trim() || 'document';
    let name = base;
    for (let number = 2; this.#taken.has(name); number += 1) name = `${base} ${number}`;
    this.#taken.add(name);
    return name;
  }
}

/**
 * The block that holds a picture, a sound, a film or a document.
 * @throws GatewayFailure for an address that the service would not fetch, and for formats it does not read
 */
export function writeMedia(block: MediaBlock, names: DocumentNames): JsonObject {
  const source = writeSource(block);
  switch (block.media) {
    case 'image':
      return { image: { format: formatOf(block, IMAGES, beginning(block.source)), source } };
    case 'video':
      return { video: { format: formatOf(block, VIDEOS), source } };
    case 'audio':
      return { audio: { format: formatOf(block, SOUNDS), source } };
    case 'document':
      return { document: { format: formatOf(block, DOCUMENTS, 'pdf'), name: names.next(block.name), source } };
    default:
      return block.media satisfies never;
  }
}

function writeSource({ source, media }: MediaBlock): JsonObject {
  if (source.type === 'base64') return { bytes: source.data };
  if (source.type === 'url' && source.url.startsWith('s3://')) return { s3Location: given({ uri: source.url }) };
  return unsupported(
    'input',
    `The chosen model's provider does not fetch a ${media} by ${source.type === 'url' ? 'its address' : 'a file id'}. Send its bytes as base64.`,
  );
}

function formatOf(block: MediaBlock, known: readonly string[], otherwise?: string): string {
  const mime = block.source.type === 'base64' ? block.source.mimeType : undefined;
  const type = /\/([\w.+-]+)/.exec(mime ?? '')?.[1];
  const extension = block.source.type === 'url' ? /\.(\w+)$/.exec(block.source.url)?.[1] : undefined;
  const said = type ?? block.format ?? extension;
  if (said === undefined && otherwise !== undefined) return otherwise;
  const word = WORDS[said ?? ''] ?? said ?? '';
  if (known.includes(word)) return word;
  // Any other text can still be read as one.
  if (block.media === 'document' && (mime?.startsWith('text/') === true || /[/+](?:json|xml|yaml)$/.test(mime ?? '')))
    return 'txt';
  return unsupported('input', `The chosen model's provider takes no ${block.media} of the format '${word}'.`);
}

function beginning(source: MediaSource): string {
  const data = source.type === 'base64' ? source.data : '';
  return BEGINNINGS.find(([begin]) => data.startsWith(begin))?.[1] ?? 'png';
}
