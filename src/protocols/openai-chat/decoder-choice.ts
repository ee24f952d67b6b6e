import type { BlockWriter, OpenBlock } from './decoder-blocks.ts';
import { Calls } from './decoder-calls.ts';
import { partTexts, readAnnotation, readReasoning } from './decoder-parts.ts';
import type { ReasoningDetails } from './decoder-parts.ts';
import { FINISH } from './words.ts';
import type { Annotation, Seal, TextKind, TokenLogprob } from '../../model/block.ts';
import type { FinishReason } from '../../model/event.ts';
import type { Mint } from '../../model/ids.ts';
import { asArray, asObject, asString } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';

type Kind = TextKind | 'audio';

/** What a choice may not know by itself. */
export interface ChoiceSetting {
  readonly mint: Mint;
  /** Ids of tool calls in use anywhere in the answer. */
  readonly ids: Set<string>;
  readonly audioFormat: string | undefined;
  /** `stop` stays `stop` although a tool was called (CC-13). */
  readonly stopStands: boolean;
  readonly stops: readonly string[];
}

/** How a choice ended. */
export interface ChoiceEnd {
  readonly reason: FinishReason;
  readonly raw?: string;
  readonly stopSequence?: string;
}

/** Reads the deltas of one of the parallel answers into blocks; at most one text-like block of it is open at a time. */
export class Choice {
  readonly #number: number;
  readonly #blocks: BlockWriter;
  readonly #setting: ChoiceSetting;
  readonly #calls: Calls;
  #current: { readonly kind: Kind; readonly block: OpenBlock } | undefined;
  /** Opaque parts of reasoning that wait for the end of their block. */
  #sealed: JsonObject[] = [];
  #wrote = false;
  #raw: string | undefined;
  #stopSequence: string | undefined;

  constructor(number: number, blocks: BlockWriter, setting: ChoiceSetting) {
    this.#number = number;
    this.#blocks = blocks;
    this.#setting = setting;
    this.#calls = new Calls({
      blocks,
      mint: setting.mint,
      ids: setting.ids,
      choice: number,
      makeRoom: () => this.#endCurrent(),
    });
  }

  get finished(): boolean {
    return this.#raw !== undefined;
  }

  /** Whether nothing was written yet. */
  get blank(): boolean {
    return !this.#wrote && this.#calls.count === 0;
  }

  get nameless(): boolean {
    return this.#calls.nameless;
  }

  /** Whether an end without `finish_reason` may count as one: every call is whole (UP-08). */
  complete(bare: boolean): boolean {
    return this.finished || this.#calls.complete(bare);
  }

  /** Takes a `delta`, or a whole `message`, and the `logprobs` beside it. */
  delta(delta: JsonObject, logprobs: JsonObject | undefined): void {
    const reasoning = readReasoning(delta);
    if (reasoning !== undefined) this.#reason(reasoning);
    const content = delta['content'];
    const tokens = tokensOf(logprobs, 'content');
    if (typeof content === 'string') this.text('text', content, tokens);
    else for (const [kind, text] of partTexts(content)) this.text(kind, text, undefined);
    const refusal = delta['refusal'];
    if (typeof refusal === 'string') this.text('refusal', refusal, tokensOf(logprobs, 'refusal'));
    const audio = asObject(delta['audio']);
    if (audio !== undefined) this.#audio(audio);
    for (const annotation of asArray(delta['annotations']) ?? [])
      this.#blocks.annotation(this.#open('text'), readAnnotation(annotation));
    this.#toolCalls(delta);
  }

  /** Adds the sources of the text that was written last. */
  cite(citations: readonly Annotation[]): void {
    if (this.#current?.kind !== 'text') return;
    for (const citation of citations) this.#blocks.annotation(this.#current.block, citation);
  }

  /** Takes a `finish_reason`: the first one counts, later ones only end what was written since (FM-47). */
  finish(raw: string, stopReason: string | undefined): void {
    if (this.#raw === undefined) {
      this.#raw = raw;
      if (stopReason !== undefined && this.#setting.stops.includes(stopReason)) this.#stopSequence = stopReason;
    }
    this.close();
  }

  /** Ends every open block. */
  close(): void {
    if (this.#sealed.length > 0 && this.#current?.kind !== 'reasoning') this.#open('reasoning');
    this.#endCurrent();
    this.#calls.close(this.#raw !== undefined && FINISH.get(this.#raw) === 'length');
  }

  /** How the choice ended by the rules of §1.3; `full` = the answer is as long as the request allowed. */
  end(full: boolean): ChoiceEnd {
    const raw = this.#raw;
    const called = this.#calls.count > 0;
    if (raw === undefined) return { reason: called ? 'tool-calls' : 'stop' };
    return {
      reason: this.#reason13(FINISH.get(raw) ?? 'other', called, full),
      raw,
      ...(this.#stopSequence !== undefined && { stopSequence: this.#stopSequence }),
    };
  }

  #reason13(reason: FinishReason, called: boolean, full: boolean): FinishReason {
    if (reason === 'stop' && called && !this.#setting.stopStands && this.#calls.complete(true)) return 'tool-calls';
    if (reason === 'stop' && this.#stopSequence !== undefined) return 'stop-sequence';
    // FM-19: servers exist that say `tool_calls` although the token limit cut the call.
    if (reason === 'tool-calls' && full && !this.#calls.complete(true)) return 'length';
    return reason;
  }

  #reason(reasoning: ReasoningDetails): void {
    if (reasoning.text !== '') this.text('reasoning', reasoning.text, undefined);
    this.#sealed.push(...reasoning.sealed);
  }

  /** Takes the next piece of a text. */
  text(kind: TextKind, text: string, logprobs: readonly TokenLogprob[] | undefined): void {
    if (text === '' && logprobs === undefined) return;
    this.#blocks.text(this.#open(kind), text, logprobs);
  }

  #audio(audio: JsonObject): void {
    const data = asString(audio['data']) ?? '';
    const transcript = asString(audio['transcript']) ?? '';
    if (data === '' && transcript === '') return;
    const block = this.#open('audio', asString(audio['id']));
    if (transcript !== '') this.#blocks.text(block, transcript);
    if (data !== '') this.#blocks.audio(block, data);
  }

  #toolCalls(delta: JsonObject): void {
    const entries = (asArray(delta['tool_calls']) ?? []).map(asObject);
    const legacy = asObject(delta['function_call']);
    if (legacy !== undefined) entries.push({ index: -1, function: legacy });
    entries.forEach((entry, position) => {
      if (entry !== undefined) this.#calls.push(entry, position);
    });
  }

  #open(kind: Kind, itemId?: string): OpenBlock {
    if (this.#current?.kind === kind) return this.#current.block;
    this.#endCurrent();
    this.#calls.settle();
    this.#wrote = true;
    const place = {
      ...(itemId !== undefined && itemId !== '' && { itemId }),
      ...(this.#number > 0 && { choice: this.#number }),
    };
    const format = this.#setting.audioFormat;
    const block = this.#blocks.open(
      kind === 'audio'
        ? { type: 'media', media: 'audio', ...(format !== undefined && { format }), ...place }
        : { type: kind, ...place },
    );
    this.#current = { kind, block };
    return block;
  }

  #endCurrent(): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    this.#blocks.end(current.block, current.kind === 'reasoning' ? this.#seal() : undefined);
  }

  #seal(): Seal | undefined {
    if (this.#sealed.length === 0) return undefined;
    const data = JSON.stringify(this.#sealed);
    this.#sealed = [];
    return { protocol: 'openai-chat', data };
  }
}

function tokensOf(logprobs: JsonObject | undefined, key: 'content' | 'refusal'): readonly TokenLogprob[] | undefined {
  const tokens = asArray(logprobs?.[key]);
  return tokens === undefined || tokens.length === 0 ? undefined : tokens;
}
