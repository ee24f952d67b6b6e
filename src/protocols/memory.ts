import type { Mint } from '../model/ids.ts';
import type { JsonObject } from '../model/json.ts';

/** What a body asks of earlier answers and for its own. */
export interface MemoryWish {
  /** Whether the answer is to be kept. */
  readonly keep: boolean;
  /** Id of the answer it goes on from. */
  readonly previous?: string;
  /** Items it names instead of giving them, with the paths that name them. */
  readonly references: readonly { readonly id: string; readonly param: string }[];
  /** Whether it holds a text that was sealed here. */
  readonly sealed: boolean;
  /** Path of a context that only an upstream of this very format can open. */
  readonly bound?: string;
}

/** One answer of the conversation so far, with what it was asked. */
export interface PastTurn {
  /** Items of question and answer, in their order. */
  readonly items: readonly JsonObject[];
  /** Whether whoever is asked now made it, and so can read what it sealed. */
  readonly own: boolean;
  /** Whether its maker may have kept it as well, and so knows its items by their ids. */
  readonly held: boolean;
}

/** What is put in the place of what a body only names. */
export interface Recalled {
  /** Oldest first. */
  readonly past: readonly PastTurn[];
  /** Turns of one item each, by the id under which the body names it. */
  readonly named: ReadonlyMap<string, PastTurn>;
  /** Opens a text that was sealed here; undefined when it cannot be opened. */
  readonly open: (sealed: string) => string | undefined;
}

/** A page of a list, as its query asks for it. */
export interface Page {
  readonly items: readonly JsonObject[];
  readonly query: Readonly<Record<string, string>>;
}

/** How a dialect whose answers are kept finds its way about them. */
export interface Memory {
  /** Reads what a body asks for; throws GatewayFailure for what is not to be had. */
  wish(body: JsonObject): MemoryWish;
  /** The body with everything in place that it only named. */
  filled(body: JsonObject, recalled: Recalled): JsonObject;
  /** The items the body brings itself, named ones in place, each with an id under which it can be named later. */
  items(body: JsonObject, named: ReadonlyMap<string, JsonObject>, mint: Mint): readonly JsonObject[];
  /** The items of a kept answer. */
  output(kept: JsonObject): readonly JsonObject[];
  /** A kept answer as it is shown to whoever asks for it; `include` as the query has it. */
  shown(kept: JsonObject, query: Readonly<Record<string, string>>): JsonObject;
  /** A page of a list of items; throws GatewayFailure for a query that makes no sense. */
  page(page: Page): JsonObject;
  /** Refuses a context that nobody who could be asked can open. */
  refuseSealed(path: string): never;
  /** What is said of an answer that was deleted. */
  deleted(id: string): JsonObject;
}
