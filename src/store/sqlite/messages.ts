import type { Retention, StoredResponse } from '../responses.ts';

/** What the thread is started with. */
export interface ThreadData {
  readonly path: string;
  readonly retention: Retention;
}

/** One thing to do, by the name of the store's method. */
export type Call =
  | { readonly call: 'put'; readonly response: StoredResponse; readonly items: readonly string[] }
  | { readonly call: 'get' | 'chain' | 'holding' | 'delete'; readonly owner: string; readonly id: string }
  | { readonly call: 'close' };

/** A call on its way to the thread, with its number and the time it was made at. */
export type Ask = Call & { readonly number: number; readonly now: number };

/** What a call found or did. */
export interface Found {
  /** Oldest first; one or none where one was asked for. */
  readonly responses?: readonly StoredResponse[];
  readonly deleted?: boolean;
}

/** What became of a call. Several calls go to the thread in one message, and what became of them comes back in one. */
export type Told = { readonly number: number } & ({ readonly found: Found } | { readonly error: string });
