import type { Seal } from '../model/block.ts';
import { asObject, parseJson } from '../model/json.ts';
import type { JsonObject } from '../model/json.ts';
import { fieldsOf } from './sdk-model.ts';
import type { Unread } from './sdk-model.ts';

/** What a package says beside a part, one object for each provider, as pieces of it come. */
export function mergedMetadata(before: Unread | undefined, piece: unknown): Unread | undefined {
  const fields = fieldsOf(piece);
  const names = Object.keys(fields);
  if (names.length === 0) return before;
  return {
    ...before,
    ...Object.fromEntries(names.map((name) => [name, { ...fieldsOf(before?.[name]), ...fieldsOf(fields[name]) }])),
  };
}

/** The seal of a part: everything that has to be handed back with it. */
export function sealOf(metadata: Unread | undefined): Seal | undefined {
  return metadata === undefined ? undefined : { protocol: 'ai-sdk', data: JSON.stringify(metadata) };
}

/** What a part is handed back with. */
export function sealOptions(seal: Seal | undefined): { readonly providerOptions?: JsonObject } {
  if (seal?.protocol !== 'ai-sdk') return {};
  try {
    const providerOptions = asObject(parseJson(seal.data));
    return providerOptions === undefined ? {} : { providerOptions };
  } catch {
    return {};
  }
}
