const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};
const QUANTITY = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/;

/** Milliseconds of `300ms`, `30s`, `5m`, `1h` or `30d`; undefined when it is none of these. */
export function durationMs(text: string): number | undefined {
  return quantity(text, MILLISECONDS);
}

/** Bytes of `8MB` (decimal) or `40MiB` (binary); undefined when it is neither. */
export function sizeBytes(text: string): number | undefined {
  return quantity(text, BYTES);
}

function quantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, amount, unit] = QUANTITY.exec(text.trim()) ?? [];
  const factor = unit !== undefined && Object.hasOwn(units, unit) ? units[unit] : undefined;
  return factor === undefined ? undefined : Math.round(Number(amount) * factor);
}
