import { OWN } from './words.ts';
import type { Seal } from '../../model/block.ts';
import type { JsonObject } from '../../model/json.ts';

// No signature holds a colon: it is base64.
const REDACTED = 'redacted:';

/** The seal of reasoning that was signed, or of what was hidden; undefined where nobody did either. */
export function sealOf(signature: string, redacted: readonly string[]): Seal | undefined {
  if (redacted.length > 0) return { protocol: OWN, data: REDACTED + joined(redacted) };
  return signature === '' ? undefined : { protocol: OWN, data: signature };
}

// Each piece is base64 by itself; the usual one goes back as it came.
function joined(pieces: readonly string[]): string {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))).toString('base64');
}

/** The block in which reasoning goes back to whoever sealed it, to the byte; undefined for what others thought, or nobody sealed. */
export function sealedBlock(text: string, seal: Seal | undefined): JsonObject | undefined {
  if (seal?.protocol !== OWN) return undefined;
  const { data } = seal;
  if (data.startsWith(REDACTED)) return { reasoningContent: { redactedContent: data.slice(REDACTED.length) } };
  return { reasoningContent: { reasoningText: { text, signature: data } } };
}
