import type { BlockHead, Event, Sink } from './event.ts';

type Delta = 'text-delta' | 'input-delta' | 'audio-delta' | 'vector' | 'annotation';

const ALLOWED: Record<BlockHead['type'], readonly Delta[]> = {
  text: ['text-delta', 'annotation'],
  refusal: ['text-delta'],
  reasoning: ['text-delta'],
  'reasoning-summary': ['text-delta'],
  'tool-call': ['input-delta'],
  media: ['audio-delta', 'text-delta'],
  vector: ['vector'],
};

/**
 * Passes events on and throws at the first one the grammar forbids: blocks open in dense order, deltas fit their open block,
 * `finish` finds every block closed, nothing follows the terminal. Used by tests on every decoder, never in production.
 * @throws Error naming the rule that was broken.
 */
export function checked(emit: Sink): Sink {
  let phase: 'before' | 'open' | 'over' = 'before';
  const blocks: { readonly type: BlockHead['type']; open: boolean }[] = [];
  const demand = (holds: boolean, rule: string): void => {
    if (!holds) throw new Error(`broken grammar: ${rule}`);
  };
  return (event: Event): void => {
    demand(phase !== 'over', `${event.type} after the terminal event`);
    switch (event.type) {
      case 'start':
        demand(phase === 'before', 'a second start');
        phase = 'open';
        break;
      case 'error':
        phase = 'over';
        break;
      case 'finish':
        demand(phase === 'open', 'finish before start');
        demand(!blocks.some((block) => block.open), 'finish while a block is open');
        phase = 'over';
        break;
      case 'usage':
      case 'native':
        demand(phase === 'open', `${event.type} before start`);
        break;
      case 'block-start':
        demand(phase === 'open', 'block-start before start');
        demand(event.index === blocks.length, `block ${event.index} opened where ${blocks.length} was due`);
        blocks.push({ type: event.block.type, open: true });
        break;
      case 'block-end': {
        const block = blocks[event.index];
        demand(block?.open === true, `block-end for block ${event.index}, which is not open`);
        if (block !== undefined) block.open = false;
        break;
      }
      default: {
        const block = blocks[event.index];
        demand(block?.open === true, `${event.type} for block ${event.index}, which is not open`);
        if (block !== undefined)
          demand(ALLOWED[block.type].includes(event.type), `${event.type} in a ${block.type} block`);
      }
    }
    emit(event);
  };
}
