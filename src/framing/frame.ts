/** One message of a stream, as its framing delivers it. */
export interface Frame {
  /** The name on the `event:` line, where the framing has one. */
  readonly event?: string;
  /** The payload text, several `data:` lines joined by `\n`. */
  readonly data: string;
}

/** Cuts the bytes of a body into frames, however the network cut them. */
export interface FrameReader {
  /** How many messages came that say nothing; each is a sign of life. */
  readonly comments: number;
  /** After {@link end}: the body stopped inside a message, which was dropped. */
  readonly truncated: boolean;
  /** The next bytes of the body; they may be reused afterwards. Throws when they cannot be read further. */
  push(chunk: Uint8Array): void;
  /** The body ended. */
  end(): void;
}
