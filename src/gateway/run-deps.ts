import type { Snapshot } from '../config/snapshot.ts';
import type { UsageRecord } from '../model/record.ts';
import type { Pools } from '../transport/pools.ts';
import type { SealMemory } from './seal-memory.ts';
import type { TargetMemory } from './target-memory.ts';

/** What every run needs from the process. */
export interface RunDeps {
  readonly snapshot: Snapshot;
  readonly pools: Pools;
  readonly memory: TargetMemory;
  readonly seals: SealMemory;
  /** Makes a text unreadable for everyone but this gateway. */
  readonly seal: (text: string) => string;
  readonly settled: (record: UsageRecord) => void;
  readonly faulted: (fault: unknown) => void;
}
