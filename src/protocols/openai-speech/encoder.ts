import { DONE_FRAME, dataFrame } from '../../framing/sse-writer.ts';
import type { Encoder, Reply, Write } from '../codec.ts';
import { openAiError } from '../openai-error.ts';
import type { GatewayError } from '../../model/errors.ts';
import type { Event } from '../../model/event.ts';
import { NO_USAGE } from '../../model/usage.ts';
import type { Usage } from '../../model/usage.ts';
import { usageWords } from './words.ts';

/** Writes a sound for a client: event frames with base64 pieces (SP-04), or the raw bytes (SP-02). */
export class SpeechEncoder implements Encoder {
  readonly #write: Write;
  readonly #raw: boolean;
  #usage: Usage = { ...NO_USAGE, estimated: true };
  #lost = 0;

  constructor(write: Write, reply: Reply) {
    this.#write = write;
    this.#raw = deliversRaw(reply);
  }

  get lost(): number {
    return this.#lost;
  }

  push(event: Event): void {
    switch (event.type) {
      case 'audio-delta':
        return this.#piece(event.base64);
      case 'start':
      case 'block-end':
        return;
      case 'block-start':
        if (event.block.type !== 'media') this.#lost++;
        return;
      case 'text-delta':
      case 'input-delta':
      case 'vector':
      case 'annotation':
      case 'native':
        this.#lost++;
        return;
      case 'usage':
        this.#usage = event.usage;
        return;
      case 'finish':
        return this.#finish();
      case 'error':
        return this.#error(event.error);
      default:
        return event satisfies never;
    }
  }

  #piece(base64: string): void {
    if (this.#raw) this.#write(Buffer.from(base64, 'base64'));
    // Nothing in base64 needs escaping.
    else this.#write(`data: {"type":"speech.audio.delta","audio":"${base64}"}\n\n`);
  }

  #finish(): void {
    if (this.#raw) return;
    this.#write(dataFrame(JSON.stringify({ type: 'speech.audio.done', usage: usageWords(this.#usage) })));
    this.#write(DONE_FRAME);
  }

  // A raw sound has no place for an error: the relay breaks the connection off, so that the client's transfer fails (SP-03).
  #error(error: GatewayError): void {
    if (!this.#raw) this.#write(dataFrame(JSON.stringify({ error: openAiError(error) })));
  }
}

/** Whether the client takes the sound as raw bytes. */
export function deliversRaw(reply: Pick<Reply, 'request'>): boolean {
  return reply.request.task !== 'speech' || reply.request.delivery === 'audio';
}
