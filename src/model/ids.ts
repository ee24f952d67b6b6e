/** Makes a fresh id with a prefix (`call`, `msg`); randomness comes in from outside, so that codecs stay pure. */
export type Mint = (prefix: string) => string;

const SAFE_ID = /^[a-zA-Z0-9_-]{1,64}$/;

/** Whether every client accepts this id as it is (CC-18, OR-23). */
export function isSafeId(id: string): boolean {
  return SAFE_ID.test(id);
}
