import { randomFillSync } from 'node:crypto';
import type { Mint } from '../model/ids.ts';

// In the order in which databases compare.
const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
const TIME_LENGTH = 8;
const RANDOM_LENGTH = 16;
// A call into the random source costs more than an id; one call serves hundreds.
const pool: Buffer = Buffer.alloc(RANDOM_LENGTH * 512);
let used = pool.length;

// Many ids have a millisecond in common.
let millisecond = -1;
let time = '';

/**
 * A fresh id of 24 characters: the time, then about 82 bits by chance. What is kept under ids that follow one another stands together in
 * the store's indexes: keeping an answer does not touch a page of its own for each id.
 */
export function randomId(): string {
  const now = Date.now();
  if (now !== millisecond) {
    millisecond = now;
    time = now.toString(ALPHABET.length).padStart(TIME_LENGTH, '0');
  }
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let id = time;
  for (const stop = used + RANDOM_LENGTH; used < stop; used++) id += ALPHABET[(pool[used] ?? 0) % ALPHABET.length];
  return id;
}

/** A fresh id with a prefix. */
export const mint: Mint = (prefix) => `${prefix}_${randomId()}`;
