import { randomBytes } from 'node:crypto';
import type { Mint } from '../model/ids.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A fresh id of 24 characters, about 124 bits. */
export function randomId(): string {
  let id = '';
  for (const byte of randomBytes(24)) id += ALPHABET[byte % ALPHABET.length];
  return id;
}

/** A fresh id with a prefix. */
export const mint: Mint = (prefix) => `${prefix}_${randomId()}`;
