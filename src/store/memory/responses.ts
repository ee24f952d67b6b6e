import { sizeOf } from '../responses.ts';
import type { ResponseStore, Retention, StoredResponse } from '../responses.ts';

interface Entry {
  readonly response: StoredResponse;
  readonly items: readonly string[];
}

/** Keeps answers in this process; they end with it. */
export class MemoryResponses implements ResponseStore {
  readonly #retention: Retention;
  readonly #now: () => number;
  /** In the order they came, which is the order they go. */
  readonly #kept = new Map<string, Entry>();
  readonly #items = new Map<string, string>();
  #size = 0;

  /** @param now milliseconds since 1970 */
  constructor(retention: Retention, now: () => number) {
    this.#retention = retention;
    this.#now = now;
  }

  put(response: StoredResponse, items: readonly string[]): Promise<void> {
    const key = keyOf(response.owner, response.id);
    this.#remove(key);
    this.#kept.set(key, { response, items });
    this.#size += sizeOf(response);
    for (const item of items) this.#items.set(keyOf(response.owner, item), key);
    this.#sweep();
    return Promise.resolve();
  }

  get(owner: string, id: string): Promise<StoredResponse | undefined> {
    return Promise.resolve(this.#find(owner, id));
  }

  chain(owner: string, id: string): Promise<readonly StoredResponse[]> {
    const found: StoredResponse[] = [];
    const seen = new Set<string>();
    for (let at: string | undefined = id; at !== undefined && !seen.has(at);) {
      seen.add(at);
      const response = this.#find(owner, at);
      if (response === undefined) break;
      found.push(response);
      at = response.previous;
    }
    return Promise.resolve(found.toReversed());
  }

  holding(owner: string, item: string): Promise<StoredResponse | undefined> {
    const key = this.#items.get(keyOf(owner, item));
    return Promise.resolve(key === undefined ? undefined : this.#fresh(key));
  }

  delete(owner: string, id: string): Promise<boolean> {
    this.#sweep();
    return Promise.resolve(this.#remove(keyOf(owner, id)));
  }

  close(): Promise<void> {
    this.#kept.clear();
    this.#items.clear();
    return Promise.resolve();
  }

  #find(owner: string, id: string): StoredResponse | undefined {
    return this.#fresh(keyOf(owner, id));
  }

  #fresh(key: string): StoredResponse | undefined {
    const response = this.#kept.get(key)?.response;
    return response === undefined || response.at < this.#oldest() ? undefined : response;
  }

  #oldest(): number {
    return this.#now() - this.#retention.age;
  }

  #sweep(): void {
    const oldest = this.#oldest();
    for (const [key, { response }] of this.#kept) {
      if (response.at >= oldest && this.#size <= this.#retention.size) return;
      this.#remove(key);
    }
  }

  #remove(key: string): boolean {
    const entry = this.#kept.get(key);
    if (entry === undefined) return false;
    this.#kept.delete(key);
    this.#size -= sizeOf(entry.response);
    for (const item of entry.items) {
      const itemKey = keyOf(entry.response.owner, item);
      if (this.#items.get(itemKey) === key) this.#items.delete(itemKey);
    }
    return true;
  }
}

// Neither part may run into the other, whatever it holds.
function keyOf(owner: string, id: string): string {
  return `${owner.length}:${owner}${id}`;
}
