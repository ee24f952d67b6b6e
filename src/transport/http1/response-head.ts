import type { IncomingHttpHeaders } from 'node:http';
import { fieldValue } from '../../framing/field-value.ts';

/** What an upstream sent is not HTTP/1.1 (RFC 9112). */
export class MalformedResponse extends Error {
  readonly code = 'malformed HTTP';
}

/** How the end of a body is known (RFC 9112 §6.3): by its chunks, by a length, by the connection's end, or there is none. */
export type Ends = 'chunked' | 'length' | 'close' | 'none';

/** The head of a response. */
export interface ResponseHead {
  readonly status: number;
  /** By lower-case name; those that came more than once are joined with commas, but for cookies. */
  readonly headers: IncomingHttpHeaders;
  readonly ends: Ends;
  /** Bytes of the body where it has a length. */
  readonly length: number;
  /** Milliseconds for which the connection may be kept for another request; 0 = not at all. */
  readonly keeps: number;
}

// One look at all of it: a line end or an end of a string of another kind is how one message is made to look like two, and a line that begins with
// a space goes on where the last one ended, which nobody may send any more (RFC 9112 §5.2).
const HEAD = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\0\r\n]*)?(?:\r\n[\w!#$%&'*+.^`|~-]+:[^\0\r\n]*)*$/;
const DIGITS = /^\d{1,15}$/;
const TIMEOUT = /\btimeout=(\d{1,9})\b/i;
// The peer's clock runs ahead of ours by the way of its answer.
const HEADROOM_MS = 1000;

/**
 * Reads the head of a response, without the empty line that ends it.
 * @throws MalformedResponse where two readers could read two things
 */
export function readHead(text: string): ResponseHead {
  const line = HEAD.exec(text);
  if (line === null) throw new MalformedResponse('no status line, or a header that is none');
  const headers: IncomingHttpHeaders = {};
  for (let at = text.indexOf('\r\n'); at >= 0;) {
    const end = text.indexOf('\r\n', at + 2);
    addField(headers, text, at + 2, end < 0 ? text.length : end);
    at = end;
  }
  const status = Number(line[2]);
  const ends = endOf(status, headers);
  return {
    status,
    headers,
    ends,
    length: ends === 'length' ? lengthOf(headers['content-length'] ?? '') : 0,
    keeps: ends === 'close' || line[1] !== '1' ? 0 : keptFor(headers),
  };
}

function addField(headers: IncomingHttpHeaders, text: string, start: number, end: number): void {
  const colon = text.indexOf(':', start);
  const key = text.slice(start, colon).toLowerCase();
  const value = fieldValue(text, colon + 1, end);
  if (key === 'set-cookie') {
    headers[key] = [...(headers[key] ?? []), value];
    return;
  }
  // A bare assignment would give the object another prototype.
  if (key === '__proto__') return;
  const before = headers[key];
  // Every object has a `constructor` before there is such a header.
  headers[key] = typeof before === 'string' ? `${before}, ${value}` : value;
}

function endOf(status: number, headers: IncomingHttpHeaders): Ends {
  const coding = headers['transfer-encoding'];
  const length = headers['content-length'];
  if (coding !== undefined && length !== undefined) throw new MalformedResponse('a length beside a transfer coding');
  if (status === 204 || status === 304) return 'none';
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked') throw new MalformedResponse('a transfer coding other than chunked');
    return 'chunked';
  }
  if (length === undefined) return 'close';
  return lengthOf(length) === 0 ? 'none' : 'length';
}

// The same length twice is one length; two lengths are two messages.
function lengthOf(value: string): number {
  if (DIGITS.test(value)) return Number(value);
  const [first = '', ...others] = value.split(',').map((part) => part.trim());
  if (!DIGITS.test(first) || others.some((other) => other !== first))
    throw new MalformedResponse('a length that is none');
  return Number(first);
}

function keptFor({ connection, 'keep-alive': hint }: IncomingHttpHeaders): number {
  if (connection !== undefined && /\bclose\b/i.test(connection)) return 0;
  const told = typeof hint === 'string' ? TIMEOUT.exec(hint)?.[1] : undefined;
  return told === undefined ? Infinity : Math.max(0, Number(told) * 1000 - HEADROOM_MS);
}
