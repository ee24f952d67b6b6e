import type { FinishReason, Sink } from '../model/event.ts';
import type { Mint } from '../model/ids.ts';
import { asObject, parseJson } from '../model/json.ts';
import type { Json } from '../model/json.ts';
import { BlockTable } from './block-table.ts';
import { errorOf } from './failure.ts';
import { fieldsOf, textOf, warnedFeatures } from './sdk-model.ts';
import type { Unread } from './sdk-model.ts';
import { usageOf } from './usage.ts';

/** What is known of an answer before its first part. */
export interface PartContext {
  readonly emit: Sink;
  readonly mint: Mint;
  readonly model: string;
  readonly created: number;
  /** Takes the names of settings that the package left out. */
  readonly lost: (features: readonly string[]) => void;
}

const REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  'content-filter': 'filter',
  'tool-calls': 'tool-calls',
  other: 'other',
};

/** Reads the parts of one stream; emits by the grammar, exactly one terminal event, and nothing after it. */
export class PartReader {
  readonly #context: PartContext;
  readonly #blocks: BlockTable;
  #started = false;
  #over = false;

  constructor(context: PartContext) {
    this.#context = context;
    this.#blocks = new BlockTable((event) => {
      this.#start({});
      context.emit(event);
    });
  }

  /** Whether the terminal event is out. */
  get over(): boolean {
    return this.#over;
  }

  /** Takes the next part. */
  push(value: unknown): void {
    if (this.#over) return;
    const part = fieldsOf(value);
    const id = textOf(part['id']) ?? '';
    const metadata = part['providerMetadata'];
    switch (part['type']) {
      case 'stream-start':
        this.#context.lost(warnedFeatures(part['warnings']));
        return;
      case 'response-metadata':
        this.#start(part);
        return;
      case 'text-start':
      case 'reasoning-start':
        this.#blocks.announce(id, part['type'] === 'text-start' ? 'text' : 'reasoning', metadata);
        return;
      case 'text-delta':
      case 'reasoning-delta':
        this.#blocks.text(
          id,
          part['type'] === 'text-delta' ? 'text' : 'reasoning',
          textOf(part['delta']) ?? '',
          metadata,
        );
        return;
      case 'text-end':
      case 'reasoning-end':
        this.#blocks.end(id, part['type'] === 'text-end' ? 'text' : 'reasoning', metadata);
        return;
      case 'finish':
        this.#finish(part);
        return;
      case 'error':
        this.fail(part['error']);
        return;
      default:
        this.#pushRare(part, id);
    }
  }

  #pushRare(part: Unread, id: string): void {
    switch (part['type']) {
      case 'tool-input-start':
        if (part['providerExecuted'] === true) this.#blocks.leaveOut(id);
        else this.#blocks.call(id, textOf(part['toolName']) ?? '');
        return;
      case 'tool-input-delta':
        this.#blocks.input(id, textOf(part['delta']) ?? '');
        return;
      case 'tool-input-end':
      case 'raw':
        return;
      case 'tool-call':
        if (part['providerExecuted'] === true) this.#native(part);
        else this.#blocks.wholeCall(part);
        return;
      case 'source':
        if (part['sourceType'] === 'url') this.#blocks.source(part);
        else this.#native(part);
        return;
      case 'file':
        if (!this.#blocks.file(part)) this.#native(part);
        return;
      default:
        this.#native(part);
    }
  }

  /** The stream ended; without a `finish` it was cut off. */
  end(): void {
    if (!this.#over) this.#cutOff();
  }

  /** The stream broke, or the package told of an error. */
  fail(thrown: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#context.emit({ type: 'error', error: errorOf(thrown) });
  }

  #start(part: Unread): void {
    if (this.#started) return;
    this.#started = true;
    const { emit, mint, model, created } = this.#context;
    const id = textOf(part['id']);
    emit({ type: 'start', id: id === undefined || id === '' ? mint('msg') : id, model, created });
  }

  #native(part: Unread): void {
    const value = jsonOf(part);
    if (value === undefined) return;
    this.#start({});
    this.#context.emit({ type: 'native', native: { protocol: 'ai-sdk', value } });
  }

  // Packages finish a stream that was cut off as well: then no reason came from the provider.
  #finish(part: Unread): void {
    const told = part['finishReason'];
    const word = textOf(told) ?? textOf(fieldsOf(told)['unified']) ?? '';
    const raw = textOf(fieldsOf(told)['raw']);
    if (word === 'error') {
      this.fail('The provider ended its answer with an error.');
      return;
    }
    const reason = REASONS[word];
    if (reason === undefined || (reason === 'other' && typeof told === 'object' && raw === undefined)) {
      this.#cutOff();
      return;
    }
    this.#start({});
    this.#blocks.endAll();
    const usage = usageOf(part['usage']);
    if (usage !== undefined) this.#context.emit({ type: 'usage', usage });
    this.#over = true;
    this.#context.emit({
      type: 'finish',
      // Some providers say `stop` after calls.
      reason: reason === 'stop' && this.#blocks.calls > 0 ? 'tool-calls' : reason,
      ...(raw !== undefined && { raw }),
    });
  }

  #cutOff(): void {
    this.fail('The upstream ended its answer before it was finished.');
  }
}

function jsonOf(part: Unread): Json | undefined {
  try {
    return asObject(parseJson(JSON.stringify(part)));
  } catch {
    return undefined;
  }
}
