import type { ProtocolId, Seal } from '../model/block.ts';

// Marks a seal that a client carries in a field of another format; no provider's own tokens begin so.
const MARK = 'streamweir.';

/**
 * The text under which a client hands a seal back in the opaque field of its own format: the seal's own data where the format is the same, else
 * an envelope that names the format it is from.
 */
export function carrySeal(seal: Seal, own: ProtocolId): string {
  return seal.protocol === own ? seal.data : `${MARK}${seal.protocol}.${Buffer.from(seal.data).toString('base64url')}`;
}

/** The seal that {@link carrySeal} put into an opaque field of the format `own`; what is no envelope is that format's own seal. */
export function readSeal(text: string, own: ProtocolId): Seal {
  if (!text.startsWith(MARK)) return { protocol: own, data: text };
  const dot = text.indexOf('.', MARK.length);
  const protocol = text.slice(MARK.length, dot);
  return { protocol: protocol as ProtocolId, data: Buffer.from(text.slice(dot + 1), 'base64url').toString() };
}

// Some formats' clients keep an opaque field as base64 of what it says.
const MARKS = [MARK, btoa(MARK).slice(0, 14)];

/** Whether a body may hold an envelope: it must then be read and written, so that no maker is sent another's seal. */
export function holdsEnvelope(body: Uint8Array): boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return MARKS.some((mark) => bytes.includes(mark));
}
