import { z } from 'zod';

/** Leaves by the name of the snapshot's field. */
export type Fields<T> = { readonly [K in keyof T]-?: z.ZodType<T[K] | (undefined extends T[K] ? undefined : never)> };

/** The key in the file for a field of the snapshot: `keepAlive` is written `keep_alive`. */
function fileKey(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * A map in the file whose keys are the snake_case of the snapshot's fields, so the two cannot drift apart.
 * Absent optional fields stay absent, unknown keys are refused.
 */
export function section<T extends object>(fields: Fields<T>, description: string): z.ZodType<T> {
  const entries = Object.entries<z.ZodType>(fields);
  const shape = Object.fromEntries(entries.map(([field, schema]) => [fileKey(field), schema]));
  return z
    .strictObject(shape)
    .transform((values) => {
      const renamed: unknown = Object.fromEntries(
        entries.map(([field]) => [field, values[fileKey(field)]]).filter(([, value]) => value !== undefined),
      );
      // The shape above has exactly the fields of T, each checked by its own schema.
      return renamed as T;
    })
    .meta({ description });
}
