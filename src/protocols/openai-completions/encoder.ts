import { DONE_FRAME, dataFrame, jsonText, lineSafe } from '../../framing/sse-writer.ts';
import type { Encoder, Reply, Write } from '../codec.ts';
import { openAiError } from '../openai-error.ts';
import type { TokenLogprob } from '../../model/block.ts';
import type { Event, FinishReason } from '../../model/event.ts';
import { asObject } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Usage } from '../../model/usage.ts';
import { writeLogprobs } from './logprobs.ts';
import { FINISH_WORD, hiddenStop, usageWords, wantsUsage } from './words.ts';

// How a choice ends that is not finished and has no log-probabilities, as nearly all are.
const OPEN = '"logprobs":null,"finish_reason":null}';

interface Spoken {
  readonly choice: number;
  readonly refusal: boolean;
}

/** Writes the stream of a completions client: `text_completion` chunks, then `[DONE]` (LC-01). */
export class CompletionsEncoder implements Encoder {
  readonly #write: Write;
  readonly #usageAsked: boolean;
  readonly #head: string;
  readonly #tail: string;
  /** Choice and kind of each block; undefined when the format cannot express the block. */
  readonly #blocks: (Spoken | undefined)[] = [];
  /** Characters written per choice, which place log-probabilities. */
  readonly #lengths: number[] = [];
  #extras: JsonObject | undefined;
  #usage: Usage | undefined;
  #lost = 0;

  constructor(write: Write, reply: Reply) {
    this.#write = write;
    this.#usageAsked = wantsUsage(reply.body['stream_options']);
    const constants = { id: `cmpl-${reply.id}`, object: 'text_completion', created: reply.created, model: reply.model };
    this.#head = lineSafe(JSON.stringify(constants).slice(0, -1));
    this.#tail = this.#usageAsked ? ',"usage":null}\n\n' : '}\n\n';
  }

  get lost(): number {
    return this.#lost;
  }

  push(event: Event): void {
    switch (event.type) {
      case 'text-delta':
        return this.#delta(event.index, event.text, event.logprobs);
      case 'start':
      case 'block-end':
        return;
      case 'block-start': {
        const { type, choice = 0 } = event.block;
        if (type === 'text' || type === 'refusal') this.#blocks[event.index] = { choice, refusal: type === 'refusal' };
        else this.#lost++;
        return;
      }
      case 'input-delta':
      case 'audio-delta':
      case 'vector':
      case 'annotation':
        this.#lost++;
        return;
      case 'native':
        if (event.native.protocol === 'openai-completions')
          this.#extras = { ...this.#extras, ...asObject(event.native.value) };
        else this.#lost++;
        return;
      case 'usage':
        this.#usage = event.usage;
        return;
      case 'finish':
        return this.#finish(event);
      case 'error':
        return this.#write(dataFrame(JSON.stringify({ error: openAiError(event.error) })));
      default:
        return event satisfies never;
    }
  }

  #delta(index: number, text: string, logprobs: readonly TokenLogprob[] | undefined): void {
    const block = this.#blocks[index];
    if (block === undefined) {
      this.#lost++;
      return;
    }
    if (text === '' && logprobs === undefined) return;
    const json = jsonText(text);
    if (block.refusal)
      return this.#chunk(`{"text":"","index":${block.choice},"refusal":${json},${OPEN}`, this.#takeExtras());
    const before = this.#lengths[block.choice] ?? 0;
    this.#lengths[block.choice] = before + text.length;
    if (logprobs === undefined)
      return this.#chunk(`{"text":${json},"index":${block.choice},${OPEN}`, this.#takeExtras());
    const written = lineSafe(JSON.stringify(writeLogprobs(logprobs, before)));
    this.#chunk(
      `{"text":${json},"index":${block.choice},"logprobs":${written},"finish_reason":null}`,
      this.#takeExtras(),
    );
  }

  #chunk(choice: string, extras: string): void {
    this.#write(`data: ${this.#head},"choices":[${choice}]${extras}${this.#tail}`);
  }

  // Keys that only this format knows ride on the next chunk: a chunk of their own would have no choice in it (CC-07).
  #takeExtras(): string {
    if (this.#extras === undefined) return '';
    const json = JSON.stringify(this.#extras);
    this.#extras = undefined;
    return json === '{}' ? '' : `,${lineSafe(json.slice(1, -1))}`;
  }

  #finish(event: Extract<Event, { type: 'finish' }>): void {
    this.#finishChunk(0, event.reason, event.raw, event.stopSequence);
    for (const other of event.others ?? []) this.#finishChunk(other.choice, other.reason, other.raw, undefined);
    if (this.#usageAsked && this.#usage !== undefined) {
      const usage = lineSafe(JSON.stringify(usageWords(this.#usage)));
      this.#write(`data: ${this.#head},"choices":[],"usage":${usage}}\n\n`);
    }
    this.#write(DONE_FRAME);
  }

  #finishChunk(index: number, reason: FinishReason, raw: string | undefined, stopSequence: string | undefined): void {
    const finish = { text: '', index, logprobs: null, finish_reason: FINISH_WORD[reason] };
    const stop = hiddenStop(reason, raw);
    if (stop !== undefined) this.#extras = { ...this.#extras, x_gateway: { stop } };
    const choice = JSON.stringify(stopSequence === undefined ? finish : { ...finish, stop_reason: stopSequence });
    this.#chunk(lineSafe(choice), this.#takeExtras());
  }
}
