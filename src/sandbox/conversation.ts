import type { Block, MediaBlock, ToolResultBlock } from '../model/block.ts';
import type { Generation, Turn } from '../model/request.ts';
import { countTokens } from './tokenizer.ts';

/** The text that an answer starts from: that of the last user turn which has any, else a sentence on what came instead. */
export function lastUserText(turns: readonly Turn[]): string {
  const users = turns.filter((turn) => turn.role === 'user');
  const text = users.map((turn) => textOf(turn.blocks)).findLast((found) => found !== '');
  if (text !== undefined) return text;
  const media = users.flatMap((turn) => turn.blocks).filter((block) => block.type === 'media');
  if (media.length === 0) return 'There is no user text to answer.';
  return `There is no text to answer, only ${media.map(describe).join(', ')}.`;
}

/** The plain text of blocks, joined as it is. */
export function textOf(blocks: readonly Block[]): string {
  return blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

/** The results at the end of the conversation, which the model is now to use; empty when it does not end in one. */
export function lastResults(turns: readonly Turn[]): readonly ToolResultBlock[] {
  return turns.at(-1)?.blocks.filter((block) => block.type === 'tool-result') ?? [];
}

/** The name of the tool that a result belongs to, by the call it answers. */
export function toolOf(result: ToolResultBlock, turns: readonly Turn[]): string | undefined {
  for (const turn of turns)
    for (const block of turn.blocks) if (block.type === 'tool-call' && block.id === result.id) return block.name;
  return undefined;
}

/** Tokens of everything textual in a request: turns, calls, results, and the tools offered. */
export function inputTokens(request: Generation): number {
  let count = 0;
  for (const turn of request.turns) for (const block of turn.blocks) count += blockTokens(block);
  for (const tool of request.tools) count += countTokens(JSON.stringify(tool.type === 'function' ? tool : tool.native.value));
  return count;
}

function blockTokens(block: Block): number {
  switch (block.type) {
    case 'tool-call':
      return countTokens(block.name) + countTokens(block.input);
    case 'tool-result':
      return block.output.reduce((sum, inner) => sum + blockTokens(inner), 0);
    case 'media':
    case 'native':
      return 0;
    default:
      return countTokens(block.text);
  }
}

function describe(block: MediaBlock): string {
  const format = block.format ?? (block.source.type === 'base64' ? block.source.mimeType : undefined);
  const article = /^[aiu]/.test(block.media) ? 'an' : 'a';
  return `${article} ${block.media}${format === undefined ? '' : ` (${format})`}`;
}
