import type { Block, ProtocolId } from '../model/block.ts';
import type { Request, Turn } from '../model/request.ts';

/** A request, and whether its conversation holds less than before. */
interface Fitted {
  readonly request: Request;
  readonly dropped: boolean;
}

/**
 * Leaves out what a model of another format once did by itself (a search, code that its provider ran): a conversation may go on elsewhere, and
 * what came of it stands in the text behind. What a client says in words that the target lacks stays, for the target to refuse.
 */
export function withoutForeignBlocks(request: Request, protocol: ProtocolId): Fitted {
  if (request.task !== 'generation') return { request, dropped: false };
  const isForeign = (block: Block): boolean => block.type === 'native' && block.native.protocol !== protocol;
  const holdsForeign = ({ role, blocks }: Turn): boolean => role === 'assistant' && blocks.some(isForeign);
  if (!request.turns.some(holdsForeign)) return { request, dropped: false };
  const turns = request.turns
    .map((turn) => (holdsForeign(turn) ? { ...turn, blocks: turn.blocks.filter((block) => !isForeign(block)) } : turn))
    .filter(({ blocks }) => blocks.length > 0);
  return { request: { ...request, turns }, dropped: true };
}
