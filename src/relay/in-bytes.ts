/** Bytes, or those of a text's UTF-8, as a text with one character for each. */
export function inBytes(chunk: string | Uint8Array): string {
  if (typeof chunk !== 'string')
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
  return Buffer.byteLength(chunk) === chunk.length ? chunk : Buffer.from(chunk).toString('latin1');
}
