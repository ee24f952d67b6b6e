import type { Annotation, Seal } from '../../model/block.ts';
import { asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { carrySeal, readSeal } from '../seal-envelope.ts';

/** The name of this format, for seals and natives. */
export const OWN = 'anthropic-messages';

// No signature and no redacted data holds a colon: both are base64.
const REDACTED = 'redacted:';
const OF_CALL = 'call:';

/** The seal of a thinking block's signature, or undefined for a block that nobody signed. */
export function sealOfSignature(signature: string): Seal | undefined {
  return signature === '' ? undefined : readSeal(signature, OWN);
}

/** The seal that a `redacted_thinking` block holds, and whether it belongs to the call that follows. */
export function sealOfRedacted(data: string): { readonly seal: Seal; readonly ofCall: boolean } {
  if (data.startsWith(OF_CALL)) return { seal: readSeal(data.slice(OF_CALL.length), OWN), ofCall: true };
  const seal = readSeal(data, OWN);
  return { seal: seal.protocol === OWN ? { protocol: OWN, data: REDACTED + seal.data } : seal, ofCall: false };
}

/** The block in which reasoning of this text under this seal goes to a client: sealed reasoning of others that has no text is redacted. */
export function thinkingBlock(text: string, seal: Seal | undefined): JsonObject {
  if (seal !== undefined && isRedacted(seal)) return redactedBlock(seal.data.slice(REDACTED.length));
  const carried = seal === undefined ? '' : carrySeal(seal, OWN);
  if (text === '' && seal !== undefined && seal.protocol !== OWN) return redactedBlock(carried);
  return { type: 'thinking', thinking: text, signature: carried };
}

/** Whether a seal is that of a `redacted_thinking` block of this format. */
export function isRedacted(seal: Seal): boolean {
  return seal.protocol === OWN && seal.data.startsWith(REDACTED);
}

/** The block that carries the seal of the call written next. */
export function callSealBlock(seal: Seal): JsonObject {
  return redactedBlock(OF_CALL + carrySeal(seal, OWN));
}

function redactedBlock(data: string): JsonObject {
  return { type: 'redacted_thinking', data };
}

/** Whether the makers of this format would refuse a block of a conversation: thinking that they did not sign (MS-05). */
export function isForeignThinking(block: JsonObject): boolean {
  if (block['type'] === 'thinking') {
    const seal = sealOfSignature(asString(block['signature']) ?? '');
    return seal === undefined || seal.protocol !== OWN;
  }
  if (block['type'] !== 'redacted_thinking') return false;
  const { seal, ofCall } = sealOfRedacted(asString(block['data']) ?? '');
  return ofCall || seal.protocol !== OWN;
}

/** A citation as an annotation: a page of the web by its address, anything else as it came. */
export function readCitation(value: Json): Annotation {
  const citation = asObject(value);
  const url = asString(citation?.['url']);
  if (citation?.['type'] !== 'web_search_result_location' || url === undefined)
    return { type: 'native', native: { protocol: OWN, value } };
  const title = asString(citation['title']);
  return { type: 'url', url, ...(title !== undefined && { title }) };
}

/** A citation as this format writes it, or undefined for one that only another format knows. */
export function writeCitation(annotation: Annotation): Json | undefined {
  if (annotation.type === 'native') return annotation.native.protocol === OWN ? annotation.native.value : undefined;
  const { url, title } = annotation;
  // Typed clients demand all five; the empty index says that it cannot be given back.
  return { type: 'web_search_result_location', cited_text: '', url, title: title ?? '', encrypted_index: '' };
}
