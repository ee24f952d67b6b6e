import type { OutgoingHttpHeaders } from 'node:http';

/** Timers of the client's side, in milliseconds. */
export interface ClientTimers {
  readonly keepAlive: number;
  readonly writeStall: number;
}

/** What the owner of a {@link ClientSide} is told. */
export interface ClientEvents {
  /** The client takes bytes again. */
  drained(): void;
  /** The client left, or stalled for too long, before the answer was whole. */
  gone(): void;
}

/** The client's side of one answer, however it is connected. */
export interface ClientSide {
  /** Whether something of the answer was sent. */
  readonly opened: boolean;
  /** Whether the answer is over, whichever side ended it. */
  readonly over: boolean;
  /** The HTTP status that the client has, or that its answer amounts to. */
  readonly status: number;
  /** Begins a stream; `sign` is what may be written between its events to show that it lives. */
  open(status: number, headers: OutgoingHttpHeaders, sign: string | undefined): void;
  /** Adds a sign of life, where one is allowed. */
  signOfLife(): void;
  /** Takes whole events or raw bytes; nothing is sent before {@link flush}. `ascii`: it is known that the text is nothing else. */
  write(chunk: string | Uint8Array, ascii?: boolean): void;
  /** Takes bytes as they came, given as a text with one character per byte: that is how they were looked at, and another copy costs as much. */
  pass(bytes: string): void;
  /** Forgets what was taken and not sent: another attempt begins. */
  discard(): void;
  /** Sends everything taken so far at once; false while the client is slow. */
  flush(): boolean;
  /** Sends an answer in one piece. */
  whole(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void;
  /** Ends the stream; nothing follows. */
  end(): void;
  /** Breaks the stream, so that it fails instead of ending. */
  abort(): void;
}

/** Whoever made a call, as far as answers go. */
export interface Client {
  /** Its side of the answer to the call; asked for once. */
  side(timers: ClientTimers, events: ClientEvents): ClientSide;
  /** Sends an error instead of an answer; false when nobody can be told any more. */
  refuse(status: number, headers: OutgoingHttpHeaders, body: string): boolean;
}
