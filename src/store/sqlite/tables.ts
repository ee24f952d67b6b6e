import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { sizeOf } from '../responses.ts';
import type { Retention, StoredResponse } from '../responses.ts';

/** The tables by version; a released step never changes, a new one is added behind it. */
export const RESPONSE_STEPS: readonly string[] = [
  `CREATE TABLE responses (
     number INTEGER PRIMARY KEY AUTOINCREMENT,
     owner TEXT NOT NULL,
     id TEXT NOT NULL,
     at INTEGER NOT NULL,
     previous TEXT,
     origin TEXT NOT NULL,
     body TEXT NOT NULL,
     input TEXT NOT NULL,
     size INTEGER NOT NULL,
     UNIQUE (owner, id)
   ) STRICT;
   CREATE INDEX responses_at ON responses (at);
   CREATE TABLE items (
     owner TEXT NOT NULL,
     item TEXT NOT NULL,
     response INTEGER NOT NULL REFERENCES responses (number) ON DELETE CASCADE,
     PRIMARY KEY (owner, item, response)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX items_response ON items (response);`,
];

const COLUMNS = 'owner, id, at, previous, origin, body, input';

/** Answers in SQLite, each call at once and on the caller's thread. */
export class ResponseTables {
  readonly #database: DatabaseSync;
  readonly #retention: Retention;
  readonly #now: () => number;
  readonly #statements: ReturnType<typeof statements>;
  #size: number;

  /** @param now milliseconds since 1970 */
  constructor(database: DatabaseSync, retention: Retention, now: () => number) {
    this.#database = database;
    this.#retention = retention;
    this.#now = now;
    this.#statements = statements(database);
    this.#size = this.#total();
  }

  /** Keeps an answer, whole or not at all. */
  put(response: StoredResponse, items: readonly string[]): void {
    const { owner, id, at, previous, origin, body, input } = response;
    this.#database.exec('SAVEPOINT put');
    try {
      this.delete(owner, id);
      const size = sizeOf(response);
      const made = this.#statements.insert.run(owner, id, at, previous ?? null, origin, body, input, size);
      for (const item of new Set(items)) this.#statements.index.run(owner, item, made.lastInsertRowid);
      this.#size += size;
      this.#sweep();
      this.#database.exec('RELEASE put');
    } catch (error) {
      this.#database.exec('ROLLBACK TO put; RELEASE put');
      this.#size = this.#total();
      throw error;
    }
  }

  /** One answer. */
  get(owner: string, id: string): StoredResponse | undefined {
    return responseOf(this.#statements.find.get(owner, id, this.#oldest()));
  }

  /** An answer and all before it, oldest first. */
  chain(owner: string, id: string): readonly StoredResponse[] {
    const rows = this.#statements.chain.all(owner, id, this.#oldest());
    const found = new Map(rows.flatMap((row) => responseOf(row) ?? []).map((response) => [response.id, response]));
    const chain: StoredResponse[] = [];
    for (let next = found.get(id); next !== undefined; next = found.get(next.previous ?? '')) {
      found.delete(next.id);
      chain.push(next);
    }
    return chain.toReversed();
  }

  /** The newest answer with an item. */
  holding(owner: string, item: string): StoredResponse | undefined {
    return responseOf(this.#statements.holding.get(owner, item, this.#oldest()));
  }

  /** Deletes one answer; false where there is none. */
  delete(owner: string, id: string): boolean {
    const row = this.#statements.remove.get(owner, id);
    if (row === undefined) return false;
    this.#size -= Number(row['size']);
    return Number(row['at']) >= this.#oldest();
  }

  #oldest(): number {
    return this.#now() - this.#retention.age;
  }

  #sweep(): void {
    for (const row of this.#statements.expire.all(this.#oldest())) this.#size -= Number(row['size']);
    if (this.#size <= this.#retention.size) return;
    // Another process may have written or swept as well.
    this.#size = this.#total();
    while (this.#size > this.#retention.size) {
      const row = this.#statements.removeOldest.get();
      if (row === undefined) return;
      this.#size -= Number(row['size']);
    }
  }

  #total(): number {
    return Number(this.#database.prepare('SELECT coalesce(sum(size), 0) AS total FROM responses').get()?.['total']);
  }
}

function statements(database: DatabaseSync): Readonly<Record<StatementName, StatementSync>> {
  return {
    insert: database.prepare(
      `INSERT INTO responses (owner, id, at, previous, origin, body, input, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    index: database.prepare(`INSERT INTO items (owner, item, response) VALUES (?, ?, ?)`),
    find: database.prepare(`SELECT ${COLUMNS} FROM responses WHERE owner = ? AND id = ? AND at >= ?`),
    // UNION drops a row that came before, so a chain that bites its tail ends.
    chain: database.prepare(
      `WITH RECURSIVE line (number, owner, previous) AS (
            SELECT number, owner, previous FROM responses WHERE owner = ?1 AND id = ?2 AND at >= ?3
            UNION
            SELECT r.number, r.owner, r.previous FROM responses r JOIN line l ON r.owner = l.owner AND r.id = l.previous WHERE r.at >= ?3
          ) SELECT ${COLUMNS} FROM responses WHERE number IN (SELECT number FROM line)`,
    ),
    holding: database.prepare(
      `SELECT ${COLUMNS} FROM responses WHERE number =
            (SELECT max(response) FROM items WHERE owner = ? AND item = ?) AND at >= ?`,
    ),
    remove: database.prepare('DELETE FROM responses WHERE owner = ? AND id = ? RETURNING size, at'),
    expire: database.prepare('DELETE FROM responses WHERE at < ? RETURNING size'),
    removeOldest: database.prepare(
      'DELETE FROM responses WHERE number = (SELECT min(number) FROM responses) RETURNING size',
    ),
  };
}

type StatementName = 'insert' | 'index' | 'find' | 'chain' | 'holding' | 'remove' | 'expire' | 'removeOldest';

type Row = Readonly<Record<string, unknown>>;

function responseOf(row: Row | undefined): StoredResponse | undefined {
  if (row === undefined) return undefined;
  const previous = row['previous'];
  return {
    id: String(row['id']),
    owner: String(row['owner']),
    at: Number(row['at']),
    ...(typeof previous === 'string' && { previous }),
    origin: String(row['origin']),
    body: String(row['body']),
    input: String(row['input']),
  };
}
