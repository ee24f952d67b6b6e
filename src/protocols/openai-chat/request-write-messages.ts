import { sealedDetails, sealedExtra } from './seals.ts';
import type { Block, MediaBlock, ToolCallBlock } from '../../model/block.ts';
import { unsupported } from '../../model/errors.ts';
import { asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Turn } from '../../model/request.ts';
import type { Capabilities } from '../codec.ts';

/** The messages a turn becomes: each tool result one of its own, before what the user says beside them. */
export function writeTurn(turn: Turn, capabilities: Capabilities): readonly JsonObject[] {
  const named = turn.name === undefined ? {} : { name: turn.name };
  if (turn.role === 'assistant') return [{ ...writeAssistant(turn.blocks), ...named }];
  const said: Block[] = [];
  const messages: JsonObject[] = [];
  for (const block of turn.blocks) {
    if (block.type !== 'tool-result') said.push(block);
    else {
      messages.push({ role: 'tool', tool_call_id: block.id, content: resultText(block.output) });
      // Chat tool messages hold text only, so what a tool showed follows as the user's.
      said.push(...block.output.filter((output) => output.type === 'media'));
    }
  }
  const role = turn.role === 'developer' && !capabilities.developerRole ? 'system' : turn.role;
  if (said.length > 0 || messages.length === 0) messages.push({ role, content: writeContent(said), ...named });
  return messages;
}

function resultText(output: readonly Block[]): string {
  return output
    .map((block) => {
      if (block.type === 'native') return JSON.stringify(block.native.value);
      return 'text' in block ? block.text : '';
    })
    .join('');
}

function writeAssistant(blocks: readonly Block[]): JsonObject {
  // What only another format knows of earlier turns is over and done with.
  const parts = blocks.filter(
    (block) => block.type === 'text' || (block.type === 'native' && block.native.protocol === 'openai-chat'),
  );
  const refusal = blocks.map((block) => (block.type === 'refusal' ? block.text : '')).join('');
  const calls = blocks.flatMap((block) => (block.type === 'tool-call' ? [writeCall(block)] : []));
  const audio = blocks.find(
    (block) => block.type === 'media' && block.media === 'audio' && block.source.type === 'file',
  );
  // Plain reasoning of earlier turns is left out, as the format's own clients do; what its upstream sealed goes back (CC-21), also where a client
  // of another format calls it a summary.
  const details = blocks.flatMap((block) =>
    block.type === 'reasoning' || block.type === 'reasoning-summary'
      ? unsealed(block.seal && sealedDetails(block.seal), block.text)
      : [],
  );
  return {
    role: 'assistant',
    content: parts.length === 0 ? null : writeContent(parts),
    ...(refusal !== '' && { refusal }),
    ...(details.length > 0 && { reasoning_details: details }),
    ...(audio?.type === 'media' && audio.source.type === 'file' && { audio: { id: audio.source.id } }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function unsealed(details: readonly Json[] | undefined, text: string): readonly Json[] {
  return (details ?? []).map((detail) => {
    const object = asObject(detail);
    return object?.['type'] === 'reasoning.text' && !('text' in object) ? { ...object, text } : detail;
  });
}

function writeCall(call: ToolCallBlock): JsonObject {
  const { id, name, input } = call;
  if (call.custom === true) return { id, type: 'custom', custom: { name, input } };
  const extra = sealedExtra(call.seal);
  // FM-13: an empty text is the empty object, and not JSON.
  const fn = { name, arguments: input === '' ? '{}' : input };
  return { id, type: 'function', function: fn, ...(extra !== undefined && { extra_content: extra }) };
}

// One text is written as a plain string: the form every server takes.
function writeContent(blocks: readonly Block[]): Json {
  const [first] = blocks;
  if (blocks.length <= 1 && (first === undefined || first.type === 'text')) return first?.text ?? '';
  return blocks.flatMap((block) => writePart(block) ?? []);
}

function writePart(block: Block): Json | undefined {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text };
    case 'refusal':
      return { type: 'refusal', refusal: block.text };
    case 'media':
      return writeMedia(block);
    case 'native':
      if (block.native.protocol === 'openai-chat') return block.native.value;
      return unsupported(
        'input',
        "The chosen model's provider does not know one of the kinds of content in this conversation.",
      );
    case 'reasoning':
    case 'reasoning-summary':
    case 'tool-call':
    case 'tool-result':
      return undefined;
    default:
      return block satisfies never;
  }
}

function writeMedia({ media, source, detail, format, name }: MediaBlock): Json {
  const data = source.type === 'base64' ? source.data : undefined;
  if (media === 'image' && source.type !== 'file')
    return {
      type: 'image_url',
      image_url: { url: urlOf(source, 'image/png'), ...(detail !== undefined && { detail }) },
    };
  if (media === 'video' && source.type !== 'file')
    return { type: 'video_url', video_url: { url: urlOf(source, 'video/mp4') } };
  if (media === 'audio' && data !== undefined)
    return { type: 'input_audio', input_audio: { data, format: format ?? 'wav' } };
  if (media === 'document' && source.type === 'file') return { type: 'file', file: { file_id: source.id } };
  if (media === 'document' && source.type === 'base64')
    return { type: 'file', file: { file_data: urlOf(source, 'application/pdf'), filename: name ?? 'document.pdf' } };
  return unsupported(
    'input',
    `The chosen model's provider takes no ${media} from a ${source.type}. Send it inline as base64.`,
  );
}

function urlOf(source: Exclude<MediaBlock['source'], { type: 'file' }>, mimeType: string): string {
  return source.type === 'url' ? source.url : `data:${source.mimeType ?? mimeType};base64,${source.data}`;
}
