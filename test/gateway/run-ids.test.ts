import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { mint, randomId } from '../../src/gateway/run-ids.ts';

describe('ids', () => {
  test('are all different, of one length, and safe in every format', () => {
    const ids = Array.from({ length: 5000 }, () => randomId());
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-z]{24}$/);
    expect(mint('msg')).toMatch(/^msg_[0-9a-z]{24}$/);
  });

  test('sort by the millisecond they were made in', async () => {
    const before = Array.from({ length: 50 }, () => randomId());
    await sleep(3);
    const after = Array.from({ length: 50 }, () => randomId());
    const latest = before.toSorted().at(-1) ?? '';
    for (const id of after) expect(id > latest).toBe(true);
  });
});
