import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const HEADERS = ['x-api-key', 'x-goog-api-key', 'api-key'] as const;

/** The credential a client presents, wherever its format puts it: `Authorization`, a header of its own, or `?key=`. */
export function credentialOf(
  headers: IncomingHttpHeaders,
  query: Readonly<Record<string, string>>,
): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  for (const name of HEADERS) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return query['key'] === '' ? undefined : query['key'];
}

/** Who calls, as a name that says nothing of the credential: whoever presents the same one is the same caller. */
export function callerOf(headers: IncomingHttpHeaders, query: Readonly<Record<string, string>>): string {
  const credential = credentialOf(headers, query);
  return credential === undefined ? 'anonymous' : hash('sha256', credential);
}
