import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Roster } from '../../src/model/roster.ts';
import type { Seat } from '../../src/model/roster.ts';

test('a roster holds what entered and did not leave, in any order of coming and going', () => {
  const steps = fc.array(fc.record({ leaves: fc.boolean(), which: fc.nat() }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (list) => {
      const roster = new Roster<number>();
      const there = new Map<number, Seat<number>>();
      const gone: Seat<number>[] = [];
      list.forEach(({ leaves, which }, step) => {
        const inside = [...there];
        const chosen = inside[which % Math.max(1, inside.length)];
        if (leaves && chosen !== undefined) {
          roster.leave(chosen[1]);
          there.delete(chosen[0]);
          gone.push(chosen[1]);
        } else there.set(step, roster.enter(step));
        // Who left can leave again: nobody else goes in its seat.
        for (const seat of gone) roster.leave(seat);
        expect(roster.size).toBe(there.size);
        expect([...roster].toSorted((a, b) => a - b)).toEqual([...there.keys()].toSorted((a, b) => a - b));
      });
    }),
  );
});

test('who leaves while a roster is gone through disturbs nobody', () => {
  const roster = new Roster<string>();
  const seats = ['a', 'b', 'c'].map((name) => roster.enter(name));
  const seen: string[] = [];
  for (const name of roster) {
    seen.push(name);
    for (const seat of seats) roster.leave(seat);
  }
  expect(seen).toEqual(['a', 'b', 'c']);
  expect(roster.size).toBe(0);
});
