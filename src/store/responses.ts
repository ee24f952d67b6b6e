/** An answer as it is kept, with what was asked. All JSON is text, so no number and no order of keys changes. */
export interface StoredResponse {
  readonly id: string;
  /** Whose it is: nobody else finds it. */
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Id of the answer that this one goes on from. */
  readonly previous?: string;
  /** Who answered; what only its maker can read goes back there only. */
  readonly origin: string;
  /** The answer as the client saw it: a JSON object. */
  readonly body: string;
  /** What this answer was asked, without what stands before it: a JSON list of items. */
  readonly input: string;
}

/** How long and how much is kept. */
export interface Retention {
  /** Milliseconds. */
  readonly age: number;
  /** Bytes of text; beyond it the oldest go first. */
  readonly size: number;
}

/** Where answers are kept. A thing of another owner is as absent as one that never was. */
export interface ResponseStore {
  /**
   * Keeps an answer; whoever asks afterwards finds it, also before this resolves.
   * @param items ids under which the items of question and answer can be referred to
   */
  put(response: StoredResponse, items: readonly string[]): Promise<void>;
  get(owner: string, id: string): Promise<StoredResponse | undefined>;
  /** The answer and all it goes on from, oldest first; the first still names a `previous` where that one is gone. */
  chain(owner: string, id: string): Promise<readonly StoredResponse[]>;
  /** The newest answer that holds an item of this id, in what was asked or answered. */
  holding(owner: string, item: string): Promise<StoredResponse | undefined>;
  /** Whether there was one to delete. */
  delete(owner: string, id: string): Promise<boolean>;
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

/** Bytes that an answer counts for; characters are close enough for a bound. */
export function sizeOf({ id, body, input }: StoredResponse): number {
  return id.length + body.length + input.length;
}
