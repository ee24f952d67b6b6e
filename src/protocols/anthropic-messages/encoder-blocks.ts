import { CallWriter } from './encoder-calls.ts';
import { DELTA, Shown, TAIL, deltaFrame } from './encoder-frames.ts';
import type { BlockPlace, BlockWriter, InBlock } from './encoder-frames.ts';
import { thinkingBlock, writeCitation } from './seals.ts';
import { jsonText } from '../../framing/sse-writer.ts';
import type { Seal } from '../../model/block.ts';
import type { BlockHead } from '../../model/event.ts';
import { asString } from '../../model/json.ts';

/** The writer for a block, by what opens. */
export function writerFor(head: BlockHead, place: BlockPlace): BlockWriter {
  switch (head.type) {
    case 'text':
    case 'refusal':
      return new TextWriter(place);
    case 'reasoning':
    case 'reasoning-summary':
      return new ThinkingWriter(place);
    case 'tool-call':
      return new CallWriter(head, place);
    case 'media':
      // The sound or picture is lost; its words are not.
      place.lose();
      return new TextWriter(place);
    case 'vector':
      return { push: (event) => event.type === 'block-end' };
    default:
      return head satisfies never;
  }
}

class TextWriter implements BlockWriter {
  readonly #shown: Shown;
  #prefix = '';

  constructor(place: BlockPlace) {
    this.#shown = new Shown(place);
  }

  push(event: InBlock): boolean {
    const { place } = this.#shown;
    switch (event.type) {
      case 'text-delta':
        if (event.text !== '') this.#text(event.text);
        if (event.logprobs !== undefined) place.lose();
        return false;
      case 'annotation': {
        const citation = writeCitation(event.annotation);
        if (citation === undefined) place.lose();
        else place.write(this.#begin() + deltaFrame(this.#shown.number, { type: 'citations_delta', citation }));
        return false;
      }
      case 'block-end':
        if (event.seal !== undefined) place.lose();
        place.write(this.#shown.end());
        return true;
      case 'input-delta':
      case 'audio-delta':
      case 'vector':
        return false;
      default:
        return event satisfies never;
    }
  }

  #text(text: string): void {
    const start = this.#begin();
    this.#shown.place.write(`${start}${this.#prefix}${jsonText(text)}${TAIL}`);
  }

  #begin(): string {
    if (this.#prefix !== '') return '';
    this.#prefix = `${DELTA}${this.#shown.number},"delta":{"type":"text_delta","text":`;
    return this.#shown.begin({ type: 'text', text: '' });
  }
}

class ThinkingWriter implements BlockWriter {
  readonly #shown: Shown;
  #prefix = '';

  constructor(place: BlockPlace) {
    this.#shown = new Shown(place);
  }

  push(event: InBlock): boolean {
    if (event.type === 'text-delta' && event.text !== '') {
      const start = this.#begin();
      this.#shown.place.write(`${start}${this.#prefix}${jsonText(event.text)}${TAIL}`);
    }
    if (event.type !== 'block-end') return false;
    this.#shown.place.write(this.#end(event.seal));
    return true;
  }

  #begin(): string {
    if (this.#prefix !== '') return '';
    this.#prefix = `${DELTA}${this.#shown.number},"delta":{"type":"thinking_delta","thinking":`;
    return this.#shown.begin({ type: 'thinking', thinking: '', signature: '' });
  }

  #end(seal: Seal | undefined): string {
    if (seal === undefined) return this.#shown.end();
    // Which block it is depends on whether there is text, not on what it says.
    const block = thinkingBlock(this.#shown.begun ? '…' : '', seal);
    if (block['type'] === 'redacted_thinking') return this.#shown.begin(block) + this.#shown.end();
    if (this.#shown.begun && this.#shown.place.isSigned(this.#shown.number)) return this.#shown.end();
    const signature = asString(block['signature']) ?? '';
    const start = this.#begin();
    return start + deltaFrame(this.#shown.number, { type: 'signature_delta', signature }) + this.#shown.end();
  }
}
