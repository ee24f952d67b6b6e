import { Grounding } from './encoder-grounding.ts';
import { callPart, mediaPart, sealPart, textPart } from './encoder-parts.ts';
import { errorObject } from './errors.ts';
import { writeLogprobs } from './logprobs.ts';
import { usageMetadata } from './usage.ts';
import { finishWord } from './words.ts';
import { lineSafe } from '../../framing/sse-writer.ts';
import type { Seal, TokenLogprob } from '../../model/block.ts';
import type { BlockHead, ChoiceFinish, Event } from '../../model/event.ts';
import { asArray, asNumber, asObject } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Usage } from '../../model/usage.ts';
import type { Encoder, Reply, Write } from '../codec.ts';

type BlockEvent = Exclude<Extract<Event, { index: number }>, { type: 'block-start' }>;

/** One of the parallel answers. */
interface Choice {
  readonly number: number;
  readonly grounding: Grounding;
  /** What stands beside its content in its last message. */
  extras: JsonObject;
}

interface Block {
  readonly head: BlockHead;
  readonly choice: Choice;
  /** What was held back: the input of a call, or the pieces of a picture. */
  readonly pieces: string[];
  wrote: boolean;
}

/** Whether the client reads its stream as one JSON list. */
export function wantsList(reply: Reply): boolean {
  return reply.request.task === 'generation' && reply.request.framing === 'array';
}

/** Writes an answer as `GenerateContentResponse` messages: events without names and without a marker of the end, or one JSON list. */
export class GeminiEncoder implements Encoder {
  lost = 0;
  readonly #write: Write;
  readonly #list: boolean;
  readonly #identity: string;
  readonly #choices = new Map<number, Choice>();
  readonly #blocks: Block[] = [];
  /** What follows a candidate: `],"usageMetadata":…}`; made anew when the count changes. */
  #tail: string;
  #usage: Usage | undefined;
  #feedback: JsonObject = {};
  #begun = false;

  constructor(write: Write, reply: Reply) {
    this.#write = write;
    this.#list = wantsList(reply);
    const { identity } = reply;
    const modelVersion = identity?.model ?? reply.model;
    const responseId = identity === undefined || identity.id === '' ? reply.id : identity.id;
    this.#identity = lineSafe(JSON.stringify({ modelVersion, responseId })).slice(1);
    this.#tail = `],${this.#identity}`;
  }

  push(event: Event): void {
    switch (event.type) {
      case 'start':
        return;
      case 'native':
        this.#native(event.native.protocol === 'gemini' ? asObject(event.native.value) : undefined);
        return;
      case 'usage':
        this.#usage = event.usage;
        this.#tail = `],"usageMetadata":${JSON.stringify(usageMetadata(event.usage))},${this.#identity}`;
        return;
      case 'finish':
        this.#finish(event);
        return;
      case 'error':
        this.#write(this.#message(JSON.stringify({ error: errorObject(event.error) })) + (this.#list ? ']' : ''));
        return;
      case 'block-start':
        this.#open(event.index, event.block);
        return;
      default:
        this.#inBlock(event);
    }
  }

  #open(index: number, head: BlockHead): void {
    const choice = this.#choice(head.choice ?? 0);
    this.#blocks[index] = { head, choice, pieces: [], wrote: false };
    if (head.type === 'text') choice.grounding.block();
    if (head.type === 'vector') this.lost++;
  }

  #choice(number: number): Choice {
    let choice = this.#choices.get(number);
    if (choice === undefined) {
      choice = { number, grounding: new Grounding(), extras: {} };
      this.#choices.set(number, choice);
    }
    return choice;
  }

  #inBlock(event: BlockEvent): void {
    const block = this.#blocks[event.index];
    if (block === undefined) return;
    switch (event.type) {
      case 'text-delta':
        this.#text(block, event.text, event.logprobs);
        return;
      case 'input-delta':
        block.pieces.push(event.json);
        return;
      case 'audio-delta':
        // Pieces of a sound can be heard as they come; a picture is seen whole.
        if (block.head.type === 'media' && block.head.media === 'audio')
          this.#part(block.choice, mediaPart(block.head, [event.base64], undefined));
        else block.pieces.push(event.base64);
        return;
      case 'annotation':
        if (event.annotation.type === 'url') block.choice.grounding.add(event.annotation);
        else this.lost++;
        return;
      case 'vector':
        return;
      case 'block-end':
        this.#end(block, event.seal);
        return;
      default:
        return event satisfies never;
    }
  }

  #text(block: Block, text: string, logprobs: readonly TokenLogprob[] | undefined): void {
    const { head, choice } = block;
    if (head.type === 'media') {
      // The words of a sound have no place beside it.
      if (!block.wrote) this.lost++;
      block.wrote = true;
      return;
    }
    if (text === '' && logprobs === undefined) return;
    block.wrote = true;
    const thought = head.type === 'reasoning' || head.type === 'reasoning-summary';
    if (!thought) choice.grounding.text(text);
    const beside = logprobs === undefined ? '' : `,"logprobsResult":${JSON.stringify(writeLogprobs(logprobs))}`;
    this.#part(choice, textPart(text, thought), beside);
  }

  #end(block: Block, seal: Seal | undefined): void {
    const { head, choice, pieces } = block;
    if (head.type === 'tool-call') {
      const part = callPart(head, pieces.join(''), seal);
      if (part === undefined) this.lost++;
      else this.#part(choice, part);
    } else if (head.type === 'media' && pieces.length > 0) this.#part(choice, mediaPart(head, pieces, seal));
    else if (seal !== undefined) this.#part(choice, sealPart(seal, block.wrote && head.type !== 'text'));
  }

  /** A part of a message that only this format knows is written at once; what stands beside the content waits for its end. */
  #native(value: JsonObject | undefined): void {
    if (value === undefined) {
      this.lost++;
      return;
    }
    const { candidates, ...more } = value;
    this.#feedback = { ...this.#feedback, ...more };
    for (const item of asArray(candidates) ?? []) {
      const { content, index, ...extras } = asObject(item) ?? {};
      const choice = this.#choice(asNumber(index) ?? 0);
      choice.extras = { ...choice.extras, ...extras };
      for (const part of asArray(asObject(content)?.['parts']) ?? []) this.#part(choice, JSON.stringify(part));
    }
  }

  #part(choice: Choice, part: string, beside = ''): void {
    const { number } = choice;
    this.#write(
      this.#message(
        `{"candidates":[{"content":{"parts":[${part}],"role":"model"}${beside},"index":${number}}${this.#tail}`,
      ),
    );
  }

  #message(json: string): string {
    const text = lineSafe(json);
    if (!this.#list) return `data: ${text}\n\n`;
    const lead = this.#begun ? ',\n' : '[';
    this.#begun = true;
    return lead + text;
  }

  #finish(event: Extract<Event, { type: 'finish' }>): void {
    const blocked = isBlocked(this.#feedback) && this.#choices.size === 0;
    const ends: readonly ChoiceFinish[] = [{ ...event, choice: 0 }, ...(event.others ?? [])];
    const text = blocked ? this.#message(this.#blockedMessage()) : ends.map((end) => this.#endMessage(end)).join('');
    this.#write(text + (this.#list ? ']' : ''));
  }

  #blockedMessage(): string {
    const counted = this.#usage === undefined ? {} : { usageMetadata: usageMetadata(this.#usage) };
    return `${JSON.stringify({ ...this.#feedback, ...counted }).slice(0, -1)},${this.#identity}`;
  }

  #endMessage({ choice: number, reason, raw }: ChoiceFinish): string {
    const choice = this.#choice(number);
    const candidate: JsonObject = {
      // Clients take a message without any part for a fault.
      content: { parts: [{ text: '' }], role: 'model' },
      finishReason: finishWord(reason, raw),
      index: number,
      ...choice.grounding.metadata(),
      ...choice.extras,
    };
    const lead = Object.keys(this.#feedback).length === 0 ? '{' : `${JSON.stringify(this.#feedback).slice(0, -1)},`;
    return this.#message(`${lead}"candidates":[${JSON.stringify(candidate)}${this.#tail}`);
  }
}

/** Whether what stands beside the candidates says that the prompt was blocked. */
export function isBlocked(feedback: { readonly [key: string]: Json }): boolean {
  return (asObject(feedback['promptFeedback'])?.['blockReason'] ?? null) !== null;
}
