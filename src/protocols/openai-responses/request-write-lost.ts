import { ID } from './words.ts';
import type { Block } from '../../model/block.ts';
import type { Generation } from '../../model/request.ts';

/** What of a request this format has no words for, each once. */
export function lostOf({ sampling, turns, tools }: Generation): readonly string[] {
  const lost = new Set<string>();
  if (sampling.topK !== undefined) lost.add('top_k');
  if (sampling.seed !== undefined) lost.add('seed');
  if (sampling.frequencyPenalty !== undefined) lost.add('frequency_penalty');
  if (sampling.presencePenalty !== undefined) lost.add('presence_penalty');
  if (tools.some((tool) => tool.type === 'function' && tool.cache !== undefined)) lost.add('cache_control');
  for (const { blocks } of turns) for (const block of blocks) for (const name of lostIn(block)) lost.add(name);
  return [...lost];
}

function lostIn(block: Block): readonly string[] {
  if (block.type === 'native') return block.native.protocol === ID ? [] : ['native'];
  const hint = block.cache === undefined ? [] : ['cache_control'];
  return block.type === 'tool-result' && block.failed ? [...hint, 'is_error'] : hint;
}
