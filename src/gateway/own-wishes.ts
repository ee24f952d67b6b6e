import { asObject } from '../model/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { Dialect, OwnWish } from '../protocols/codec.ts';

/** What a body asks in words of its own format alone, named in snake case; a target of any other format does not hear of it. */
export function ownWishes({ ownWishes: wishes = [] }: Dialect, body: JsonObject): readonly string[] {
  return wishes.filter((wish) => asks(body, wish)).map(({ path }) => snake(path.split('.').at(-1) ?? path));
}

function asks(body: JsonObject, { path, idle }: OwnWish): boolean {
  const value = path.split('.').reduce<Json | undefined>((holder, key) => asObject(holder)?.[key], body);
  if (value === undefined || value === null || value === false || value === idle) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
