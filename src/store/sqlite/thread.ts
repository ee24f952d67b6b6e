import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from './database.ts';
import type { StoredResponse } from '../responses.ts';
import type { Ask, Found, ThreadData, Told } from './messages.ts';
import { RESPONSE_STEPS, ResponseTables } from './tables.ts';

/** The far side of {@link SqliteResponses}: does what it is asked in the order it is asked. */
class Thread {
  readonly #port: MessagePort;
  readonly #database: DatabaseSync;
  readonly #tables: ResponseTables;
  #now = 0;

  private constructor(port: MessagePort, { path, retention }: ThreadData) {
    this.#port = port;
    this.#database = openDatabase(path, RESPONSE_STEPS);
    this.#tables = new ResponseTables(this.#database, retention, () => this.#now);
    port.on('message', (asks: readonly Ask[]) => this.#work(asks));
  }

  static begin(port: MessagePort, data: ThreadData): Thread {
    return new Thread(port, data);
  }

  // What came together shares one commit: a commit waits for the disk, which costs more than all it holds.
  #work(asks: readonly Ask[]): void {
    this.#port.postMessage(this.#together(asks));
    if (!asks.some(({ call }) => call === 'close')) return;
    this.#database.close();
    this.#port.close();
  }

  #together(asks: readonly Ask[]): readonly Told[] {
    try {
      this.#database.exec('BEGIN');
      const told = asks.map((ask) => this.#answer(ask));
      this.#database.exec('COMMIT');
      return told;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      return asks.map(({ number }) => ({ number, error: messageOf(error) }));
    }
  }

  #answer(ask: Ask): Told {
    const { number } = ask;
    this.#now = ask.now;
    try {
      return { number, found: this.#do(ask) };
    } catch (error) {
      // A full disk ends the transaction, and with it what all the others were told.
      if (!this.#database.isTransaction) throw error;
      return { number, error: messageOf(error) };
    }
  }

  #do(ask: Ask): Found {
    switch (ask.call) {
      case 'put':
        this.#tables.put(ask.response, ask.items);
        return {};
      case 'get':
        return oneOrNone(this.#tables.get(ask.owner, ask.id));
      case 'chain':
        return { responses: this.#tables.chain(ask.owner, ask.id) };
      case 'holding':
        return oneOrNone(this.#tables.holding(ask.owner, ask.id));
      case 'delete':
        return { deleted: this.#tables.delete(ask.owner, ask.id) };
      case 'close':
        return {};
      default:
        return ask satisfies never;
    }
  }
}

function oneOrNone(response: StoredResponse | undefined): Found {
  return { responses: response === undefined ? [] : [response] };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (parentPort !== null) {
  Thread.begin(parentPort, workerData as ThreadData);
  parentPort.postMessage('ready');
}
