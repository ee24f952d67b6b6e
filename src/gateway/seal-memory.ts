import type { Block, Seal, TextBlock } from '../model/block.ts';
import type { BlockHead, Event } from '../model/event.ts';
import type { Generation, Turn } from '../model/request.ts';

/** What a provider sealed beside one tool call. */
interface Sealed {
  /** The upstream that made the seals; no other one is given them. */
  readonly maker: string;
  /** The thoughts that came between the last call and this one, in order. */
  readonly thoughts: readonly TextBlock[];
  readonly seal?: Seal;
}

const ENTRIES = 20_000;
const CHARACTERS = 64 * 1024 * 1024;

/**
 * Keeps what providers sealed, by caller and tool call, for clients whose format cannot carry it or who drop what they do not know (CC-21, FM-14).
 * Holds the newest in the process; a conversation that goes on after it was forgotten goes on without its thoughts.
 */
export class SealMemory {
  readonly #sealed = new Map<string, Sealed>();
  #characters = 0;

  /** Listens to one answer; what it seals is kept for this caller. */
  listener(caller: () => string, maker: string): SealListener {
    return new SealListener((callId, sealed) => this.#keep(`${caller()} ${callId}`, { ...sealed, maker }));
  }

  /** The request with the seals that its client did not bring back. */
  restored(request: Generation, caller: () => string, maker: string): Generation {
    if (this.#sealed.size === 0) return request;
    let found = false;
    const turns = request.turns.map((turn) => {
      if (turn.role !== 'assistant' || !turn.blocks.some((block) => block.type === 'tool-call')) return turn;
      const mended = this.#mended(turn, caller(), maker);
      found ||= mended !== turn;
      return mended;
    });
    return found ? { ...request, turns } : request;
  }

  #mended(turn: Turn, caller: string, maker: string): Turn {
    const hasSealed = turn.blocks.some((block) => isThought(block) && block.seal !== undefined);
    const blocks: Block[] = [];
    let first = true;
    let changed = false;
    for (const block of turn.blocks) {
      const sealed = block.type === 'tool-call' ? this.#sealed.get(`${caller} ${block.id}`) : undefined;
      if (block.type !== 'tool-call' || sealed?.maker !== maker) {
        blocks.push(block);
        continue;
      }
      if (!hasSealed && sealed.thoughts.length > 0) {
        // A turn with thoughts must begin with them.
        if (first) blocks.splice(0, blocks.length, ...sealed.thoughts, ...blocks.filter((each) => !isThought(each)));
        else blocks.push(...sealed.thoughts);
        changed = true;
      }
      first = false;
      const seal = block.seal ?? sealed.seal;
      changed ||= seal !== block.seal;
      blocks.push(seal === undefined ? block : { ...block, seal });
    }
    return changed ? { ...turn, blocks } : turn;
  }

  #keep(key: string, sealed: Sealed): void {
    this.#characters += sizeOf(sealed);
    this.#sealed.set(key, sealed);
    for (const [oldest, dropped] of this.#sealed) {
      if (this.#sealed.size <= ENTRIES && this.#characters <= CHARACTERS) return;
      this.#characters -= sizeOf(dropped);
      this.#sealed.delete(oldest);
    }
  }
}

/** Gathers the seals of one answer. */
export class SealListener {
  readonly #keep: (callId: string, sealed: Omit<Sealed, 'maker'>) => void;
  readonly #open = new Map<number, { readonly head: BlockHead; text: string }>();
  #thoughts: TextBlock[] = [];

  constructor(keep: (callId: string, sealed: Omit<Sealed, 'maker'>) => void) {
    this.#keep = keep;
  }

  /** Notes an event; costs a switch per token, and an addition where the token is a thought. */
  note(event: Event): void {
    switch (event.type) {
      case 'block-start': {
        const { block: head } = event;
        if (head.type === 'reasoning' || head.type === 'reasoning-summary' || head.type === 'tool-call')
          this.#open.set(event.index, { head, text: '' });
        return;
      }
      case 'text-delta': {
        const block = this.#open.size === 0 ? undefined : this.#open.get(event.index);
        if (block !== undefined) block.text += event.text;
        return;
      }
      case 'block-end':
        this.#close(event.index, event.seal);
        return;
      default:
        return;
    }
  }

  #close(index: number, seal: Seal | undefined): void {
    const block = this.#open.get(index);
    if (block === undefined) return;
    this.#open.delete(index);
    const { head, text } = block;
    if (head.type === 'tool-call') {
      const thoughts = this.#thoughts;
      this.#thoughts = [];
      if (seal !== undefined || thoughts.some((each) => each.seal !== undefined))
        this.#keep(head.id, { thoughts, ...(seal !== undefined && { seal }) });
    } else if (head.type === 'reasoning' || head.type === 'reasoning-summary') {
      const itemId = head.itemId;
      this.#thoughts.push({
        type: head.type,
        text,
        ...(seal !== undefined && { seal }),
        ...(itemId !== undefined && { itemId }),
      });
    }
  }
}

function isThought(block: Block): block is TextBlock {
  return block.type === 'reasoning' || block.type === 'reasoning-summary';
}

function sizeOf({ thoughts, seal }: Sealed): number {
  return thoughts.reduce(
    (sum, { text, seal: own }) => sum + text.length + (own?.data.length ?? 0),
    seal?.data.length ?? 0,
  );
}
