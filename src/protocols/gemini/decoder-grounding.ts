import type { Annotation } from '../../model/block.ts';
import { asArray, asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

/** A source of a stretch of a candidate's text; `start` and `end` are places in bytes of all its text. */
interface Source {
  readonly url: string;
  readonly title?: string;
  readonly start?: number;
  readonly end?: number;
}

const NONE: readonly Source[] = [];

/** The sources that a candidate names: what a search or a fetched page grounds, and what the text recites. */
export function sourcesOf(candidate: JsonObject): readonly Source[] {
  // Nearly every message of a stream is without.
  if (candidate['groundingMetadata'] === undefined && candidate['citationMetadata'] === undefined) return NONE;
  const grounding = asObject(candidate['groundingMetadata']);
  const cited = asObject(candidate['citationMetadata']);
  const citations = asArray(cited?.['citations']) ?? asArray(cited?.['citationSources']) ?? [];
  return [...(grounding === undefined ? [] : groundsOf(grounding)), ...citations.flatMap(citation)];
}

function groundsOf(grounding: JsonObject): readonly Source[] {
  const chunks = (asArray(grounding['groundingChunks']) ?? []).map(chunkSource);
  const supports = (asArray(grounding['groundingSupports']) ?? []).flatMap((value) => {
    const support = asObject(value);
    const segment = asObject(support?.['segment']);
    const place = placeOf(segment?.['startIndex'] ?? 0, segment?.['endIndex']);
    return (asArray(support?.['groundingChunkIndices']) ?? []).flatMap((number) => {
      const chunk = chunks[asNumber(number) ?? -1];
      return chunk === undefined ? [] : [{ ...chunk, ...place }];
    });
  });
  // Without supports nobody knows which words a source is for; it is a source all the same.
  return supports.length > 0 ? supports : chunks.flatMap((chunk) => chunk ?? []);
}

function chunkSource(value: Json): Source | undefined {
  const chunk = asObject(value);
  const source = asObject(chunk?.['web'] ?? chunk?.['retrievedContext'] ?? chunk?.['maps']);
  return sourceOf(source, {});
}

function citation(value: Json): readonly Source[] {
  const object = asObject(value);
  const source = sourceOf(object, placeOf(object?.['startIndex'] ?? 0, object?.['endIndex']));
  return source === undefined ? [] : [source];
}

function sourceOf(source: JsonObject | undefined, place: Pick<Source, 'start' | 'end'>): Source | undefined {
  const url = asString(source?.['uri']);
  const title = asString(source?.['title']);
  if (url === undefined || url === '') return undefined;
  return { url, ...(title !== undefined && title !== '' && { title }), ...place };
}

function placeOf(from: Json, to: Json | undefined): Pick<Source, 'start' | 'end'> {
  const start = asNumber(from);
  const end = asNumber(to);
  return start === undefined || end === undefined ? {} : { start, end };
}

/**
 * The remarks on a block that begins after `before` characters of a candidate's `text`, in characters of the block. A candidate that repeats
 * its sources in every message gives each once: `seen` remembers them. Costs a copy of the text where there is a source.
 */
export function annotationsOf(
  sources: readonly Source[],
  text: string,
  before: number,
  seen: Set<string>,
): Annotation[] {
  const annotations: Annotation[] = [];
  const bytes = sources.length === 0 ? undefined : Buffer.from(text);
  for (const { url, title, start, end } of sources) {
    const key = JSON.stringify([url, start, end]);
    if (seen.has(key) || bytes === undefined) continue;
    seen.add(key);
    const place = (at: number): number => Math.max(0, bytes.subarray(0, Math.max(0, at)).toString().length - before);
    annotations.push({
      type: 'url',
      url,
      ...(title !== undefined && { title }),
      ...(start !== undefined && end !== undefined && { start: place(start), end: place(end) }),
    });
  }
  return annotations;
}
