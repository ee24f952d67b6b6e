import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A file that cannot serve as a store, and why. */
export class StoreFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreFailure';
  }
}

// Until this version two connections could damage the file when the write-ahead log began anew.
const OLDEST_SQLITE = [3, 51, 3] as const;

/**
 * Opens a database file, makes it where it is missing, and brings its tables up to date.
 * @param steps statements by version: the first makes an empty file version 1, each further one raises it by one
 * @throws StoreFailure when this SQLite or this file cannot be relied on
 */
export function openDatabase(path: string, steps: readonly string[]): DatabaseSync {
  try {
    makePrivate(path);
    const database = new DatabaseSync(path);
    // What was deleted is overwritten; the default cache is so small that large reads crawl; without a wait a second process fails.
    database.exec(
      `PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000;
       PRAGMA secure_delete = FAST; PRAGMA foreign_keys = ON;`,
    );
    assertSound(database);
    migrate(database, steps);
    return database;
  } catch (error) {
    if (error instanceof StoreFailure) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreFailure(`the database ${path} cannot be used: ${reason}`, { cause: error });
  }
}

// It holds conversations: nobody else on the machine may read it. The two files beside it take its mode.
function makePrivate(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

// Older libraries cut texts at the first NUL, in silence.
function assertSound(database: DatabaseSync): void {
  const row = database.prepare('SELECT sqlite_version() AS version, ? AS text').get('a\0b');
  const version = String(row?.['version']);
  const parts = version.split('.').map(Number);
  const differs = OLDEST_SQLITE.findIndex((part, index) => parts[index] !== part);
  if (differs !== -1 && (parts[differs] ?? 0) < (OLDEST_SQLITE[differs] ?? 0))
    throw new StoreFailure(`SQLite ${version} is too old; ${OLDEST_SQLITE.join('.')} or later is needed`);
  if (row?.['text'] !== 'a\0b') throw new StoreFailure(`SQLite ${version} cuts texts at NUL characters`);
}

function migrate(database: DatabaseSync, steps: readonly string[]): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > steps.length)
      throw new StoreFailure(
        `the database is of version ${version}, written by a later release; this one knows ${steps.length}`,
      );
    for (const step of steps.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${steps.length}`);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
