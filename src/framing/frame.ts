/** One message of a stream, as its framing delivers it. */
export interface Frame {
  /** The name on the `event:` line, where the framing has one. */
  readonly event?: string;
  /** The payload text, several `data:` lines joined by `\n`. */
  readonly data: string;
}
