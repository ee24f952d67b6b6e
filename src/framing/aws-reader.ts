import { exceptionFrame, fieldOf } from './aws-exception.ts';
import { crc32 } from './crc32.ts';
import type { Frame, FrameReader } from './frame.ts';
import { FrameTooLarge } from './sse-reader.ts';

/** Content type of the framing. */
export const AWS_STREAM = 'application/vnd.amazon.eventstream';

/** Two lengths and their checksum. */
const PRELUDE = 12;
const CHECKSUM = 4;
const NOTHING: Buffer = Buffer.alloc(0);
const KEPT = 65_536;

/** What came is not a message of this framing, or not as it was sent; the stream cannot be read further. */
export class BrokenFrame extends Error {
  constructor(what: string) {
    super(`A message of the stream ${what}.`);
    this.name = 'BrokenFrame';
  }
}

/** Sizes a reader keeps to. */
interface AwsLimits {
  /** Bytes of one message, headers and checksums included. */
  readonly eventBytes: number;
}

/** The headers that say what a message is; others are stepped over. */
type Headers = ReadonlyMap<string, string>;

/**
 * Cuts the bytes of an AWS event stream into frames, however the network cut them. Both checksums are verified before anything of a message is
 * given out, and a length that cannot be is refused with the twelve bytes that state it (FM-27). An event gives its name and its payload; one
 * that wraps another format's message in base64 gives that message; an exception gives an event `error` with an error object.
 * Memory: one message, if it did not come in one piece.
 */
export class AwsReader implements FrameReader {
  readonly #onFrame: (frame: Frame) => void;
  readonly #limit: number;
  /** The beginning of the message that has not come whole: `#held[0..#heldLength]`. */
  #held = NOTHING;
  #heldLength = 0;
  /** Length of that message, once its prelude has come. */
  #total = PRELUDE;
  /** The headers of the last message: all deltas have the same. */
  #headersText = '';
  #headers: Headers = new Map();
  #comments = 0;
  #truncated = false;

  constructor(onFrame: (frame: Frame) => void, limits: AwsLimits) {
    this.#onFrame = onFrame;
    this.#limit = limits.eventBytes;
  }

  /** How many messages came that say nothing: without payload, or of a kind that is not known. */
  get comments(): number {
    return this.#comments;
  }

  /** After {@link end}: the stream stopped inside a message, which was dropped. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /**
   * The next bytes of the body; they may be reused afterwards.
   * @throws FrameTooLarge when a message states that it exceeds the limit
   * @throws BrokenFrame when lengths, checksums or headers do not fit; after either, the reader is of no use
   */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    while (at < bytes.length) {
      const whole = this.#heldLength === 0 && bytes.length - at >= PRELUDE ? this.#lengthAt(bytes, at) : Infinity;
      if (bytes.length - at >= whole) {
        this.#message(bytes, at, whole);
        at += whole;
      } else at += this.#hold(bytes, at);
    }
  }

  /** The body ended. */
  end(): void {
    this.#truncated = this.#heldLength > 0;
    this.#held = NOTHING;
    this.#heldLength = 0;
  }

  /** Keeps what there is up to the end of the prelude, or of the message; returns how much that was. */
  #hold(bytes: Buffer, from: number): number {
    const length = Math.min(this.#total - this.#heldLength, bytes.length - from);
    const needed = this.#heldLength + length;
    if (needed > this.#held.length) {
      // What a message says of its length is believed only as it comes.
      const larger = Buffer.allocUnsafe(Math.max(256, needed, Math.min(this.#held.length * 2, this.#total)));
      this.#held.copy(larger, 0, 0, this.#heldLength);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#heldLength, from, from + length);
    this.#heldLength = needed;
    if (needed === PRELUDE) this.#total = this.#lengthAt(this.#held, 0);
    if (needed === this.#total) {
      this.#message(this.#held, 0, needed);
      this.#heldLength = 0;
      this.#total = PRELUDE;
      if (this.#held.length > KEPT) this.#held = NOTHING;
    }
    return length;
  }

  /** The length of the message that begins here, if its prelude is sound. */
  #lengthAt(bytes: Buffer, at: number): number {
    if (crc32(bytes, at, at + 8) !== bytes.readUInt32BE(at + 8)) throw new BrokenFrame('states its length wrongly');
    const total = bytes.readUInt32BE(at);
    if (total > this.#limit) throw new FrameTooLarge(this.#limit);
    if (bytes.readUInt32BE(at + 4) > total - PRELUDE - CHECKSUM) throw new BrokenFrame('states lengths that cannot be');
    return total;
  }

  #message(bytes: Buffer, at: number, total: number): void {
    const stop = at + total - CHECKSUM;
    if (crc32(bytes, at, stop) !== bytes.readUInt32BE(stop)) throw new BrokenFrame('was damaged on its way');
    const payloadAt = at + PRELUDE + bytes.readUInt32BE(at + 4);
    const text = bytes.toString('latin1', at + PRELUDE, payloadAt);
    if (text !== this.#headersText) {
      this.#headers = readHeaders(bytes.subarray(at + PRELUDE, payloadAt));
      this.#headersText = text;
    }
    const frame = frameOf(this.#headers, bytes.toString('utf8', payloadAt, stop));
    if (frame === undefined) this.#comments += 1;
    else this.#onFrame(frame);
  }
}

/** Whether bytes begin such a stream, which their checksum tells; undefined while too few have come to tell. */
export function beginsAwsStream(head: Uint8Array): boolean | undefined {
  // A message of 16 MiB or more is over every limit, so the first byte of its length is zero.
  if (head[0] !== 0) return false;
  if (head.length < PRELUDE) return undefined;
  const bytes = Buffer.from(head.buffer, head.byteOffset, PRELUDE);
  return crc32(bytes, 0, 8) === bytes.readUInt32BE(8);
}

/** Bytes of a header's value by the number of its type; strings and byte arrays say their own length. */
const SIZES: readonly (number | undefined)[] = [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16];
const STRING = 7;

function readHeaders(bytes: Buffer): Headers {
  const headers = new Map<string, string>();
  let at = 0;
  const take = (length: number): number => {
    const from = at;
    at += length;
    if (at > bytes.length) throw new BrokenFrame('has headers that do not end');
    return from;
  };
  while (at < bytes.length) {
    const name = bytes.readUInt8(take(1));
    const nameAt = take(name);
    const type = bytes.readUInt8(take(1));
    if (type >= SIZES.length) throw new BrokenFrame('has a header of an unknown type');
    const length = SIZES[type] ?? bytes.readUInt16BE(take(2));
    const valueAt = take(length);
    if (type === STRING)
      headers.set(bytes.toString('utf8', nameAt, nameAt + name), bytes.toString('utf8', valueAt, valueAt + length));
  }
  return headers;
}

function frameOf(headers: Headers, payload: string): Frame | undefined {
  switch (headers.get(':message-type') ?? 'event') {
    case 'event': {
      const event = headers.get(':event-type') ?? '';
      if (payload === '') return undefined;
      return (
        (event === 'chunk' ? wrapped(payload) : undefined) ??
        (event === '' ? { data: payload } : { event, data: payload })
      );
    }
    case 'exception':
      return exceptionFrame(headers.get(':exception-type') ?? '', payload);
    case 'error':
      return exceptionFrame(headers.get(':error-code') ?? '', payload, headers.get(':error-message'));
    default:
      return undefined;
  }
}

const TYPE_FIRST = /^\s*\{\s*"type"\s*:\s*"([^"\\]*)"/;

/** The message of another format that a `chunk` carries in base64, under the name that its `type` gives. */
function wrapped(payload: string): Frame | undefined {
  try {
    const bytes = fieldOf(JSON.parse(payload), 'bytes');
    if (typeof bytes !== 'string') return undefined;
    const data = Buffer.from(bytes, 'base64').toString('utf8');
    const event = TYPE_FIRST.exec(data)?.[1] ?? fieldOf(JSON.parse(data), 'type');
    return typeof event === 'string' ? { event, data } : { data };
  } catch {
    return undefined;
  }
}
