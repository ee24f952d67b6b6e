import fc from 'fast-check';
import { expect, test } from 'vitest';
import { durationMs, sizeBytes } from '../../src/config/units.ts';

const DURATIONS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const SIZES = { B: 1, KB: 1e3, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;

test('a duration is its number times its unit, in milliseconds', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.constantFrom(...Object.entries(DURATIONS)), (amount, [unit, factor]) => {
      expect(durationMs(`${amount}${unit}`)).toBe(amount * factor);
    }),
  );
  expect(durationMs('1.5s')).toBe(1500);
});

test('a size is its number times its unit, in bytes, decimal and binary told apart', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.constantFrom(...Object.entries(SIZES)), (amount, [unit, factor]) => {
      expect(sizeBytes(`${amount}${unit}`)).toBe(amount * factor);
    }),
  );
});

test('a number without a unit, a sign, a foreign unit or a property of objects is refused', () => {
  for (const text of ['', '30', '-1s', '+1s', '1e3s', 's', '1w', '1 s s', '5constructor', '5toString', '1M', '1mb'])
    expect([text, durationMs(text), sizeBytes(text)]).toEqual([text, undefined, undefined]);
  expect(durationMs('1MB')).toBeUndefined();
  expect(sizeBytes('1s')).toBeUndefined();
});
