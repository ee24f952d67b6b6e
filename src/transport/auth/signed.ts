import { createHash, createHmac } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { AccessKey } from '../../config/snapshot.ts';
import { unsupported } from '../../model/errors.ts';
import type { UpstreamCall } from '../dispatch.ts';

/** What calls are signed with, and for. */
export interface SigningParts {
  readonly accessKey: AccessKey;
  readonly service: string;
  /** Where the calls go: `https://service.region.example.com`. */
  readonly baseUrl: string;
  /** The clock; tests have their own. */
  readonly now?: () => Date;
}

/** Signs a call with Signature Version 4. */
export type Sign = (call: UpstreamCall) => Promise<UpstreamCall>;

/**
 * Makes the signer of an upstream's calls. The package that knows the algorithm is loaded with the first call, so that nobody else pays for it.
 * Signed are method, path, host, content type and body: what nothing on the way may change.
 */
export function signerFor({ accessKey, service, baseUrl, now = () => new Date() }: SigningParts): Sign {
  const { protocol, host, hostname, pathname } = new URL(baseUrl);
  const basePath = pathname === '/' ? '' : pathname;
  const { id, secret, session, region } = accessKey;
  const credentials = {
    accessKeyId: id,
    secretAccessKey: secret,
    ...(session !== undefined && { sessionToken: session }),
  };
  const options = { service, region, credentials, sha256: Sha256, uriEscapePath: true, applyChecksum: false };
  const loaded = import('@smithy/signature-v4').then(({ SignatureV4 }) => new SignatureV4(options));
  // Told to the first call that needs it, not to the process.
  loaded.catch(() => undefined);
  return async (call) => {
    const { method, body } = call;
    const [path = '', query = ''] = call.path.split('?');
    if (body !== null && typeof body !== 'string' && !(body instanceof Uint8Array))
      return unsupported('model', 'What is streamed up cannot be signed for this provider.');
    const type = call.headers['content-type'];
    const signer = await loaded;
    const signed = await signer.sign(
      {
        method,
        protocol,
        hostname,
        path: basePath + path,
        query: queryOf(query),
        headers: { host, ...(type !== undefined && { 'content-type': type }) },
        ...(body !== null && { body }),
      },
      { signingDate: now() },
    );
    for (const [name, value] of Object.entries(signed.headers))
      if (name === 'authorization' || name.startsWith('x-amz-')) call.headers[name] = value;
    return call;
  };
}

function queryOf(text: string): Record<string, string[]> {
  const query: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) (query[name] ??= []).push(value);
  return query;
}

/** The hash in the form in which the package takes it. */
class Sha256 {
  readonly #hash: Hash | ReturnType<typeof createHmac>;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    throw new Error('this hash is used once');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}
