import { ID } from './words.ts';
import type { Block, MediaBlock, TextBlock } from '../../model/block.ts';
import { unsupported } from '../../model/errors.ts';
import { asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Turn } from '../../model/request.ts';

/** The turns of a conversation as input items, in their order. */
export function writeInput(turns: readonly Turn[], developerRole: boolean): readonly Json[] {
  const custom = new Set<string>();
  return turns.flatMap((turn) => {
    const role = turn.role === 'developer' && !developerRole ? 'system' : turn.role;
    return turn.role === 'assistant' ? assistantItems(turn.blocks, custom) : spokenItems(role, turn.blocks, custom);
  });
}

function spokenItems(role: Turn['role'], blocks: readonly Block[], custom: ReadonlySet<string>): readonly Json[] {
  const items: Json[] = [];
  let parts: Json[] = [];
  const flush = (): void => {
    if (parts.length > 0) items.push({ type: 'message', role, content: parts });
    parts = [];
  };
  for (const block of blocks) {
    if (block.type === 'tool-result') {
      flush();
      const type = custom.has(block.id) ? 'custom_tool_call_output' : 'function_call_output';
      items.push({ type, call_id: block.id, output: writeOutput(block.output) });
    } else parts.push(inputPart(block));
  }
  flush();
  return items;
}

function assistantItems(blocks: readonly Block[], custom: Set<string>): readonly Json[] {
  const items: Json[] = [];
  let parts: Json[] = [];
  const flush = (): void => {
    if (parts.length > 0) items.push({ type: 'message', role: 'assistant', content: parts });
    parts = [];
  };
  for (const block of blocks) {
    if (block.type === 'text') parts.push({ type: 'output_text', text: block.text, annotations: [] });
    else if (block.type === 'refusal') parts.push({ type: 'refusal', refusal: block.text });
    else {
      flush();
      items.push(...assistantItem(block, custom));
    }
  }
  flush();
  return items;
}

function assistantItem(block: Block, custom: Set<string>): readonly Json[] {
  switch (block.type) {
    case 'tool-call':
      if (block.custom !== true)
        return [{ type: 'function_call', call_id: block.id, name: block.name, arguments: block.input }];
      custom.add(block.id);
      return [{ type: 'custom_tool_call', call_id: block.id, name: block.name, input: block.input }];
    case 'reasoning':
    case 'reasoning-summary':
      return sealed(block);
    case 'native':
      return block.native.protocol === ID ? [block.native.value] : [];
    default:
      return [];
  }
}

// Reasoning goes back only under this format's own seal; without one a server would not know it again and refuse the turn (FM-50).
function sealed(block: TextBlock): readonly Json[] {
  if (block.seal?.protocol !== ID) return [];
  const summary =
    block.type === 'reasoning-summary' && block.text !== '' ? [{ type: 'summary_text', text: block.text }] : [];
  return [{ type: 'reasoning', summary, encrypted_content: block.seal.data }];
}

function writeOutput(blocks: readonly Block[]): Json {
  const texts = blocks.flatMap((block) => (block.type === 'text' ? block.text : []));
  return texts.length === blocks.length ? texts.join('') : blocks.map(inputPart);
}

function inputPart(block: Block): JsonObject {
  switch (block.type) {
    case 'text':
    case 'refusal':
    case 'reasoning':
    case 'reasoning-summary':
      return { type: 'input_text', text: block.text };
    case 'media':
      return mediaPart(block);
    case 'native': {
      const value = block.native.protocol === ID ? asObject(block.native.value) : undefined;
      return value ?? uncarried();
    }
    default:
      return uncarried();
  }
}

function uncarried(): never {
  return unsupported('messages', 'This model is reached by a format that cannot carry one of the content parts.');
}

function mediaPart(block: MediaBlock): JsonObject {
  const { source, media } = block;
  switch (media) {
    case 'image': {
      const place = source.type === 'file' ? { file_id: source.id } : { image_url: urlOf(block, 'image/png') };
      return { type: 'input_image', ...place, detail: block.detail ?? 'auto' };
    }
    case 'audio':
      if (source.type !== 'base64') return unsupported('messages', 'Sounds are taken as base64 data only.');
      return { type: 'input_audio', input_audio: { data: source.data, format: block.format ?? 'wav' } };
    case 'video':
      return { type: 'input_video', video_url: urlOf(block, 'video/mp4') };
    case 'document': {
      if (source.type === 'file') return { type: 'input_file', file_id: source.id };
      const place = source.type === 'url' ? { file_url: source.url } : { file_data: urlOf(block, 'application/pdf') };
      return { type: 'input_file', ...place, ...(block.name !== undefined && { filename: block.name }) };
    }
    default:
      return media satisfies never;
  }
}

function urlOf(block: MediaBlock, mimeType: string): string {
  const { source } = block;
  if (source.type === 'url') return source.url;
  if (source.type === 'file') return unsupported('messages', 'A stored file cannot stand here.');
  return `data:${source.mimeType ?? mimeType};base64,${source.data}`;
}
