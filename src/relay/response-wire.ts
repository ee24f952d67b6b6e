import type { OutgoingHttpHeaders } from 'node:http';

/** How the characters of a text become bytes: `latin1` is one byte for each, and `ascii` says that it makes no difference. */
export type WireEncoding = 'ascii' | 'latin1' | 'utf8';

/** What is told of an HTTP response. */
export interface WireEvents {
  /** The client takes bytes again. */
  drained(): void;
  /** The response is over, whoever ended it; nothing follows. */
  closed(): void;
}

/** The HTTP response that an answer is written into. */
export interface ResponseWire {
  /** Whether a status was given. */
  readonly opened: boolean;
  /** Whether nobody is there any more. */
  readonly closed: boolean;
  /** The status that was given. */
  readonly status: number;
  /** Whether the client still has to take what was written; `drained` follows. */
  readonly slow: boolean;
  /** Names who is told; asked for once. @param writeStall milliseconds in which a client must take something, or it is cut off */
  listen(events: WireEvents, writeStall: number): void;
  /** Gives the head of a response whose body comes piece by piece; leaves with the first piece. */
  head(status: number, headers: OutgoingHttpHeaders): void;
  /** Sends the head by itself, if it has not left. */
  sendHead(): void;
  /** Sends a piece of the body. */
  write(text: string, encoding: WireEncoding): void;
  /** Ends the body, with its last piece, which may be empty. */
  end(text: string, encoding: WireEncoding): void;
  /** Sends a response in one piece; the headers are the wire's to change. */
  whole(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void;
  /** Breaks the response, and the connection with it. */
  destroy(): void;
}
