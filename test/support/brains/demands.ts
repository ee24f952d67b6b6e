import type { Peek } from '../peek.ts';
import { refuse } from './mind.ts';

/** The keys of an object; a value of another kind has none. */
export function keysOf(value: Peek): readonly string[] {
  return typeof value.value === 'object' && value.value !== null && !Array.isArray(value.value)
    ? Object.keys(value.value)
    : [];
}

/** Whether a value is an object and no list. */
export function isObject(value: Peek): boolean {
  return typeof value.value === 'object' && value.value !== null && !Array.isArray(value.value);
}

/** Refuses keys that the provider does not know, in the provider's words. */
export function onlyKeys(value: Peek, known: string, complaint: (key: string) => string): void {
  const names = known.split(' ');
  for (const key of keysOf(value)) if (!names.includes(key)) refuse(complaint(key));
}

/** The one key of an object that says what it is, as in unions without a type. */
export function oneKey(value: Peek, known: string, complaint: string): string {
  const found = known.split(' ').filter((key) => value.has(key));
  return found.length === 1 ? (found[0] ?? '') : refuse(complaint);
}

/** Refuses two neighbours of the same role. */
export function alternating(roles: readonly string[], complaint: string): void {
  for (const [at, role] of roles.entries()) if (role === roles[at - 1]) refuse(complaint);
}

/** Refuses arguments that are not the JSON text of an object. */
export function objectText(text: Peek, complaint: string): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.text);
  } catch {
    refuse(complaint);
  }
  if (typeof parsed !== 'object' || parsed === null) refuse(complaint);
}
