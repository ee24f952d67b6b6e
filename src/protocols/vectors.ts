import type { Vector } from '../model/event.ts';
import { asNumber } from '../model/json.ts';
import type { Json } from '../model/json.ts';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const BYTES = 4;
// Embeddings hold small numbers; bytes of another kind read as float32 are off by many powers of ten.
const MOST = 1_000_000;

/** An embedding as a list of numbers: one that came as a list keeps their text. */
export function asFloats(vector: Vector): readonly Json[] {
  return typeof vector === 'string' ? floatsIn(vector) : vector;
}

/** An embedding as base64 of little-endian float32, whatever machine this is (EM-02). */
export function asBase64(vector: Vector): string {
  if (typeof vector === 'string') return vector;
  const bytes = Buffer.allocUnsafe(vector.length * BYTES);
  for (const [at, number] of vector.entries()) bytes.writeFloatLE(asNumber(number) ?? 0, at * BYTES);
  return bytes.toString('base64');
}

/** What keeps a value from being an embedding, as the end of a sentence; undefined where it is one. Costs a look at each number. */
export function vectorFault(value: Json | undefined): string | undefined {
  if (typeof value === 'string') {
    if (!BASE64.test(value)) return 'is text that is not base64';
    const floats = floatsIn(value);
    const whole = floats.length * BYTES === Buffer.byteLength(value, 'base64');
    return whole && floats.every((number) => Math.abs(number) < MOST)
      ? undefined
      : 'is base64 of something else than float32';
  }
  if (!Array.isArray(value)) return 'is neither a list of numbers nor base64';
  if (value.length === 0) return 'is empty';
  return value.every(isFloat) ? undefined : 'holds something that is no number';
}

/** Whether a value is an embedding. */
export function isVector(value: Json | undefined): value is Json & Vector {
  return vectorFault(value) === undefined;
}

function isFloat(value: Json): boolean {
  return Number.isFinite(Math.fround(asNumber(value) ?? Number.NaN));
}

function floatsIn(base64: string): number[] {
  const bytes = Buffer.from(base64, 'base64');
  return Array.from({ length: Math.floor(bytes.length / BYTES) }, (_, at) => bytes.readFloatLE(at * BYTES));
}
