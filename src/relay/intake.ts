import { StringDecoder } from 'node:string_decoder';
import { SseReader } from '../framing/sse-reader.ts';
import type { Frame } from '../framing/frame.ts';
import type { Decoder, DecoderPhase } from '../protocols/codec.ts';
import type { GatewayError } from '../model/errors.ts';
import type { Watch } from './watch.ts';

/** Sizes that bound what one upstream answer may cost, in bytes. */
export interface IntakeLimits {
  readonly event: number;
  readonly whole: number;
  readonly total: number;
}

/** The shape of a body, which its first bytes decide; the content type is only a hint (UP-06). */
export type BodyShape = 'events' | 'json' | 'html' | 'raw';

const MARKUP = /^<(?:!doctype|html|head|body|\?xml|!--)/i;

/**
 * Tells the shape of a body from its first bytes.
 * @returns undefined while too little has come to tell
 */
export function shapeOf(head: Uint8Array, contentType: string): BodyShape | undefined {
  if (contentType.startsWith('audio/') || contentType === 'application/octet-stream') return 'raw';
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 64)).toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '').trimStart();
  if (text === '') return undefined;
  if (text.startsWith('{') || text.startsWith('[')) return 'json';
  if (/^(?:data|event|id|retry)?:/.test(text)) return 'events';
  if (text.startsWith('<')) return text.length >= 9 ? (MARKUP.test(text) ? 'html' : 'raw') : undefined;
  if (text.length < 6 && /^(?:d|e|i|r)/.test(text)) return undefined;
  return contentType.includes('event-stream') ? 'events' : 'raw';
}

/** Reads one upstream body, whatever its shape, into a decoder. */
export class Intake {
  readonly #decoder: Decoder;
  readonly #watch: Watch;
  readonly #limits: IntakeLimits;
  readonly #contentType: string;
  readonly #reader: SseReader;
  #shape: BodyShape | undefined;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #bytes = 0;
  #comments = 0;

  constructor(decoder: Decoder, watch: Watch, limits: IntakeLimits, contentType: string) {
    this.#decoder = decoder;
    this.#watch = watch;
    this.#limits = limits;
    this.#contentType = contentType;
    this.#reader = new SseReader((frame) => this.#frame(frame), { eventBytes: limits.event });
  }

  /** How far the answer has come. */
  get phase(): DecoderPhase {
    return this.#decoder.phase;
  }

  /** Takes what one read brought. */
  push(chunk: Buffer): void {
    if (this.phase === 'closed') return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.total) {
      this.fail(tooMuch(`more than ${this.#limits.total} bytes`));
      return;
    }
    if (this.#shape === undefined) {
      const head = this.#heldBytes === 0 ? chunk : Buffer.concat([...this.#held, chunk]);
      this.#shape = shapeOf(head, this.#contentType);
      if (this.#shape !== undefined && this.#heldBytes > 0) {
        this.#held = [];
        this.#heldBytes = 0;
        this.#deliver(head);
        return;
      }
    }
    this.#deliver(chunk);
  }

  /** The body ended cleanly. */
  end(): void {
    if (this.phase === 'closed') return;
    if (this.#shape === undefined && this.#heldBytes > 0) this.#shape = 'raw';
    if (this.#shape === 'events') this.#guard(() => this.#reader.end());
    else if (this.#heldBytes > 0) this.#whole();
    this.#decoder.end();
  }

  /** The body broke off, or a deadline passed. */
  fail(error: GatewayError): void {
    this.#decoder.fail(error);
  }

  #deliver(chunk: Buffer): void {
    switch (this.#shape) {
      case 'events':
        this.#guard(() => this.#reader.push(chunk));
        if (this.#reader.comments !== this.#comments) {
          this.#comments = this.#reader.comments;
          this.#watch.alive();
        }
        return;
      case 'raw':
        if (this.#decoder.bytes !== undefined) {
          this.#watch.event();
          this.#decoder.bytes(chunk);
          return;
        }
        break;
      case 'html':
        this.fail({ kind: 'bad_response', message: 'The upstream answered with a web page instead of an answer. Check base_url.' });
        return;
      default:
    }
    this.#hold(chunk);
  }

  #hold(chunk: Buffer): void {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > this.#limits.whole) this.fail(tooMuch(`a body of more than ${this.#limits.whole} bytes`));
  }

  #whole(): void {
    const decoder = new StringDecoder('utf8');
    const text = decoder.write(Buffer.concat(this.#held)) + decoder.end();
    this.#watch.event();
    this.#decoder.whole(text.startsWith('\ufeff') ? text.slice(1) : text);
  }

  #frame(frame: Frame): void {
    this.#watch.event();
    this.#decoder.push(frame);
  }

  #guard(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'FrameTooLarge') throw error;
      this.fail(tooMuch(`one event of more than ${this.#limits.event} bytes`));
    }
  }
}

function tooMuch(what: string): GatewayError {
  return { kind: 'bad_response', message: `The upstream sent ${what}, which is over the limit.` };
}
