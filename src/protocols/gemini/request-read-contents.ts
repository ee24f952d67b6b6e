import { readSignature, signatureOf } from './seals.ts';
import { formatOf, mediaOf } from './words.ts';
import type { Block, MediaBlock, Seal } from '../../model/block.ts';
import { refuse } from '../../model/errors.ts';
import { Fields } from '../../model/fields.ts';
import { asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Turn } from '../../model/request.ts';

/** The fields of an object under the names of the reference, whichever of the two spellings the client uses. */
export function camel(fields: Fields): Fields {
  if (!Object.keys(fields.value).some((key) => key.includes('_', 1))) return fields;
  const entries = Object.entries(fields.value).map(([key, value]) => [key.replaceAll(/(?!^)_([a-z])/g, upper), value]);
  return new Fields(Object.fromEntries(entries) as JsonObject, fields.path);
}

function upper(_: string, letter: string): string {
  return letter.toUpperCase();
}

/** Calls that wait for their result, by the name of the tool: neither side needs ids in this format. */
type Waiting = Map<string, string[]>;

/** Reads `systemInstruction`: a content, or just its text. */
export function readSystem(fields: Fields): readonly Turn[] {
  const text = asString(fields.get('systemInstruction'));
  if (text !== undefined) return text === '' ? [] : [{ role: 'system', blocks: [{ type: 'text', text }] }];
  const content = fields.object('systemInstruction');
  if (content === undefined) return [];
  const blocks = readParts(content, '', new Map());
  return blocks.length === 0 ? [] : [{ role: 'system', blocks }];
}

/**
 * Reads `contents` into turns, in their order.
 * @throws GatewayFailure with the path of what is wrong.
 */
export function readContents(fields: Fields): readonly Turn[] {
  const single = fields.get('contents');
  const contents =
    asObject(single) === undefined ? fields.objects('contents') : [new Fields(asObject(single) ?? {}, 'contents')];
  if (contents.length === 0) fields.missing('contents');
  const waiting: Waiting = new Map();
  const turns: Turn[] = [];
  for (const [index, content] of contents.entries()) {
    const role = content.string('role') ?? 'user';
    if (!/^(?:user|model|function|tool|system)$/.test(role))
      refuse(content.pathOf('role'), `'${content.pathOf('role')}' must be user or model, not '${role}'.`);
    const blocks = readParts(content, String(index), waiting);
    const last = turns.at(-1);
    if (role === 'model' && last?.role === 'assistant')
      turns[turns.length - 1] = { ...last, blocks: goingOn(last.blocks, blocks) };
    else turns.push({ role: role === 'model' ? 'assistant' : role === 'system' ? role : 'user', blocks });
  }
  return turns;
}

// The official clients keep a streamed answer as one content for each chunk: what was cut is one text, and one thought with the seal at its end.
function goingOn(before: readonly Block[], blocks: readonly Block[]): readonly Block[] {
  const end = before.at(-1);
  const [first, ...rest] = blocks;
  if ((end?.type !== 'text' && end?.type !== 'reasoning') || first?.type !== end.type || end.seal !== undefined)
    return [...before, ...blocks];
  return [...before.slice(0, -1), { ...first, text: end.text + first.text }, ...rest];
}

function readParts(content: Fields, place: string, waiting: Waiting): Block[] {
  const blocks: Block[] = [];
  const single = asObject(content.get('parts'));
  const parts = single === undefined ? content.objects('parts') : [new Fields(single, content.pathOf('parts'))];
  for (const [at, entry] of parts.entries()) {
    const part = camel(entry);
    const signature = signatureOf(part.value);
    const seal = signature === undefined ? undefined : readSignature(signature);
    const block = readPart(part, seal, `call_${place}_${at}`, waiting);
    const last = blocks.at(-1);
    // A streamed thought comes in parts, the last of which has its seal and may have no text.
    if (block?.type === 'reasoning' && last?.type === 'reasoning' && last.seal === undefined)
      blocks[blocks.length - 1] = { ...block, text: last.text + block.text };
    else if (block !== undefined) blocks.push(block);
  }
  return blocks;
}

function readPart(part: Fields, seal: Seal | undefined, id: string, waiting: Waiting): Block | undefined {
  const sealed = seal === undefined ? {} : { seal };
  const text = part.string('text');
  if (text !== undefined) {
    if (part.boolean('thought') === true || text === '')
      return text === '' && seal === undefined ? undefined : { type: 'reasoning', text, ...sealed };
    return { type: 'text', text, ...sealed };
  }
  const call = part.object('functionCall');
  if (call !== undefined) return { ...readCall(call, id, waiting), ...sealed };
  const result = part.object('functionResponse');
  if (result !== undefined) return readResult(camel(result), id, waiting);
  const media = readMedia(part);
  if (media !== undefined) return { ...media, ...sealed };
  return { type: 'native', native: { protocol: 'gemini', value: part.value } };
}

function readCall(call: Fields, id: string, waiting: Waiting): Extract<Block, { type: 'tool-call' }> {
  const name = call.requiredString('name');
  const given = call.string('id') ?? id;
  waiting.set(name, [...(waiting.get(name) ?? []), given]);
  return { type: 'tool-call', id: given, name, input: JSON.stringify(call.object('args')?.value ?? {}) };
}

/** Results without ids are paired with their calls by name and order. */
function readResult(result: Fields, fallback: string, waiting: Waiting): Block {
  const name = result.string('name') ?? '';
  const given = result.string('id');
  const queue = waiting.get(name) ?? [];
  const id = given ?? queue[0] ?? fallback;
  waiting.set(
    name,
    queue.filter((each) => each !== id),
  );
  const response = result.object('response')?.value ?? {};
  const { text, failed } = readResponse(response);
  const shown = result.objects('parts').flatMap((entry) => readMedia(camel(entry)) ?? []);
  return { type: 'tool-result', id, output: [{ type: 'text', text }, ...shown], failed };
}

// The reference keeps two keys for what has no shape of its own.
function readResponse(response: JsonObject): { readonly text: string; readonly failed: boolean } {
  const keys = Object.keys(response);
  const only = keys.length === 1 ? keys[0] : undefined;
  const value = only === undefined ? undefined : response[only];
  if (only === 'error') return { text: textOf(value), failed: true };
  if (only === 'output' || only === 'result') return { text: textOf(value), failed: false };
  return { text: JSON.stringify(response), failed: false };
}

function textOf(value: Json | undefined): string {
  return asString(value) ?? JSON.stringify(value ?? null);
}

function readMedia(part: Fields): MediaBlock | undefined {
  const inline = part.object('inlineData');
  if (inline !== undefined) {
    const blob = camel(inline);
    const mimeType = blob.string('mimeType') ?? '';
    const source = { type: 'base64' as const, data: blob.requiredString('data'), ...(mimeType !== '' && { mimeType }) };
    return mediaBlock(mimeType, source, blob);
  }
  const file = part.object('fileData');
  if (file === undefined) return undefined;
  const place = camel(file);
  return mediaBlock(place.string('mimeType') ?? '', { type: 'url', url: place.requiredString('fileUri') }, place);
}

function mediaBlock(mimeType: string, source: MediaBlock['source'], fields: Fields): MediaBlock {
  const media = mimeType === '' && source.type === 'url' ? guess(source.url) : mediaOf(mimeType);
  const name = fields.string('displayName');
  return {
    type: 'media',
    media,
    source,
    ...(mimeType !== '' && { format: formatOf(mimeType) }),
    ...(name !== undefined && { name }),
  };
}

function guess(url: string): MediaBlock['media'] {
  if (/\.(?:png|jpe?g|webp|gif|heic|heif)(?:[?#]|$)/i.test(url)) return 'image';
  if (/\.(?:mp3|wav|ogg|flac|aac|m4a)(?:[?#]|$)/i.test(url)) return 'audio';
  return /\.(?:mp4|mov|webm|mpe?g)(?:[?#]|$)|youtube\.com|youtu\.be/i.test(url) ? 'video' : 'document';
}
