/** One answer as a client may compare it with another: without what differs from call to call. */
export interface Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without chunks, a character for each byte; of a connection that was upgraded, all that came. */
  readonly body: string;
  /** False where the connection broke before the end. */
  readonly whole: boolean;
}

const OWN = new Set(['date', 'x-request-id', 'streamweir-request-id']);
const IDS = /\b(req|resp|msg)_[a-z0-9]{24}|"(created|completed)_at":\d+/g;

/** Reads the answers on a connection, in order; the last, when the connection has ended, also where it is not whole. */
export function readAnswers(seen: string, closed: boolean): readonly Answer[] {
  const answers: Answer[] = [];
  for (let at = 0; at < seen.length;) {
    const one = readAnswer(seen, at, closed);
    if (one === undefined) {
      if (closed) answers.push({ status: 0, headers: {}, body: seen.slice(at), whole: false });
      break;
    }
    answers.push(one.answer);
    at = one.end;
  }
  return answers;
}

interface Body {
  readonly text: string;
  /** Where it ends. */
  readonly end: number;
}

function readAnswer(seen: string, at: number, closed: boolean): { answer: Answer; end: number } | undefined {
  const headEnd = seen.indexOf('\r\n\r\n', at);
  const [first = '', ...lines] = seen.slice(at, Math.max(at, headEnd)).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
  if (headEnd < 0 || Number.isNaN(status)) return undefined;
  const headers = headersOf(lines);
  const body = readBody(seen, headEnd + 4, status === 100 ? { 'content-length': '0' } : headers, closed);
  if (body === undefined) return undefined;
  const text = body.text.replaceAll(IDS, '$1$2');
  return { answer: { status, headers, body: text, whole: true }, end: body.end };
}

function headersOf(lines: readonly string[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+): (.*)$/.exec(line) ?? [];
    const key = name.toLowerCase();
    // One that came twice is seen as two.
    headers[key] = (key in headers ? `${headers[key]} | ` : '') + (OWN.has(key) ? 'its own' : value);
  }
  return headers;
}

function readBody(
  seen: string,
  from: number,
  headers: Readonly<Record<string, string>>,
  closed: boolean,
): Body | undefined {
  if (headers['transfer-encoding'] === 'chunked') return readChunks(seen, from);
  const length = headers['content-length'];
  if (length === undefined) return closed ? { text: seen.slice(from), end: seen.length } : undefined;
  const end = from + Number(length);
  return end <= seen.length ? { text: seen.slice(from, end), end } : undefined;
}

function readChunks(seen: string, from: number): Body | undefined {
  let text = '';
  for (let at = from; ;) {
    const lineEnd = seen.indexOf('\r\n', at);
    const size = Number.parseInt(seen.slice(at, Math.max(at, lineEnd)), 16);
    const next = lineEnd + 2 + size;
    if (lineEnd < 0 || Number.isNaN(size) || seen.slice(next, next + 2) !== '\r\n') return undefined;
    if (size === 0) return { text, end: next + 2 };
    text += seen.slice(lineEnd + 2, next);
    at = next + 2;
  }
}
