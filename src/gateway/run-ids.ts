import { randomFillSync } from 'node:crypto';
import type { Mint } from '../model/ids.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 24;
// A call into the random source costs more than an id; one call serves hundreds.
const pool: Buffer = Buffer.alloc(LENGTH * 512);
let used = pool.length;

/** A fresh id of 24 characters, about 124 bits. */
export function randomId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let id = '';
  for (const stop = used + LENGTH; used < stop; used++) id += ALPHABET[(pool[used] ?? 0) % ALPHABET.length];
  return id;
}

/** A fresh id with a prefix. */
export const mint: Mint = (prefix) => `${prefix}_${randomId()}`;
