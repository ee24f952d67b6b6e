import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** One read of the client's socket. */
export interface NetworkRead {
  /** Milliseconds since the request was sent. */
  readonly at: number;
  readonly bytes: Buffer;
}

/** An answer as its bytes arrived. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; a repeated header is joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body without transfer encoding. */
  readonly body: Buffer;
  /** The pieces of the body as the sender wrote them: the HTTP chunks. */
  readonly chunks: readonly Buffer[];
  readonly reads: readonly NetworkRead[];
  /** `clean`: the body ended as HTTP has it; `aborted`: the connection broke before. */
  readonly end: 'clean' | 'aborted';
}

/** What to send. */
export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

// Milliseconds without a byte.
const SILENCE = 20_000;

/** An exchange over a socket of its own, with a view on every read. */
export class RawExchange {
  readonly done: Promise<RawAnswer>;
  readonly socket: Socket;
  readonly #reads: NetworkRead[] = [];
  readonly #waiting: {
    readonly text: string;
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  }[] = [];

  constructor(base: string, request: RawRequest) {
    const { hostname, port } = new URL(base);
    const body = Buffer.from(request.body ?? '');
    const headers = {
      host: `${hostname}:${port}`,
      connection: 'close',
      'content-length': String(body.length),
      ...request.headers,
    };
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.socket = connect(Number(port), hostname);
    this.socket.setNoDelay(true);
    // An exchange that hangs is seen as aborted, so that a test fails instead of waiting for its own end.
    this.socket.setTimeout(SILENCE, () => this.socket.destroy());
    const start = performance.now();
    this.socket.write(`${request.method ?? 'POST'} ${request.path} HTTP/1.1\r\n${head.join('')}\r\n`);
    this.socket.write(body);
    this.socket.on('data', (bytes) => {
      this.#reads.push({ at: performance.now() - start, bytes: Buffer.from(bytes) });
      this.#wake();
    });
    this.done = new Promise((resolve) => {
      this.socket.on('error', () => undefined);
      this.socket.on('close', () => {
        this.#wake();
        for (const { text, reject } of this.#waiting)
          reject(new Error(`the connection closed before ${JSON.stringify(text)} came`));
        resolve(parseAnswer(this.#reads));
      });
    });
  }

  /** What has arrived so far, as text, transfer encoding included. */
  get seen(): string {
    return Buffer.concat(this.#reads.map((read) => read.bytes)).toString();
  }

  /** Resolves as soon as the text has arrived; rejects when the connection closes without it. */
  async until(text: string): Promise<void> {
    if (this.seen.includes(text)) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject });
    });
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const { seen } = this;
    for (const waiting of this.#waiting.filter(({ text }) => seen.includes(text))) {
      waiting.resolve();
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
    }
  }
}

/** Sends a request and resolves with all that came back; never rejects. */
export function exchange(base: string, request: RawRequest): Promise<RawAnswer> {
  return new RawExchange(base, request).done;
}

/** Posts a JSON value. */
export function postJson(base: string, path: string, value: unknown): Promise<RawAnswer> {
  return exchange(base, { path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) });
}

function parseAnswer(reads: readonly NetworkRead[]): RawAnswer {
  const bytes = Buffer.concat(reads.map((read) => read.bytes));
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return { status: 0, headers: {}, body: Buffer.alloc(0), chunks: [], reads, end: 'aborted' };
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(statusLine.split(' ')[1]);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  const rest = bytes.subarray(headEnd + 4);
  const { chunks, whole } =
    headers['transfer-encoding'] === 'chunked' ? unchunk(rest) : unframed(rest, headers['content-length']);
  return { status, headers, body: Buffer.concat(chunks), chunks, reads, end: whole ? 'clean' : 'aborted' };
}

function unframed(rest: Buffer, length: string | undefined): { chunks: Buffer[]; whole: boolean } {
  return { chunks: [rest], whole: length === undefined || rest.length >= Number(length) };
}

function unchunk(rest: Buffer): { chunks: Buffer[]; whole: boolean } {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return { chunks, whole: false };
    const size = Number.parseInt(rest.toString('latin1', at, lineEnd), 16);
    // What is no chunk is no end either.
    if (Number.isNaN(size)) return { chunks, whole: false };
    if (size === 0) return { chunks, whole: rest.length >= lineEnd + 4 };
    const chunk = rest.subarray(lineEnd + 2, lineEnd + 2 + size);
    if (chunk.length > 0) chunks.push(chunk);
    at = lineEnd + 2 + size + 2;
    if (at > rest.length) return { chunks, whole: false };
  }
}
