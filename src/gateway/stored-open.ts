import { join } from 'node:path';
import type { Snapshot } from '../config/snapshot.ts';
import { MemoryResponses } from '../store/memory/responses.ts';
import type { ResponseStore } from '../store/responses.ts';
import { SqliteResponses } from '../store/sqlite/responses.ts';
import { lastingKey, passingKey, Sealer } from './sealer.ts';

/** Where answers are kept, and what seals what clients keep for us. */
export interface Keep {
  /** Absent where nothing is kept. */
  readonly store: ResponseStore | undefined;
  readonly sealer: Sealer;
}

/**
 * Opens what the configuration names. Without a folder, what was sealed is good until the process ends.
 * @throws Error when the folder or the file in it cannot be used
 */
export async function openKeep({ store, dataDir }: Snapshot): Promise<Keep> {
  const retention = { age: store.retention, size: store.maxSize };
  const now = (): number => Date.now();
  if (store.driver === 'sqlite') {
    const sealer = new Sealer(lastingKey(dataDir));
    return { store: await SqliteResponses.open(join(dataDir, 'streamweir.db'), retention, now), sealer };
  }
  const sealer = new Sealer(passingKey());
  return { store: store.driver === 'memory' ? new MemoryResponses(retention, now) : undefined, sealer };
}
