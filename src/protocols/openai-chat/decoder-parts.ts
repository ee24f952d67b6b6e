import type { Annotation, TextKind } from '../../model/block.ts';
import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

/** The reasoning of one delta: its text, and the entries that hold something opaque (a signature, encrypted data). */
export interface ReasoningDetails {
  readonly text: string;
  readonly sealed: readonly JsonObject[];
}

/** The reasoning of a delta or message under any of its names, or undefined when there is none. */
export function readReasoning(delta: JsonObject): ReasoningDetails | undefined {
  const plain = delta['reasoning_content'] ?? delta['reasoning'];
  const details = asArray(delta['reasoning_details']) ?? [];
  if (typeof plain !== 'string' && details.length === 0) return undefined;
  // Where a field for the plain text exists, it repeats the details or leaves them out on purpose.
  const listed = !('reasoning' in delta || 'reasoning_content' in delta);
  let text = asString(plain) ?? '';
  const sealed: JsonObject[] = [];
  for (const item of details) {
    const detail = asObject(item);
    if (detail === undefined) continue;
    const said = asString(detail['text']) ?? asString(detail['summary']) ?? '';
    if (listed) text += said;
    const { text: _text, ...opaque } = detail;
    if (said !== '' && !listed && text === '') sealed.push(detail);
    else if (isFilled(detail['signature']) || isFilled(detail['data'])) sealed.push(opaque);
  }
  return { text, sealed };
}

function isFilled(value: Json | undefined): boolean {
  return typeof value === 'string' && value !== '';
}

/** The texts in a `content` that came as a list of parts; reasoning comes as parts of type `thinking`. */
export function partTexts(content: Json | undefined): (readonly [kind: TextKind, text: string])[] {
  const texts: (readonly [TextKind, string])[] = [];
  for (const item of asArray(content) ?? []) {
    const part = asObject(item);
    if (part === undefined) continue;
    if (part['type'] === 'thinking') texts.push(['reasoning', plainText(part['thinking'])]);
    else if (part['type'] === 'refusal') texts.push(['refusal', asString(part['refusal']) ?? '']);
    else texts.push(['text', asString(part['text']) ?? '']);
  }
  return texts;
}

function plainText(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return (asArray(value) ?? []).map((part) => asString(asObject(part)?.['text']) ?? '').join('');
}

/** An entry of `annotations`, flat or under `url_citation`. */
export function readAnnotation(value: Json): Annotation {
  const object = asObject(value);
  const citation = asObject(object?.['url_citation']);
  const url = asString(citation?.['url']);
  if (object?.['type'] !== 'url_citation' || citation === undefined || url === undefined)
    return { type: 'native', native: { protocol: 'openai-chat', value } };
  const title = asString(citation['title']);
  const start = asNumber(citation['start_index']);
  const end = asNumber(citation['end_index']);
  return {
    type: 'url',
    url,
    ...(title !== undefined && { title }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
  };
}

/** The sources that a search provider lists beside the answer: `citations`, with titles from `search_results`. */
export function readCitations(chunk: JsonObject): readonly Annotation[] {
  const results = asArray(chunk['search_results']) ?? [];
  return (asArray(chunk['citations']) ?? []).flatMap((value): readonly Annotation[] => {
    const url = asString(value);
    const result = results.map(asObject).find((candidate) => candidate?.['url'] === url);
    const title = asString(result?.['title']);
    return url === undefined ? [] : [{ type: 'url', url, ...(title !== undefined && { title }) }];
  });
}
