const CRLF: Buffer = Buffer.from('\r\n');
const HEAD_END: Buffer = Buffer.from('\r\n\r\n');
const NOTHING: Buffer = Buffer.alloc(0);
const HEAD_LIMIT = 8192;
const BOUNDARY_LIMIT = 70;

/** The body is no well-formed form; the message says what is wrong, in words for its sender. */
export class MalformedForm extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedForm';
  }
}

/** What the header lines of a part say. */
export interface PartHead {
  readonly name: string;
  /** As sent; escapes of the browser kind (`%22`) stay. */
  readonly filename?: string;
  /** With its parameters, as sent. */
  readonly contentType?: string;
}

/** Takes what a form holds, in order: per part one `begin`, any number of `data`, one `end`. */
export interface PartSink {
  begin(head: PartHead): void;
  /** A piece of the part; a view into the pushed chunk wherever possible. */
  data(bytes: Uint8Array): void;
  end(): void;
}

/**
 * Cuts the bytes of a `multipart/form-data` body into parts, however the network cut them. Holds back at most one boundary
 * or one part's header lines (8 KB); the search for boundaries is native.
 */
export class MultipartReader {
  readonly #sink: PartSink;
  readonly #delimiter: Buffer;
  /** Bytes that cannot be judged yet. The body counts as preceded by a line end, so that the first boundary is like the others. */
  #rest: Buffer = CRLF;
  #state: 'preamble' | 'boundary' | 'head' | 'body' | 'epilogue' = 'preamble';

  /** @throws MalformedForm when the boundary is empty or longer than 70 characters. */
  constructor(boundary: string, sink: PartSink) {
    if (boundary.length > BOUNDARY_LIMIT)
      throw new MalformedForm(`The multipart boundary is longer than ${BOUNDARY_LIMIT} characters.`);
    if (boundary === '') throw new MalformedForm('The multipart boundary is empty.');
    this.#sink = sink;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  /**
   * The next bytes of the body.
   * @throws MalformedForm when they cannot belong to a form.
   */
  push(chunk: Uint8Array): void {
    let bytes: Buffer | undefined = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#rest.length > 0) bytes = Buffer.concat([this.#rest, bytes]);
    this.#rest = NOTHING;
    while (bytes !== undefined) bytes = this.#step(bytes);
  }

  /**
   * The body ended.
   * @throws MalformedForm when the closing boundary has not come.
   */
  end(): void {
    if (this.#state === 'preamble')
      throw new MalformedForm('The body holds no part that begins with the boundary of its content type.');
    if (this.#state !== 'epilogue') throw new MalformedForm('The form stops before its closing boundary.');
  }

  /** Takes what can be judged and gives the bytes after it; undefined when the next chunk is needed. */
  #step(bytes: Buffer): Buffer | undefined {
    switch (this.#state) {
      case 'preamble':
      case 'body':
        return this.#content(bytes);
      case 'boundary':
        return this.#afterBoundary(bytes);
      case 'head':
        return this.#head(bytes);
      case 'epilogue':
        return undefined;
    }
  }

  #content(bytes: Buffer): Buffer | undefined {
    const found = bytes.indexOf(this.#delimiter);
    const stop = found === -1 ? this.#undecided(bytes) : found;
    if (this.#state === 'body' && stop > 0) this.#sink.data(bytes.subarray(0, stop));
    if (found === -1) return this.#wait(bytes.subarray(stop));
    if (this.#state === 'body') this.#sink.end();
    this.#state = 'boundary';
    return bytes.subarray(found + this.#delimiter.length);
  }

  /** Where the bytes at the end begin that may be the beginning of a delimiter; a delimiter's only carriage return is its first byte. */
  #undecided(bytes: Buffer): number {
    const at = bytes.lastIndexOf(CRLF[0] ?? 0);
    const tail = at === -1 ? NOTHING : bytes.subarray(at);
    return tail.length > 0 && this.#delimiter.subarray(0, tail.length).equals(tail) ? at : bytes.length;
  }

  #afterBoundary(bytes: Buffer): Buffer | undefined {
    let at = 0;
    while (bytes[at] === 0x20 || bytes[at] === 0x09) at += 1;
    const next = bytes.toString('latin1', at, at + 2);
    if (next === '--' && at === 0) this.#state = 'epilogue';
    else if (next === '\r\n') this.#state = 'head';
    else if (next.length === 2 || at > BOUNDARY_LIMIT)
      throw new MalformedForm('A line of the form begins with the boundary but goes on after it.');
    else return this.#wait(bytes);
    // The line end stays: with it, the end of the head is found also where there are no header lines.
    return bytes.subarray(at);
  }

  #head(bytes: Buffer): Buffer | undefined {
    const stop = bytes.indexOf(HEAD_END);
    if ((stop === -1 ? bytes.length : stop) > HEAD_LIMIT)
      throw new MalformedForm(`The header lines of a part are longer than ${HEAD_LIMIT} bytes.`);
    if (stop === -1) return this.#wait(bytes);
    this.#sink.begin(readHead(bytes.toString('utf8', CRLF.length, stop)));
    this.#state = 'body';
    return bytes.subarray(stop + HEAD_END.length);
  }

  #wait(rest: Buffer): undefined {
    this.#rest = Buffer.from(rest);
  }
}

/** The boundary that a content type names, or undefined when it names none. */
export function formBoundary(contentType: string): string | undefined {
  return parameters(contentType).get('boundary');
}

function readHead(text: string): PartHead {
  const unfolded = text.replaceAll(/\r\n[ \t]+/g, ' ');
  const headers = new Map<string, string>();
  for (const line of unfolded.split('\r\n')) {
    if (/[\0\r\n]/.test(line)) throw new MalformedForm('A header line of a part holds a control character.');
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const disposition = parameters(headers.get('content-disposition') ?? '');
  const name = disposition.get('name');
  const filename = extended(disposition.get('filename*')) ?? disposition.get('filename');
  const contentType = headers.get('content-type');
  if (name === undefined) throw new MalformedForm('A part of the form has no name.');
  return { name, ...(filename !== undefined && { filename }), ...(contentType !== undefined && { contentType }) };
}

/** The parameters of a header value by lower-case name, unquoted; the first of several counts. */
function parameters(value: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', quoted, bare = ''] of value.matchAll(
    /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g,
  )) {
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, quoted?.replaceAll(/\\(["\\])/g, '$1') ?? bare);
  }
  return found;
}

/** A value in the form `UTF-8''caf%C3%A9`, which older HTTP libraries use for names that are not ASCII. */
function extended(value: string | undefined): string | undefined {
  const encoded = /^utf-8'[^']*'(.*)$/i.exec(value ?? '')?.[1];
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
