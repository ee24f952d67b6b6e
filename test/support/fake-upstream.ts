import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Peek } from './peek.ts';
import { bodyOf, headersOf } from './recordings.ts';
import type { Recording } from './recordings.ts';

/** A request as it reached the upstream. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly model: string | undefined;
  /** Resolves when the caller closed the connection before the answer ended. */
  readonly abandoned: Promise<void>;
}

/** The answering side of one exchange. */
export class UpstreamReply {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.on('error', () => undefined);
  }

  /** Sends status and headers at once. */
  head(status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.#response.writeHead(status, headers);
    this.#response.flushHeaders();
  }

  /** Sends bytes as one HTTP chunk; resolves when the socket took them. */
  write(bytes: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => {
      this.#response.write(bytes, () => {
        resolve();
      });
    });
  }

  /**
   * Sends bytes as HTTP chunks of `size` bytes. They are encoded here and given to the socket in one piece: the reader's HTTP parser
   * hands over each HTTP chunk by itself, so it meets every cut, at a hundredth of the cost of one packet per byte.
   */
  cut(bytes: Uint8Array, size: number): void {
    const { socket } = this.#response;
    if (socket === null || socket.destroyed) return;
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size);
      pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), Buffer.from(piece), Buffer.from('\r\n'));
    }
    socket.write(Buffer.concat(pieces));
  }

  /** Ends the body as HTTP has it. */
  end(bytes?: Uint8Array | string): void {
    this.#response.end(bytes);
  }

  /** Breaks the connection with a reset, in the middle of whatever was being sent. */
  reset(): void {
    this.#response.socket?.resetAndDestroy();
  }
}

/** How an upstream plays one exchange; a body that is never ended hangs. */
export type Play = (reply: UpstreamReply, request: Received) => void | Promise<void>;

/** Plays a whole body: status, headers, bytes in HTTP chunks of `size`, clean end. */
export function answering(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array | string,
  size = 4096,
): Play {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return (reply) => {
    reply.head(status, headers);
    reply.cut(bytes, size);
    reply.end();
  };
}

/** Plays an event stream. */
export function streaming(body: Uint8Array | string, size = 4096): Play {
  return answering(200, { 'content-type': 'text/event-stream; charset=utf-8' }, body, size);
}

/** Plays a recording with its own status and headers. */
export function replaying(recording: Recording, size: number): Play {
  return answering(recording.http_status, headersOf(recording), bodyOf(recording), size);
}

/** An upstream on a loopback port. What it answers is chosen by the model name of the request, so that exchanges may run side by side. */
export class FakeUpstream {
  readonly received: Received[] = [];
  readonly #server: Server;
  readonly #plays = new Map<string, Play>();

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  /** Listens on a free port. */
  static async start(): Promise<FakeUpstream> {
    const upstream = new FakeUpstream();
    await new Promise<void>((resolve) => {
      upstream.#server.listen(0, '127.0.0.1', resolve);
    });
    return upstream;
  }

  /** `http://127.0.0.1:port`, without a path. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Says how requests for a model are answered from now on. */
  on(model: string, play: Play): void {
    this.#plays.set(model, play);
  }

  /** The requests that came for a model. */
  for(model: string): readonly Received[] {
    return this.received.filter((request) => request.model === model);
  }

  /** Stops, breaking whatever is still open. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.socket?.setNoDelay(true);
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(piece as Buffer);
    } catch {
      return;
    }
    const body = Buffer.concat(pieces);
    const model = modelOf(request.url ?? '', request.headers, body);
    const abandoned = new Promise<void>((resolve) => {
      response.once('close', () => {
        if (!response.writableFinished) resolve();
      });
    });
    const received: Received = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body,
      model,
      abandoned,
    };
    this.received.push(received);
    const play = this.#plays.get(model ?? '') ?? answering(404, { 'content-type': 'application/json' }, NO_SCENARIO);
    await play(new UpstreamReply(response), received);
  }
}

const NO_SCENARIO = '{"error":{"message":"the test gave this upstream no scenario for the model","type":"test"}}';

// Some formats name the model in the path, and others in the body.
const MODEL_IN_PATH =
  /\/models?\/(.+?)(?::\w+(?:\?.*)?|\/(?:converse|converse-stream|invoke|invoke-with-response-stream))$/;

function modelOf(path: string, headers: IncomingHttpHeaders, body: Buffer): string | undefined {
  const named = MODEL_IN_PATH.exec(path)?.[1];
  if (named !== undefined) return named.split('/').map(decodeURIComponent).join('/');
  if (headers['content-type']?.startsWith('multipart/'))
    return /name="model"\r\n(?:[^\r]+\r\n)*\r\n([^\r]*)\r\n/.exec(body.toString('latin1'))?.[1];
  try {
    return Peek.parse(body.toString()).at('model').text;
  } catch {
    return undefined;
  }
}
