import type { IncomingHttpHeaders } from 'node:http';
import { fieldValue } from '../framing/field-value.ts';

/** The head of a request that needs nothing but an answer. */
export interface LaneHead {
  /** Path and query. */
  readonly url: string;
  /** By lower-case name; none came twice. */
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the body. */
  readonly length: number;
  /** Whether the client wants the connection to end with the answer. */
  readonly closes: boolean;
}

// How every request begins that may take the lane.
const BEGINNING = 'POST /';
/** What ends a head. */
export const HEAD_END = '\r\n\r\n';

// One look at all of it; whatever else HTTP allows is for the other server to understand or to refuse.
const HEAD = /^POST (\/[!"$-~]*) HTTP\/1\.1(?:\r\n[\w!#$%&'*+.^`|~-]+:[\t\x20-\x7e\x80-\xff]*)+$/;
// Plain lines, and one that has not come to its end.
const BEGUN = /^(?:POST \/[!"$-~]* HTTP\/1\.1\r\n(?:[\w!#$%&'*+.^`|~-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)?[^\r\n]*\r?$/;
const LENGTH = /^[1-9]\d{0,8}$/;
const JSON_TYPE = /^application\/json *(?:;|$)/i;
// `node:http` takes `proxy-connection` for `connection`, and makes a list of `set-cookie`.
const ELSEWHERE = [
  'transfer-encoding',
  'expect',
  'upgrade',
  'content-encoding',
  'te',
  'trailer',
  'proxy-connection',
  'set-cookie',
  '__proto__',
] as const;
// As many as `node:http` takes.
const FIELDS_LIMIT = 1000;

/** Whether what has come of a head may still become a plain one; whoever sends another shall not wait for its end to be told. */
export function mayBecomePlain(text: string): boolean {
  return text.startsWith(BEGINNING.slice(0, text.length)) && BEGUN.test(text);
}

/**
 * Reads the head of a request, without the empty line that ends it.
 * @returns undefined for one that is not plain: another method or version, a name that comes twice, anything but a JSON body of a known length
 */
export function readLaneHead(text: string): LaneHead | undefined {
  const url = HEAD.exec(text)?.[1];
  if (url === undefined) return undefined;
  const headers: Record<string, string | undefined> = {};
  let fields = 0;
  for (let at = text.indexOf('\r\n'); at >= 0;) {
    const end = text.indexOf('\r\n', at + 2);
    const colon = text.indexOf(':', at);
    const name = text.slice(at + 2, colon).toLowerCase();
    if (headers[name] !== undefined || ++fields > FIELDS_LIMIT) return undefined;
    headers[name] = fieldValue(text, colon + 1, end < 0 ? text.length : end);
    at = end;
  }
  for (const name of ELSEWHERE) if (Object.hasOwn(headers, name)) return undefined;
  const { connection = 'keep-alive', 'content-length': length = '', 'content-type': type = '' } = headers;
  const closes = connection.toLowerCase() === 'close';
  if (!closes && connection.toLowerCase() !== 'keep-alive') return undefined;
  if (!headers['host'] || !LENGTH.test(length) || !JSON_TYPE.test(type)) return undefined;
  if (headers['sec-fetch-site'] === 'cross-site') return undefined;
  return { url, headers, length: Number(length), closes };
}
