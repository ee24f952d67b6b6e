import { expect, test } from 'vitest';
import { measure, RECORDED, tightened } from '../../scripts/ratchet.ts';
import { castsIn, forcedCasts, parse } from './source.ts';

const COMMAND = 'npm run generate';

test('no number of the ratchet has risen, and each fall is recorded', () => {
  expect(RECORDED, `a number that rose needs mending; after a fall run ${COMMAND}`).toEqual(measure());
});

test('the ratchet turns one way only', () => {
  expect(tightened({ a: 3, b: 3 }, { a: 2, b: 4 })).toEqual({ a: 2, b: 3 });
  expect(tightened({ gone: 1 }, { fresh: 7 })).toEqual({ fresh: 7 });
});

test('casts are counted, constants are not', () => {
  const file = parse('a.ts', 'const a = b as C; const d = e as unknown as F; const g = [1] as const;');
  expect(castsIn(file)).toBe(3);
  expect(forcedCasts(file)).toBe(1);
});
