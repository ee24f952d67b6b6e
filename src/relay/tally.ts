import type { GatewayError } from '../model/errors.ts';
import type { Event, FinishReason } from '../model/event.ts';
import { NO_USAGE } from '../model/usage.ts';
import type { Usage } from '../model/usage.ts';

// Four bytes a token is the usual rule of thumb; it is only used where the upstream gave no figures, and flagged.
const BYTES_PER_TOKEN = 4;

/** Keeps the account of one answer while it passes: first content, usage, how it ended. */
export class Tally {
  readonly #inputBytes: number;
  readonly #now: () => number;
  #outputBytes = 0;
  #reasoningBytes = 0;
  readonly #reasoningBlocks = new Set<number>();
  usage: Usage | undefined;
  firstContentAt: number | undefined;
  finish: FinishReason | undefined;
  error: GatewayError | undefined;

  /**
   * @param inputBytes size of the request, for an estimate where the upstream counts nothing
   * @param now monotonic milliseconds
   */
  constructor(inputBytes: number, now: () => number) {
    this.#inputBytes = inputBytes;
    this.#now = now;
  }

  /** Notes an event; costs a switch and an addition per token. */
  note(event: Event): void {
    switch (event.type) {
      case 'text-delta':
        this.content(Buffer.byteLength(event.text), this.#reasoningBlocks.has(event.index));
        return;
      case 'input-delta':
        this.content(Buffer.byteLength(event.json), false);
        return;
      case 'audio-delta':
      case 'vector':
      case 'native':
        this.content(0, false);
        return;
      case 'block-start':
        if (event.block.type === 'reasoning' || event.block.type === 'reasoning-summary')
          this.#reasoningBlocks.add(event.index);
        return;
      case 'usage':
        this.usage = event.usage;
        return;
      case 'finish':
        this.finish = event.reason;
        return;
      case 'error':
        this.error = event.error;
        return;
      default:
        return;
    }
  }

  /** Notes content of so many bytes of UTF-8, decoded or passed. */
  content(length: number, reasoning: boolean): void {
    this.firstContentAt ??= this.#now();
    if (reasoning) this.#reasoningBytes += length;
    else this.#outputBytes += length;
  }

  /** The gateway's own figures, for an upstream that gave none: never zeros (CC-11, OR-34). */
  estimate(): Usage {
    return {
      ...NO_USAGE,
      input: tokensOf(this.#inputBytes),
      output: tokensOf(this.#outputBytes),
      reasoning: this.#reasoningBytes === 0 ? 0 : tokensOf(this.#reasoningBytes),
      estimated: true,
    };
  }
}

function tokensOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / BYTES_PER_TOKEN));
}

/** Whether an event shows the client something: the commit gate opens with it (`reliability` §5). */
export function isContent(event: Event): boolean {
  switch (event.type) {
    case 'text-delta':
      return event.text !== '' || event.logprobs !== undefined;
    case 'input-delta':
    case 'audio-delta':
    case 'annotation':
    case 'native':
    case 'finish':
      return true;
    case 'block-start':
      return event.block.type === 'tool-call';
    default:
      return false;
  }
}
