import type { IncomingCall } from './decoder-call.ts';
import { PART_KINDS } from './words.ts';
import type { TextKind } from '../../model/block.ts';
import { asNumber, asObject, asString } from '../../model/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

/** A text block and the place of the wire it came from. */
export interface Part {
  readonly kind: TextKind;
  readonly wire: number;
  readonly block: number;
  written: boolean;
  open: boolean;
  annotations: number;
}

/** An output item, as far as it was told. */
export interface Item {
  readonly type: string;
  readonly id: string | undefined;
  readonly value: JsonObject;
  readonly content: Part[];
  readonly summary: Part[];
  readonly call: IncomingCall | undefined;
  done: boolean;
}

/** The type of an item; a message may leave it out. */
export function typeOf(item: JsonObject): string {
  return asString(item['type']) ?? (item['role'] === undefined ? '' : 'message');
}

/** All parts of an item. */
export function partsOf(item: Item): readonly Part[] {
  return [...item.content, ...item.summary];
}

/** The list that parts of a kind stand in. */
export function listOf(item: Item, kind: TextKind): Part[] {
  return kind === 'reasoning-summary' ? item.summary : item.content;
}

/** The part of a kind at a place of the wire. */
export function partAt(item: Item, kind: TextKind, wire: number): Part | undefined {
  return listOf(item, kind).find((part) => part.kind === kind && part.wire === wire);
}

/** The place within its list that an event names; absent means the first. */
export function wireIndex(frame: JsonObject, kind: TextKind): number {
  return asNumber(frame[kind === 'reasoning-summary' ? 'summary_index' : 'content_index']) ?? 0;
}

/** The kind of block a part becomes, or undefined for a part only this format knows. */
export function partKind(part: Json | undefined): TextKind | undefined {
  return PART_KINDS.get(asString(asObject(part)?.['type']) ?? '');
}
