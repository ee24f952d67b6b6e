import { writeMedia } from './request-write-media.ts';
import type { DocumentNames } from './request-write-media.ts';
import { sealedBlock } from './seals.ts';
import type { Family } from './words-models.ts';
import { OWN, given } from './words.ts';
import { crc32 } from '../../framing/crc32.ts';
import type { Block, CacheHint, ToolCallBlock, ToolResultBlock } from '../../model/block.ts';
import { unsupported } from '../../model/errors.ts';
import { asObject, parseJson } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';

/** Notes by name what of a conversation could not be said. */
export type Lose = (feature: string) => void;

/** What the blocks of a request are written with. */
export interface Pen {
  readonly family: Family;
  readonly names: DocumentNames;
  readonly lose: Lose;
}

/** The content blocks that say what blocks say, each followed by the cache point that was asked for. */
export function writeBlocks(blocks: readonly Block[], pen: Pen): readonly JsonObject[] {
  return blocks.flatMap((block): readonly JsonObject[] => {
    const written = writeBlock(block, pen);
    if (written === undefined) return [];
    const point = 'cache' in block ? cachePoint(block.cache, pen) : undefined;
    return point === undefined ? [written] : [written, point];
  });
}

/** The block after which a conversation is cached, where the model can. */
export function cachePoint(cache: CacheHint | undefined, { family, lose }: Pen): JsonObject | undefined {
  if (cache === undefined) return undefined;
  if (!family.cache) {
    lose('cache_control');
    return undefined;
  }
  return { cachePoint: given({ type: 'default', ttl: cache.ttl }) };
}

function writeBlock(block: Block, pen: Pen): JsonObject | undefined {
  switch (block.type) {
    case 'text':
    case 'refusal':
      // A text of white space alone is refused.
      return block.text.trim() === '' ? undefined : { text: block.text };
    case 'reasoning':
    case 'reasoning-summary':
      return sealedBlock(block.text, block.seal);
    case 'tool-call':
      return { toolUse: { toolUseId: callId(block.id, pen), name: block.name, input: inputOf(block) } };
    case 'tool-result':
      return writeResult(block, pen);
    case 'media':
      if (block.detail !== undefined && block.detail !== 'auto') pen.lose('image_detail');
      return writeMedia(block, pen.names);
    case 'native':
      if (block.native.protocol === OWN) return asObject(block.native.value);
      return unsupported(
        'input',
        "The chosen model's provider does not know one of the kinds of content in this conversation.",
      );
    default:
      return block satisfies never;
  }
}

/** An id as the model takes it, the same for a call and its result. */
function callId(id: string, { family }: Pen): string {
  if (family.shortIds) return /^[a-zA-Z0-9]{9}$/.test(id) ? id : shortened(id);
  const safe = id.replaceAll(/[^a-zA-Z0-9_-]/g, '_') || '_';
  return safe.length <= 64 ? safe : `${safe.slice(0, 55)}-${digest(id).toString(16).padStart(8, '0')}`;
}

function shortened(id: string): string {
  const digits = digest(id).toString(36).padStart(7, '0') + digest(`${id}2`).toString(36).padStart(7, '0');
  return digits.slice(0, 7) + digits.slice(-2);
}

function digest(id: string): number {
  const bytes = Buffer.from(id);
  return crc32(bytes, 0, bytes.length);
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

function writeResult({ id, output, failed }: ToolResultBlock, pen: Pen): JsonObject {
  if (failed && !pen.family.failedResults) pen.lose('tool_result_error');
  const content = output.flatMap((block) => {
    if (block.type === 'media' && block.media === 'audio')
      return unsupported('input', "The chosen model's provider takes no sound as the result of a tool.");
    return writeBlock(block, pen) ?? [];
  });
  const status = failed && pen.family.failedResults ? { status: 'error' } : {};
  return { toolResult: { toolUseId: callId(id, pen), content, ...status } };
}
