import { generationOf } from './request-write-output.ts';
import type { Block } from '../../model/block.ts';
import type { Request } from '../../model/request.ts';

// Four characters a token is the usual rule of thumb, and a picture is worth about so many tokens.
const CHARACTERS_PER_TOKEN = 4;
const CHARACTERS_OF_MEDIA = 6000;

/** About how many tokens a request has, for a client that is told before the upstream has counted; never zero. */
export function estimateInput(request: Request): number {
  const generation = generationOf(request);
  if (generation === undefined) return 1;
  let characters = 0;
  for (const turn of generation.turns) for (const block of turn.blocks) characters += lengthOf(block);
  for (const tool of generation.tools) characters += JSON.stringify(tool).length;
  return Math.max(1, Math.ceil(characters / CHARACTERS_PER_TOKEN));
}

function lengthOf(block: Block): number {
  switch (block.type) {
    case 'text':
    case 'refusal':
    case 'reasoning':
    case 'reasoning-summary':
      return block.text.length;
    case 'tool-call':
      return block.name.length + block.input.length;
    case 'tool-result':
      return block.output.reduce((sum, part) => sum + lengthOf(part), 0);
    case 'media':
      return CHARACTERS_OF_MEDIA;
    case 'native':
      return JSON.stringify(block.native.value).length;
    default:
      return block satisfies never;
  }
}
