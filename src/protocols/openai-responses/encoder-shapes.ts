import { ID } from './words.ts';
import type { Annotation, TextKind } from '../../model/block.ts';
import { isSafeId } from '../../model/ids.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { LongText } from '../../model/long-text.ts';

/** Where events go. `raw` writes an event whose JSON is ready but for its sequence number, which stands between head and tail. */
export interface EventSink {
  event(type: string, fields: JsonObject): void;
  raw(head: string, tail: string, ascii: boolean): void;
}

/** The wire's names around one kind of text: its part, its list, its events. */
interface PartWords {
  readonly part: 'output_text' | 'refusal' | 'summary_text' | 'reasoning_text';
  /** The key of the text in the part and in the `done` event. */
  readonly key: 'text' | 'refusal';
  readonly place: 'content_index' | 'summary_index';
  readonly added: string;
  readonly delta: string;
  readonly done: string;
  readonly closed: string;
}

const CONTENT = {
  place: 'content_index',
  added: 'response.content_part.added',
  closed: 'response.content_part.done',
} as const;

/** Words of each kind of text. */
export const PART_WORDS: Record<TextKind, PartWords> = {
  text: {
    ...CONTENT,
    part: 'output_text',
    key: 'text',
    delta: 'response.output_text.delta',
    done: 'response.output_text.done',
  },
  refusal: {
    ...CONTENT,
    part: 'refusal',
    key: 'refusal',
    delta: 'response.refusal.delta',
    done: 'response.refusal.done',
  },
  reasoning: {
    ...CONTENT,
    part: 'reasoning_text',
    key: 'text',
    delta: 'response.reasoning_text.delta',
    done: 'response.reasoning_text.done',
  },
  'reasoning-summary': {
    part: 'summary_text',
    key: 'text',
    place: 'summary_index',
    added: 'response.reasoning_summary_part.added',
    delta: 'response.reasoning_summary_text.delta',
    done: 'response.reasoning_summary_text.done',
    closed: 'response.reasoning_summary_part.done',
  },
};

/** One part of a message or of reasoning, as far as it is written. */
export interface OutPart {
  readonly kind: TextKind;
  readonly words: PartWords;
  readonly text: LongText;
  readonly annotations: Json[];
  readonly logprobs: Json[];
  /** Its place among the parts of its list; undefined until its `added` event was written. */
  place: number | undefined;
  /** Everything of a delta event before the sequence number, between it and the delta, and after it; computed once. */
  head: string;
  middle: string;
  tail: string;
}

interface OutItemBase {
  readonly index: number;
  readonly id: string;
  /** The id the upstream gave; blocks that share it belong to this item. */
  readonly upstreamId: string | undefined;
  /** The upstream's own `output_index`, where an event about a native item brought it. */
  readonly upstreamIndex: number | undefined;
  /** Further keys that an upstream of this format gave it. */
  readonly extra: JsonObject | undefined;
  /** `ended`: its blocks are closed, but whether it is whole is only known when the next item or the end comes. */
  state: 'open' | 'ended' | 'done';
  /** What its `output_item.done` event said. */
  final: JsonObject | undefined;
}

/** A message being written. */
export interface OutMessage extends OutItemBase {
  readonly type: 'message';
  readonly parts: OutPart[];
}

/** Reasoning being written. */
export interface OutReasoning extends OutItemBase {
  readonly type: 'reasoning';
  readonly parts: OutPart[];
  /** The token in `encrypted_content`, whichever format it is from. */
  seal: string | undefined;
}

/** A tool call being written. */
export interface OutCall extends OutItemBase {
  readonly type: 'function_call' | 'custom_tool_call';
  readonly callId: string;
  readonly name: string;
  input: string;
}

/** An item that only this format knows, passed on as it came. */
export interface OutNative extends OutItemBase {
  readonly type: 'native';
  value: JsonObject;
}

/** Whatever stands in `output`. */
export type OutItem = OutMessage | OutReasoning | OutCall | OutNative;

/** Prefix of the ids of each kind of item (OR-23). */
export const ID_PREFIX: Record<Exclude<OutItem['type'], 'native'>, string> = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  custom_tool_call: 'ctc',
};

/** Whether an upstream's item id may be shown as it is (OR-23). */
export function idFits(id: string | undefined, type: Exclude<OutItem['type'], 'native'>): id is string {
  return id !== undefined && isSafeId(id) && id.startsWith(`${ID_PREFIX[type]}_`);
}

/** The part as JSON, with the text it has so far. */
export function partJson(part: OutPart): JsonObject {
  const { key, part: type } = part.words;
  if (type !== 'output_text') return { type, [key]: part.text.value };
  return { type, text: part.text.value, annotations: [...part.annotations], logprobs: [...part.logprobs] };
}

/** The item as JSON, with what it holds so far. */
export function itemJson(
  item: OutItem,
  status: 'in_progress' | 'completed' | 'incomplete',
  sealed: boolean,
): JsonObject {
  switch (item.type) {
    case 'message':
      return {
        type: 'message',
        id: item.id,
        status,
        role: 'assistant',
        content: item.parts.filter(isPlaced).map(partJson),
        ...item.extra,
      };
    case 'reasoning': {
      const placed = item.parts.filter(isPlaced);
      const content = placed.filter((part) => part.kind === 'reasoning');
      return {
        type: 'reasoning',
        id: item.id,
        status,
        summary: placed.filter((part) => part.kind === 'reasoning-summary').map(partJson),
        ...(content.length > 0 && { content: content.map(partJson) }),
        ...(sealed && item.seal !== undefined && { encrypted_content: item.seal }),
        ...item.extra,
      };
    }
    case 'function_call':
    case 'custom_tool_call': {
      const { type, id, callId, name, input, extra } = item;
      const key = type === 'function_call' ? 'arguments' : 'input';
      return { type, id, call_id: callId, name, [key]: input, status, ...extra };
    }
    case 'native':
      return item.value;
    default:
      return item satisfies never;
  }
}

function isPlaced(part: OutPart): boolean {
  return part.place !== undefined;
}

/** Writes an annotation, or undefined for one that only another format knows. The offsets must be there; no place is the empty one. */
export function writeAnnotation(annotation: Annotation): Json | undefined {
  if (annotation.type === 'native') return annotation.native.protocol === ID ? annotation.native.value : undefined;
  const { url, title = '', start = 0, end = start } = annotation;
  return { type: 'url_citation', url, start_index: start, end_index: end, title };
}
