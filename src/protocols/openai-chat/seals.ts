import type { Annotation, Seal } from '../../model/block.ts';
import { asArray, asObject, parseJson } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

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
