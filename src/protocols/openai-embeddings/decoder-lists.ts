import { asArray, asObject, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { plainJson } from '../plain-json.ts';

// In a string the quotes would be escaped, so only a key can look like this.
const LISTS = /"embedding"\s*:\s*\[([^[\]]*)\]/g;
const NUMBER = /^-?\d[\d.eE+-]*$/;

/**
 * Reads a list of embeddings; undefined where the text is no JSON object. A parse that keeps the text of every number costs a second for a
 * hundred vectors, during which nobody else is served; so the vectors are taken out, and their numbers are compared with their texts.
 * @param texts whether numbers whose text a double would change keep it
 */
export function readList(body: string, texts: boolean): JsonObject | undefined {
  const lists: string[] = [];
  const rest = body.replaceAll(LISTS, (_all, inside: string) => {
    lists.push(inside);
    return '"embedding":[]';
  });
  const answer = asObject(parsed(rest));
  const data = asArray(answer?.['data'])?.map((item) => asObject(item) ?? {});
  const emptied = data?.filter(isEmptied).length;
  if (answer === undefined || data === undefined || emptied !== lists.length) return asObject(parsed(body));
  let next = 0;
  const filled = data.map((entry) =>
    isEmptied(entry) ? { ...entry, embedding: numbersIn(lists[next++] ?? '', texts) } : entry,
  );
  return { ...answer, data: filled };
}

function isEmptied({ embedding }: JsonObject): boolean {
  return asArray(embedding)?.length === 0;
}

function numbersIn(inside: string, texts: boolean): Json {
  const numbers = asArray(plainJson(`[${inside}]`)) ?? [];
  if (!texts) return numbers;
  const written = inside.split(',');
  return numbers.map((number, at) => {
    const text = written[at]?.trim() ?? '';
    const same = typeof number === 'number' && String(number) === text;
    return same || !NUMBER.test(text) ? number : parseJson(text);
  });
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
