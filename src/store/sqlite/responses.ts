import { Worker } from 'node:worker_threads';
import type { ResponseStore, Retention, StoredResponse } from '../responses.ts';
import { StoreFailure } from './database.ts';
import type { Ask, Call, Found, Told } from './messages.ts';

// No client waits until its answer is kept, and whatever asks for one is in line behind it; so answers that end at about the same time share
// a message to the thread, which costs more than what is in it, and a commit.
const GATHER_MS = 50;

/**
 * Keeps answers in one file. SQLite waits for the disk, so it has a thread of its own: a token never waits for a commit.
 */
export class SqliteResponses implements ResponseStore {
  readonly #worker: Worker;
  readonly #now: () => number;
  readonly #waiting = new Map<number, PromiseWithResolvers<Found>>();
  /** What was asked and has not gone to the thread. */
  #asks: Ask[] = [];
  #gathering: NodeJS.Timeout | undefined;
  #number = 0;
  #lost: StoreFailure | undefined;

  private constructor(worker: Worker, now: () => number) {
    this.#worker = worker;
    this.#now = now;
    worker.on('message', (told: readonly Told[]) => {
      for (const each of told) this.#settle(each);
    });
    worker.on('error', (error: Error) => this.#lose(error.message));
    worker.on('exit', () => this.#lose('its thread has ended'));
    // Nothing that is asked keeps the process alive by itself; whoever asks does.
    worker.unref();
  }

  /**
   * Opens the file, and makes it where it is missing.
   * @param now milliseconds since 1970
   * @throws StoreFailure when it cannot be used
   */
  static async open(path: string, retention: Retention, now: () => number): Promise<SqliteResponses> {
    const worker = new Worker(new URL('thread.ts', import.meta.url), { workerData: { path, retention } });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = (error: Error): void => reject(new StoreFailure(error.message, { cause: error }));
    worker.once('message', () => resolve());
    worker.once('error', fail);
    await promise;
    worker.off('error', fail);
    return new SqliteResponses(worker, now);
  }

  async put(response: StoredResponse, items: readonly string[]): Promise<void> {
    await this.#ask({ call: 'put', response, items });
  }

  async get(owner: string, id: string): Promise<StoredResponse | undefined> {
    return (await this.#ask({ call: 'get', owner, id })).responses?.[0];
  }

  async chain(owner: string, id: string): Promise<readonly StoredResponse[]> {
    return (await this.#ask({ call: 'chain', owner, id })).responses ?? [];
  }

  async holding(owner: string, item: string): Promise<StoredResponse | undefined> {
    return (await this.#ask({ call: 'holding', owner, id: item })).responses?.[0];
  }

  async delete(owner: string, id: string): Promise<boolean> {
    return (await this.#ask({ call: 'delete', owner, id })).deleted === true;
  }

  async close(): Promise<void> {
    if (this.#lost !== undefined) return;
    const ended = new Promise<void>((resolve) => {
      this.#worker.once('exit', () => resolve());
    });
    await this.#ask({ call: 'close' });
    this.#worker.ref();
    await ended;
  }

  #ask(call: Call): Promise<Found> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const waiting = Promise.withResolvers<Found>();
    const ask: Ask = { ...call, number: this.#number++, now: this.#now() };
    if (this.#waiting.size === 0) this.#worker.ref();
    this.#waiting.set(ask.number, waiting);
    this.#asks.push(ask);
    if (call.call === 'put') this.#gathering ??= setTimeout(() => this.#send(), GATHER_MS);
    else this.#send();
    return waiting.promise;
  }

  #send(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#worker.postMessage(this.#asks);
    this.#asks = [];
  }

  #settle(told: Told): void {
    const waiting = this.#waiting.get(told.number);
    this.#waiting.delete(told.number);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('error' in told) waiting?.reject(new StoreFailure(told.error));
    else waiting?.resolve(told.found);
  }

  #lose(reason: string): void {
    this.#lost ??= new StoreFailure(`the store is lost: ${reason}`);
    clearTimeout(this.#gathering);
    for (const { reject } of this.#waiting.values()) reject(this.#lost);
    this.#waiting.clear();
  }
}
