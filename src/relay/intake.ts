import { AWS_STREAM, AwsReader, beginsAwsStream } from '../framing/aws-reader.ts';
import { SseReader } from '../framing/sse-reader.ts';
import type { Frame, FrameReader } from '../framing/frame.ts';
import type { Decoder, DecoderPhase } from '../protocols/codec.ts';
import type { GatewayError } from '../model/errors.ts';
import type { Answer } from './answer.ts';
import { Passing } from './passing.ts';
import { Skimming } from './skimming.ts';
import type { Watch } from './watch.ts';
import type { Gear } from '../model/record.ts';

/** Sizes that bound what one upstream answer may cost, in bytes. */
export interface IntakeLimits {
  readonly event: number;
  readonly whole: number;
  readonly total: number;
}

/** The shape of a body, which its first bytes decide; the content type is only a hint (UP-06). `binary` are events in binary framing. */
export type BodyShape = 'events' | 'binary' | 'json' | 'html' | 'raw';

// U+FEFF in UTF-8, one character per byte.
const BOM = '\u00ef\u00bb\u00bf';
const MARKUP = /^<(?:!doctype|html|head|body|\?xml|!--)/i;

/**
 * Tells the shape of a body from its first bytes.
 * @returns undefined while too little has come to tell
 */
export function shapeOf(head: Uint8Array, contentType: string): BodyShape | undefined {
  if (contentType.startsWith('audio/') || contentType === 'application/octet-stream') return 'raw';
  const binary = beginsAwsStream(head);
  if (binary !== false) return binary === true ? 'binary' : undefined;
  const start = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 64)).toString('latin1');
  const text = (start.startsWith(BOM) ? start.slice(BOM.length) : start).trimStart();
  if (text === '' || BOM.startsWith(text)) return undefined;
  if (text.startsWith('{') || text.startsWith('[')) return 'json';
  if (/^(?:data|event|id|retry)?:/.test(text)) return 'events';
  if (text.startsWith('<')) return text.length >= 9 ? (MARKUP.test(text) ? 'html' : 'raw') : undefined;
  if (text.length < 6 && /^(?:d|e|i|r)/.test(text)) return undefined;
  return shapeByName(contentType);
}

function shapeByName(contentType: string): 'events' | 'binary' | 'raw' {
  if (contentType.startsWith(AWS_STREAM)) return 'binary';
  return contentType.includes('event-stream') ? 'events' : 'raw';
}

/** What an {@link Intake} is made of. */
export interface IntakeParts {
  readonly decoder: Decoder;
  readonly answer: Answer;
  readonly watch: Watch;
  readonly limits: IntakeLimits;
  readonly contentType: string;
}

/** Reads one upstream body, whatever its shape, into a decoder, or lets it pass. */
export class Intake {
  readonly #parts: IntakeParts;
  #reader: FrameReader;
  readonly #passing: Passing | undefined;
  #skimming: Skimming | undefined;
  #shape: Exclude<BodyShape, 'binary'> | undefined;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #bytes = 0;
  #comments = 0;
  #raw = false;
  #passed = false;
  /** Whether the body was given up: what still comes is not worth reading. */
  broken = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    const { decoder, answer, watch, limits } = parts;
    const reader = new SseReader((frame) => this.#frame(frame), { eventBytes: limits.event });
    this.#reader = reader;
    if (!answer.passes && decoder.text !== undefined) this.#skimming = new Skimming(reader, decoder);
    if (answer.passes)
      this.#passing = new Passing({
        decoder,
        answer,
        read: (bytes) => this.#reader.push(bytes),
        alive: () => watch.event(),
      });
  }

  /** The way the answer takes. */
  get gear(): Gear {
    if (this.#shape === 'events') return this.#passing?.gear ?? 'events';
    return this.#raw || this.#passed ? 'bytes' : 'events';
  }

  /** How far the answer has come. */
  get phase(): DecoderPhase {
    return this.#parts.decoder.phase;
  }

  /** Takes what one read brought, which is kept by nobody. */
  push(chunk: Buffer): void {
    if (this.phase === 'closed') return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#parts.limits.total) {
      this.fail(tooMuch(`more than ${this.#parts.limits.total} bytes`));
      return;
    }
    if (this.#shape === undefined) {
      const head = this.#heldBytes === 0 ? chunk : Buffer.concat([...this.#held, chunk]);
      this.#takeShape(shapeOf(head, this.#parts.contentType));
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
    if (this.#shape === undefined && this.#heldBytes > 0) {
      // Too short to tell by itself: here the content type decides, for the beginning of an event stream is not an answer.
      this.#takeShape(shapeByName(this.#parts.contentType));
      if (this.#shape === 'events') this.#guard(() => this.#reader.push(Buffer.concat(this.#held)));
    }
    if (this.#shape === 'events')
      this.#guard(() => {
        this.#passing?.end();
        this.#reader.end();
      });
    else if (this.#heldBytes > 0) this.#whole();
    if (this.#passed) return;
    this.#parts.decoder.end();
    this.#parts.answer.closePassing();
  }

  /** The body broke off, or a deadline passed. */
  fail(error: GatewayError): void {
    this.broken = true;
    this.#parts.decoder.fail(error);
    // After a whole answer it was no failure but the end.
    this.#parts.answer.closePassing();
  }

  #takeShape(shape: BodyShape | undefined): void {
    if (shape !== 'binary') {
      this.#shape = shape;
      return;
    }
    this.#shape = 'events';
    this.#reader = new AwsReader((frame) => this.#frame(frame), { eventBytes: this.#parts.limits.event });
    // Its bytes are nothing that could be skimmed, or pass as they came.
    this.#skimming = undefined;
    this.#passing?.reframe();
  }

  #deliver(chunk: Buffer): void {
    switch (this.#shape) {
      case 'events':
        this.#cut(chunk);
        if ((this.#passing?.waiting ?? 0) > this.#parts.limits.event)
          this.fail(tooMuch(`one event of more than ${this.#parts.limits.event} bytes`));
        if (this.#reader.comments !== this.#comments) {
          this.#comments = this.#reader.comments;
          this.#parts.watch.alive();
        }
        return;
      case 'raw':
        if (this.#parts.decoder.bytes !== undefined) {
          this.#parts.watch.event();
          this.#takeRaw(chunk);
          return;
        }
        break;
      case 'html':
        this.fail({
          kind: 'bad_response',
          message: 'The upstream answered with a web page instead of an answer. Check base_url.',
        });
        return;
      default:
    }
    this.#hold(chunk);
  }

  // Raw bytes that the client asked for as they are pass; the decoder sees only the first of them, so that it knows what the end means.
  #takeRaw(chunk: Buffer): void {
    const { decoder, answer, contentType } = this.#parts;
    if (this.#raw) {
      answer.passText(chunk.toString('latin1'), 0);
      return;
    }
    this.#raw = answer.passesRaw;
    if (this.#raw) answer.rawType(contentType);
    decoder.bytes?.(chunk);
  }

  #hold(chunk: Buffer): void {
    this.#held.push(Buffer.from(chunk));
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > this.#parts.limits.whole)
      this.fail(tooMuch(`a body of more than ${this.#parts.limits.whole} bytes`));
  }

  #whole(): void {
    const bytes = this.#held.length === 1 && this.#held[0] !== undefined ? this.#held[0] : Buffer.concat(this.#held);
    this.#held = [];
    const { answer, decoder, watch } = this.#parts;
    const said = bytes.toString('utf8');
    const text = said.startsWith('\ufeff') ? said.slice(1) : said;
    watch.event();
    // The record is written while the body passes.
    this.#passed = true;
    this.#passed = answer.passWhole(bytes, text);
    if (this.#passed) return;
    // One body has nothing that could pass message by message: a streaming client gets it encoded.
    answer.encodeFromHere();
    decoder.whole(text);
  }

  #frame(frame: Frame): void {
    // A message that says nothing, a ping, is a sign of life; what it says is noted where the decoder's events arrive.
    this.#parts.watch.alive();
    if (this.#passing === undefined) this.#parts.decoder.push(frame);
    else this.#passing.frame(frame);
  }

  // As `guard`, without a closure for each read.
  #cut(chunk: Buffer): void {
    try {
      (this.#passing ?? this.#skimming ?? this.#reader).push(chunk);
    } catch (error) {
      this.#unreadable(error);
    }
  }

  #guard(read: () => void): void {
    try {
      read();
    } catch (error) {
      this.#unreadable(error);
    }
  }

  #unreadable(error: unknown): void {
    if (error instanceof Error && error.name === 'BrokenFrame') {
      this.fail({ kind: 'bad_response', message: `The upstream's answer cannot be read further: ${error.message}` });
      return;
    }
    if (!(error instanceof Error) || error.name !== 'FrameTooLarge') throw error;
    this.fail(tooMuch(`one event of more than ${this.#parts.limits.event} bytes`));
  }
}

function tooMuch(what: string): GatewayError {
  return { kind: 'bad_response', message: `The upstream sent ${what}, which is over the limit.` };
}
