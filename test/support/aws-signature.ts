import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A request as a service receives it. */
export interface SignedRequest {
  readonly method: string;
  /** With its query, as it stood on the request line. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

const sha256 = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: Uint8Array | string, data: string): Buffer => createHmac('sha256', key).update(data).digest();
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/**
 * What is wrong with the signature of a request, computed anew from its bytes by the published rules of Signature Version 4; undefined when it
 * is right. Shares no code with the signer.
 */
export function faultOfSignature(request: SignedRequest, secret: string): string | undefined {
  const { authorization } = request.headers;
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=(\w{64})$/.exec(
      authorization ?? '',
    );
  if (match === null) return `not the form of an authorization: ${authorization}`;
  const [, , day = '', region = '', service = '', names = '', signature] = match;
  const date = String(request.headers['x-amz-date']);
  if (!date.startsWith(day)) return `signed for ${day} at ${date}`;
  for (const name of ['host', 'x-amz-date', 'x-amz-security-token'])
    if (request.headers[name] !== undefined && !names.split(';').includes(name)) return `${name} is not signed`;
  const [path = '', query = ''] = request.path.split('?');
  const pairs = [...new URLSearchParams(query)].map(([name, value]) => `${encode(name)}=${encode(value)}`).toSorted();
  const headers = names.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const canonical = [
    request.method,
    path.split('/').map(encode).join('/'),
    pairs.join('&'),
    headers.join(''),
    names,
    sha256(request.body),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${secret}`, day));
  const expected = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`).toString('hex');
  return expected === signature ? undefined : `signature ${signature} where ${expected} was due`;
}
