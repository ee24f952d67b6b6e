import type { Upstream } from '../config/snapshot.ts';

const SHORTEST = 8;

/**
 * What an upstream says of a request it refused, without the keys it was shown, plain or encoded: some echo the headers they got, or the key
 * itself (FM-51).
 */
export function withoutKeys(text: string, { apiKey, accessKey }: Pick<Upstream, 'apiKey' | 'accessKey'>): string {
  // What is as short as a word may stand in any sentence.
  const keys = [apiKey, accessKey?.secret, accessKey?.session].filter(
    (key) => key !== undefined && key.length >= SHORTEST,
  );
  const written = keys.flatMap((key = '') => [key, encodeURIComponent(key), Buffer.from(key).toString('base64')]);
  return written.reduce((told, key) => told.replaceAll(key, '[key]'), text);
}
