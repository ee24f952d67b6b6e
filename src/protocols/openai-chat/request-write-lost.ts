import type { Block } from '../../model/block.ts';
import type { Generation } from '../../model/request.ts';
import { wordFor } from '../reasoning-effort.ts';

/** What of a request this format has no words for, each once. */
export function lostOf({ sampling, turns, tools, reasoning }: Generation): readonly string[] {
  const lost = new Set<string>();
  if (sampling.topK !== undefined) lost.add('top_k');
  if (reasoning?.budget !== undefined && wordFor(reasoning) === undefined) lost.add('reasoning_budget');
  if (tools.some((tool) => tool.type === 'function' && tool.cache !== undefined)) lost.add('cache_control');
  for (const { blocks } of turns) for (const block of blocks) for (const name of lostIn(block)) lost.add(name);
  return [...lost];
}

function lostIn(block: Block): readonly string[] {
  if (block.type === 'native') return block.native.protocol === 'openai-chat' ? [] : ['native'];
  const hint = block.cache === undefined ? [] : ['cache_control'];
  return block.type === 'tool-result' && block.failed ? [...hint, 'is_error'] : hint;
}
