import type { Annotation, Seal, TextBlock } from '../../model/block.ts';
import { asArray, asObject, asString, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { carrySeal, readSeal } from '../seal-envelope.ts';

const OWN = 'openai-chat';
// Parts the envelope from what was thought; neither alphabet of base64 has it.
const THOUGHT = '~';
const SUMMARY = 's';
const PLAIN = 'p';

/**
 * The entry of `reasoning_details` in which a client carries what another format's maker sealed. The thought itself goes along: it must come back
 * with its seal, and many clients bring back nothing but these entries.
 */
export function carriedThought(seal: Seal, kind: string, text: string): JsonObject {
  const thought = `${kind === 'reasoning-summary' ? SUMMARY : PLAIN}${Buffer.from(text).toString('base64url')}`;
  return { type: 'reasoning.encrypted', data: `${carrySeal(seal, OWN)}${THOUGHT}${thought}`, format: 'unknown' };
}

/** The thought that {@link carriedThought} put into an entry; undefined for entries of chat upstreams. */
export function readThought(detail: JsonObject): TextBlock | undefined {
  const [envelope = '', thought] = (asString(detail['data']) ?? '').split(THOUGHT);
  if (thought === undefined) return undefined;
  const seal = readSeal(envelope, OWN);
  if (seal.protocol === OWN) return undefined;
  const text = Buffer.from(thought.slice(1), 'base64url').toString();
  return { type: thought.startsWith(SUMMARY) ? 'reasoning-summary' : 'reasoning', text, seal };
}

/** The `extra_content` of a tool call in which a client carries another format's seal of it. */
export function carriedExtra(seal: Seal): JsonObject {
  return { streamweir: { seal: carrySeal(seal, OWN) } };
}

/** The seal of a tool call that its `extra_content` stands for: this format's own, or the one that {@link carriedExtra} put there. */
export function readExtra(extra: JsonObject): Seal {
  const carried = asString(asObject(extra['streamweir'])?.['seal']);
  return carried === undefined ? { protocol: OWN, data: JSON.stringify(extra) } : readSeal(carried, OWN);
}

/** A message of a client without what it carries for others; itself where it carries nothing. */
export function withoutCarried(message: Json): Json {
  const object = asObject(message);
  const details = asArray(object?.['reasoning_details']);
  const calls = asArray(object?.['tool_calls']);
  if (object === undefined || (details === undefined && calls === undefined)) return message;
  const ownDetails = details?.filter((detail) => readThought(asObject(detail) ?? {}) === undefined);
  const { reasoning_details: _details, ...rest } = object;
  return {
    ...rest,
    ...(ownDetails !== undefined && ownDetails.length > 0 && { reasoning_details: ownDetails }),
    ...(calls !== undefined && { tool_calls: calls.map(withoutExtra) }),
  };
}

function withoutExtra(value: Json): Json {
  const call = asObject(value);
  const extra = asObject(call?.['extra_content']);
  if (call === undefined || extra === undefined || !('streamweir' in extra)) return value;
  const { extra_content: _extra, ...rest } = call;
  return rest;
}

/** The `reasoning_details` a seal of this format stands for, or undefined for a seal of another format. */
export function sealedDetails(seal: Seal | undefined): readonly Json[] | undefined {
  return seal?.protocol === 'openai-chat' ? asArray(parsed(seal.data)) : undefined;
}

/** The `extra_content` of a tool call a seal of this format stands for, or undefined for a seal of another format. */
export function sealedExtra(seal: Seal | undefined): JsonObject | undefined {
  return seal?.protocol === 'openai-chat' ? asObject(parsed(seal.data)) : undefined;
}

// A seal may have been through a client's hands.
function parsed(data: string): Json | undefined {
  try {
    return parseJson(data);
  } catch {
    return undefined;
  }
}

/** An annotation as this format writes it, or undefined for one that only another format knows. */
export function writeAnnotation(annotation: Annotation): Json | undefined {
  if (annotation.type === 'native')
    return annotation.native.protocol === 'openai-chat' ? annotation.native.value : undefined;
  const { url, title, start, end } = annotation;
  return {
    type: 'url_citation',
    // Typed clients demand all four.
    url_citation: { url, title: title ?? '', start_index: start ?? 0, end_index: end ?? 0 },
  };
}
