import { setImmediate } from 'node:timers/promises';

import type { Block, MediaBlock, ToolResultBlock } from '../model/block.ts';
import { unsupported } from '../model/errors.ts';
import { asArray, asString } from '../model/json.ts';
import type { Generation, Turn } from '../model/request.ts';
import { tokensOf } from './tokenizer.ts';

/** The text that an answer starts from: that of the last user turn with text in it, else a sentence on what came instead. */
export function lastUserText(turns: readonly Turn[]): string {
  const users = turns.filter((turn) => turn.role === 'user');
  const text = users.map((turn) => textOf(turn.blocks)).findLast((found) => found !== '');
  if (text !== undefined) return text;
  const media = users.flatMap((turn) => turn.blocks).filter((block) => block.type === 'media');
  if (media.length === 0) return 'There is no user text to answer.';
  return `There is no text to answer, only ${media.map(describe).join(', ')}.`;
}

/** The prompts of a legacy request that gives a list of them, which no turn can say. Throws GatewayFailure for prompts of tokens: they are another tokenizer's. */
export function promptList({ native }: Generation): readonly string[] | undefined {
  const list = native.protocol === 'openai-completions' ? asArray(native.value['prompt']) : undefined;
  return list?.map(
    (prompt) => asString(prompt) ?? unsupported('prompt', 'The sandbox reads prompts of text, not of tokens.'),
  );
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

/** Tokens of everything textual in a request: turns, calls, results, and the tools offered. Lets others run meanwhile: forty megabytes take seconds. */
export async function inputTokens(request: Generation): Promise<number> {
  let count = 0;
  for (const text of textsOf(request))
    for (const _token of tokensOf(text)) if (++count % PER_BREATH === 0) await setImmediate();
  return count;
}

const PER_BREATH = 20_000;

function* textsOf(request: Generation): Generator<string, void> {
  const { turns, tools } = request;
  if (turns.length === 0) yield* promptList(request) ?? [];
  for (const turn of turns) for (const block of turn.blocks) yield* textsOfBlock(block);
  for (const tool of tools) yield JSON.stringify(tool.type === 'function' ? tool : tool.native.value);
}

function* textsOfBlock(block: Block): Generator<string, void> {
  switch (block.type) {
    case 'tool-call':
      yield block.name;
      yield block.input;
      return;
    case 'tool-result':
      for (const inner of block.output) yield* textsOfBlock(inner);
      return;
    case 'media':
    case 'native':
      return;
    default:
      yield block.text;
  }
}

function describe(block: MediaBlock): string {
  const format = block.format ?? (block.source.type === 'base64' ? block.source.mimeType : undefined);
  const article = /^[aiu]/.test(block.media) ? 'an' : 'a';
  return `${article} ${block.media}${format === undefined ? '' : ` (${format})`}`;
}
