import type { Seal } from '../../model/block.ts';
import { asString } from '../../model/json.ts';
import type { JsonObject } from '../../model/json.ts';
import { carrySeal, readSeal } from '../seal-envelope.ts';

// `streamweir.` in base64, as far as it does not depend on what follows.
const MARK = btoa('streamweir.').slice(0, 14);

/**
 * The `thoughtSignature` under which a client keeps a seal. The field holds bytes, which some clients decode and encode again, so the envelope
 * of another format's seal is written as base64 of its text; every letter of it is the same in both alphabets of base64.
 */
export function writeSignature(seal: Seal): string {
  const text = carrySeal(seal, 'gemini');
  return seal.protocol === 'gemini' ? text : Buffer.from(text).toString('base64');
}

/** The seal that a `thoughtSignature` stands for. */
export function readSignature(signature: string): Seal {
  if (!signature.startsWith(MARK)) return readSeal(signature, 'gemini');
  return readSeal(Buffer.from(signature, 'base64').toString(), 'gemini');
}

/** The signature of a part, under either spelling of its name. */
export function signatureOf(part: JsonObject): string | undefined {
  const signature = asString(part['thoughtSignature']) ?? asString(part['thought_signature']);
  return signature === '' ? undefined : signature;
}

/** The signature to be given back to the makers of this format, who know no other's. */
export function ownSignature(seal: Seal | undefined): string | undefined {
  return seal?.protocol === 'gemini' ? seal.data : undefined;
}

// Marks an id of a call that came from an upstream of this format: only such ids are echoed to it.
const GIVEN = 'gem_';
const GIVEN_ENCODED = 'gemx_';
const LONGEST = 64;
const SAFE = /^[a-zA-Z0-9_-]+$/;

/** The id under which clients know a call to which the upstream gave an id; undefined where none fits (CC-18). */
export function clientCallId(given: string): string | undefined {
  const plain = GIVEN + given;
  if (given === '') return undefined;
  if (SAFE.test(given) && plain.length <= LONGEST) return plain;
  const encoded = GIVEN_ENCODED + Buffer.from(given).toString('base64url');
  return encoded.length <= LONGEST ? encoded : undefined;
}

/** The id that the upstream gave a call, or undefined where it gave none. */
export function givenCallId(id: string): string | undefined {
  if (id.startsWith(GIVEN_ENCODED)) return Buffer.from(id.slice(GIVEN_ENCODED.length), 'base64url').toString();
  return id.startsWith(GIVEN) ? id.slice(GIVEN.length) : undefined;
}
