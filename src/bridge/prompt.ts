import type { Block, MediaBlock, ToolResultBlock } from '../model/block.ts';
import { unsupported } from '../model/errors.ts';
import { parseJson } from '../model/json.ts';
import type { Json } from '../model/json.ts';
import type { Turn } from '../model/request.ts';
import { mediaType } from './media.ts';
import type { SdkVersion } from './sdk-model.ts';
import { sealOptions } from './seal.ts';

/** What the writing of a prompt needs besides the turns. */
export interface PromptContext {
  readonly version: SdkVersion;
  /** Whether the provider fetches this URL itself. */
  readonly fetches: (mediaType: string, url: string) => boolean;
  /** Takes the name of what cannot be said. */
  readonly lose: (feature: string) => void;
}

/** The conversation in the words of the packages; results of tools are messages of their own. */
export function promptOf(turns: readonly Turn[], context: PromptContext): readonly object[] {
  const names = new Map<string, string>();
  return turns.flatMap((turn) => {
    for (const block of turn.blocks) if (block.type === 'tool-call') names.set(block.id, block.name);
    if (turn.name !== undefined) context.lose('name');
    if (turn.blocks.some((block) => 'cache' in block && block.cache !== undefined)) context.lose('cache_control');
    if (turn.role === 'assistant')
      return [{ role: 'assistant', content: turn.blocks.flatMap((block) => written(block, context)) }];
    if (turn.role === 'user') return userMessages(turn.blocks, names, context);
    const words = turn.blocks.flatMap((block) => (block.type === 'text' ? [block.text] : []));
    return [{ role: 'system', content: words.join('\n\n') }];
  });
}

function userMessages(
  blocks: readonly Block[],
  names: ReadonlyMap<string, string>,
  context: PromptContext,
): readonly object[] {
  const results = blocks.filter((block) => block.type === 'tool-result');
  const content = blocks.flatMap((block) => asked(block, context));
  return [
    ...(results.length === 0
      ? []
      : [{ role: 'tool', content: results.map((result) => toolResult(result, names, context)) }]),
    ...(content.length === 0 ? [] : [{ role: 'user', content }]),
  ];
}

function asked(block: Block, context: PromptContext): readonly object[] {
  if (block.type === 'media') return [file(block, context)];
  if (block.type === 'text') return [{ type: 'text', text: block.text }];
  if (block.type === 'native') context.lose('native_blocks');
  return [];
}

function written(block: Block, context: PromptContext): readonly object[] {
  switch (block.type) {
    case 'text':
    case 'refusal':
      return block.text === '' ? [] : [{ type: 'text', text: block.text, ...sealOptions(block.seal) }];
    case 'reasoning':
    case 'reasoning-summary':
      return [{ type: 'reasoning', text: block.text, ...sealOptions(block.seal) }];
    case 'tool-call':
      return [
        {
          type: 'tool-call',
          toolCallId: block.id,
          toolName: block.name,
          input: inputOf(block.input),
          ...sealOptions(block.seal),
        },
      ];
    case 'media':
      return [file(block, context)];
    case 'tool-result':
      return [];
    case 'native':
      context.lose('native_blocks');
      return [];
    default:
      return block satisfies never;
  }
}

// Packages write the input as JSON again; numbers that a double cannot hold come out of that as they went in.
function inputOf(text: string): Json {
  try {
    return text === '' ? {} : parseJson(text);
  } catch {
    return text;
  }
}

function file(block: MediaBlock, context: PromptContext): object {
  const type = mediaType(block);
  const named = block.name === undefined ? {} : { filename: block.name };
  return { type: 'file', mediaType: type, data: fileData(block, type, context), ...named, ...sealOptions(block.seal) };
}

function fileData({ source, media }: MediaBlock, type: string, { version, fetches }: PromptContext): unknown {
  switch (source.type) {
    case 'base64':
      return version === 4 ? { type: 'data', data: source.data } : source.data;
    case 'url': {
      const url = URL.parse(source.url);
      if (url === null || !fetches(type, source.url))
        return unsupported('messages', `This provider takes no ${media} by URL: send its content.`);
      return version === 4 ? { type: 'url', url } : url;
    }
    case 'file':
      return unsupported('messages', `This provider knows no uploaded files: send the content of the ${media}.`);
    default:
      return source satisfies never;
  }
}

function toolResult(result: ToolResultBlock, names: ReadonlyMap<string, string>, context: PromptContext): object {
  return {
    type: 'tool-result',
    toolCallId: result.id,
    toolName: names.get(result.id) ?? 'unknown',
    output: toolOutput(result, context),
  };
}

function toolOutput({ output, failed }: ToolResultBlock, context: PromptContext): object {
  const media = output.filter((block) => block.type === 'media');
  const words = output.flatMap((block) => (block.type === 'text' ? [block.text] : []));
  if (output.length > media.length + words.length) context.lose('tool_result_content');
  if (failed) {
    if (media.length > 0) context.lose('tool_result_images');
    return { type: 'error-text', value: words.join('\n') };
  }
  if (media.length === 0) return { type: 'text', value: words.join('\n') };
  return {
    type: 'content',
    value: output.flatMap((block): readonly object[] => {
      if (block.type === 'text') return [{ type: 'text', text: block.text }];
      return block.type === 'media' ? [resultFile(block, context)] : [];
    }),
  };
}

function resultFile(block: MediaBlock, context: PromptContext): object {
  const type = mediaType(block);
  const data = fileData(block, type, context);
  if (context.version === 4) return { type: 'file', mediaType: type, data };
  if (data instanceof URL && context.version === 2)
    return unsupported(
      'messages',
      `This provider takes no ${block.media} by URL in the result of a tool: send its content.`,
    );
  const kind = block.media === 'image' ? 'image' : 'file';
  if (data instanceof URL) return { type: `${kind}-url`, url: data.href };
  return { type: context.version === 2 ? 'media' : `${kind}-data`, data, mediaType: type };
}
