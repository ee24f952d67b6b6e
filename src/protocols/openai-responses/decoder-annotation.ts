import { ID } from './words.ts';
import type { Annotation } from '../../model/block.ts';
import { asNumber, asObject, asString } from '../../model/json.ts';
import type { Json } from '../../model/json.ts';

/** Reads an annotation; every kind but `url_citation` stays as it came. */
export function readAnnotation(value: Json): Annotation {
  const object = asObject(value);
  const url = asString(object?.['url']);
  if (object?.['type'] !== 'url_citation' || url === undefined)
    return { type: 'native', native: { protocol: ID, value } };
  const title = asString(object['title']);
  const start = asNumber(object['start_index']);
  const end = asNumber(object['end_index']);
  return {
    type: 'url',
    url,
    ...(title !== undefined && { title }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
  };
}
