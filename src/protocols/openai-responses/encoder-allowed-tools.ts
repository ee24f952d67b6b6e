import type { Event, Sink } from '../../model/event.ts';
import type { Request, ToolChoice } from '../../model/request.ts';

interface Restriction {
  readonly names: readonly string[];
  readonly required: boolean;
}

/**
 * Lets no tool call through that the request did not allow (OR-51 to OR-54). A suppressed call leaves no trace; when nothing else is left
 * of the turn, or a call was required, the answer fails with `tool_not_allowed`. Costs nothing for requests that restrict nothing.
 */
export function onlyAllowedTools(request: Request, emit: Sink): Sink {
  const choice = restriction(request);
  if (choice === undefined) return emit;
  const filter = new ToolFilter(choice, emit);
  return (event) => filter.push(event);
}

function restriction(request: Request): Restriction | undefined {
  const choice: ToolChoice | undefined = request.task === 'generation' ? request.toolChoice : undefined;
  if (choice?.type === 'none') return { names: [], required: false };
  return choice?.type === 'allowed' ? { names: choice.names, required: choice.mode === 'required' } : undefined;
}

class ToolFilter {
  readonly #choice: Restriction;
  readonly #emit: Sink;
  /** Index outside for each index inside; undefined for a suppressed block. */
  readonly #index: (number | undefined)[] = [];
  readonly #visible = new Set<number>();
  #passed = 0;
  #calls = 0;
  #wrote = false;
  #suppressed: string | undefined;

  constructor(choice: Restriction, emit: Sink) {
    this.#choice = choice;
    this.#emit = emit;
  }

  push(event: Event): void {
    switch (event.type) {
      case 'block-start': {
        const { block } = event;
        if (block.type === 'tool-call' && !this.#choice.names.includes(block.name)) {
          this.#suppressed = block.name;
          this.#index[event.index] = undefined;
          return;
        }
        if (block.type === 'tool-call') this.#calls += 1;
        if (block.type === 'text' || block.type === 'refusal') this.#visible.add(event.index);
        this.#index[event.index] = this.#passed;
        this.#emit({ ...event, index: this.#passed++ });
        return;
      }
      case 'text-delta':
      case 'input-delta':
      case 'audio-delta':
      case 'annotation':
      case 'block-end': {
        const index = this.#index[event.index];
        if (index === undefined) return;
        if (event.type === 'text-delta' && this.#visible.has(event.index)) this.#wrote = true;
        this.#emit({ ...event, index });
        return;
      }
      case 'finish':
        return this.#finish(event);
      default:
        this.#emit(event);
    }
  }

  #finish(event: Extract<Event, { type: 'finish' }>): void {
    const name = this.#suppressed;
    if (name === undefined) return this.#emit(event);
    if (this.#calls === 0 && (this.#choice.required || !this.#wrote)) {
      const message = `The model called the tool '${name}', which tool_choice does not allow.`;
      this.#emit({ type: 'error', error: { kind: 'bad_response', message, code: 'tool_not_allowed' } });
      return;
    }
    this.#emit(this.#calls === 0 && event.reason === 'tool-calls' ? { ...event, reason: 'stop' } : event);
  }
}
