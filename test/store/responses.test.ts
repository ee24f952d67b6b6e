import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MemoryResponses } from '../../src/store/memory/responses.ts';
import { openDatabase } from '../../src/store/sqlite/database.ts';
import { SqliteResponses } from '../../src/store/sqlite/responses.ts';
import { RESPONSE_STEPS } from '../../src/store/sqlite/tables.ts';
import { stored, storeContract } from './contract.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'streamweir-store-'));
const WIDE = { age: 1_000_000, size: 1_000_000 };
const NOW = (): number => 1_000_000_000_000;

storeContract({
  name: 'memory',
  open: (retention, now) => Promise.resolve(new MemoryResponses(retention, now)),
  clear: () => Promise.resolve(),
});

let file: string | undefined;
storeContract({
  name: 'sqlite',
  open: (retention, now) => SqliteResponses.open((file ??= join(folder(), 'data', 'store.db')), retention, now),
  clear: async () => {
    if (file !== undefined) await rm(join(file, '../..'), { recursive: true });
    file = undefined;
  },
});

describe('the file of the store', () => {
  const place = (): string => {
    const made = folder();
    onTestFinished(() => rm(made, { recursive: true }));
    return join(made, 'deep', 'store.db');
  };

  test('OR-55 what was put is there after a restart', async () => {
    const path = place();
    const first = await SqliteResponses.open(path, WIDE, NOW);
    await first.put(stored('resp_1'), ['msg_1']);
    await first.close();
    const second = await SqliteResponses.open(path, WIDE, NOW);
    expect(await second.get('ada', 'resp_1')).toEqual(stored('resp_1'));
    expect((await second.holding('ada', 'msg_1'))?.id).toBe('resp_1');
    await second.close();
  });

  test('two processes may share it', async () => {
    const path = place();
    const stores = await Promise.all([1, 2].map(() => SqliteResponses.open(path, WIDE, NOW)));
    await Promise.all(
      stores.flatMap((store, s) => Array.from({ length: 50 }, (_, i) => store.put(stored(`resp_${s}_${i}`), []))),
    );
    for (const store of stores) {
      expect(await store.get('ada', 'resp_0_49')).toBeDefined();
      expect(await store.get('ada', 'resp_1_49')).toBeDefined();
    }
    await Promise.all(stores.map((store) => store.close()));
  });

  test('answers that end together share a commit, and whoever asks for one of them does not wait for it', async () => {
    const path = place();
    const store = await SqliteResponses.open(path, WIDE, NOW);
    const before = commitsIn(`${path}-wal`);
    const puts = Array.from({ length: 40 }, (_, i) => store.put(stored(`resp_${i}`), [`msg_${i}`]));
    expect((await store.get('ada', 'resp_39'))?.id).toBe('resp_39');
    await Promise.all(puts);
    expect(commitsIn(`${path}-wal`) - before).toBe(1);
    await Promise.all(Array.from({ length: 40 }, (_, i) => store.put(stored(`resp_${40 + i}`), [])));
    expect(commitsIn(`${path}-wal`) - before).toBe(2);
    await store.close();
  });

  test('what was put just before the store is closed is kept', async () => {
    const path = place();
    const first = await SqliteResponses.open(path, WIDE, NOW);
    const put = first.put(stored('resp_1'), []);
    await first.close();
    await put;
    const second = await SqliteResponses.open(path, WIDE, NOW);
    expect((await second.get('ada', 'resp_1'))?.id).toBe('resp_1');
    await second.close();
  });

  test('nobody else on the machine may read it', async () => {
    const path = place();
    const store = await SqliteResponses.open(path, WIDE, NOW);
    await store.put(stored('resp_1'), []);
    const modes = ['', '-wal', '-shm'].map((end) => statSync(path + end).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600, 0o600]);
    await store.close();
  });

  test('it is written in the way that survives a loss of power', () => {
    const database = openDatabase(place(), RESPONSE_STEPS);
    const pragma = (name: string): unknown => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect([pragma('journal_mode'), pragma('synchronous'), pragma('busy_timeout'), pragma('cache_size')]).toEqual([
      'wal',
      2,
      5000,
      -16000,
    ]);
    database.close();
  });

  test('a file of a later release is refused and left as it is', async () => {
    const path = place();
    openDatabase(path, RESPONSE_STEPS).close();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(SqliteResponses.open(path, WIDE, NOW)).rejects.toThrow('written by a later release');
  });

  test('a step is taken once, and a step that fails leaves the file at the version it had', () => {
    const path = place();
    openDatabase(path, ['CREATE TABLE a (x INT) STRICT']).close();
    expect(() =>
      openDatabase(path, ['CREATE TABLE a (x INT) STRICT', 'CREATE TABLE b (x INT) STRICT; nonsense']),
    ).toThrow('cannot be used');
    const database = openDatabase(path, ['CREATE TABLE a (x INT) STRICT', 'CREATE TABLE b (x INT) STRICT']);
    expect(database.prepare('SELECT count(*) AS n FROM b').get()).toEqual({ n: 0 });
    database.close();
  });

  test('a place that cannot be written is said in one sentence', async () => {
    const made = folder();
    onTestFinished(async () => {
      chmodSync(made, 0o700);
      await rm(made, { recursive: true });
    });
    writeFileSync(join(made, 'taken'), '');
    await expect(SqliteResponses.open(join(made, 'taken', 'store.db'), WIDE, NOW)).rejects.toThrow('cannot be used');
  });
});

const WAL_HEADER = 32;
const FRAME_HEADER = 24;

// Frames that end a transaction name the size of the database; the others have 0 there (SQLite's file format, §4.1).
function commitsIn(log: string): number {
  const bytes = readFileSync(log);
  const frame = FRAME_HEADER + bytes.readUInt32BE(8);
  let commits = 0;
  for (let at = WAL_HEADER; at + frame <= bytes.length; at += frame) if (bytes.readUInt32BE(at + 4) > 0) commits++;
  return commits;
}
