import { givenCallId, writeSignature } from './seals.ts';
import { mimeOf } from './words.ts';
import type { Seal } from '../../model/block.ts';
import type { BlockHead } from '../../model/event.ts';
import { asObject, parseJson } from '../../model/json.ts';

type ToolHead = Extract<BlockHead, { type: 'tool-call' }>;
type MediaHead = Extract<BlockHead, { type: 'media' }>;

/** The JSON of a seal beside its part: `,"thoughtSignature":"…"`, or nothing. */
export function signed(seal: Seal | undefined): string {
  return seal === undefined ? '' : `,"thoughtSignature":${JSON.stringify(writeSignature(seal))}`;
}

/** A part of text, or of thought. */
export function textPart(text: string, thought: boolean, seal?: Seal): string {
  return `{"text":${JSON.stringify(text)}${thought ? ',"thought":true' : ''}${signed(seal)}}`;
}

/** The part that carries the seal of thoughts which were written before, or of none that can be shown. */
export function sealPart(seal: Seal, thought: boolean): string {
  // A signature of this format alone came on an empty text; what another format hid is a thought.
  return textPart('', thought || seal.protocol !== 'gemini', seal);
}

/**
 * A function call, always one complete part (GM-04). The arguments are the model's own JSON text: no number in it changes. Undefined for a
 * call that was cut off, for which the format has no form.
 */
export function callPart(head: ToolHead, input: string, seal: Seal | undefined): string | undefined {
  const args = head.custom === true ? JSON.stringify({ input }) : argumentsOf(input);
  if (args === undefined) return undefined;
  const id = JSON.stringify(givenCallId(head.id) ?? head.id);
  return `{"functionCall":{"id":${id},"name":${JSON.stringify(head.name)},"args":${args}}${signed(seal)}}`;
}

function argumentsOf(input: string): string | undefined {
  if (input.trim() === '') return '{}';
  try {
    const value = parseJson(input);
    if (value === null) return '{}';
    // A line end in JSON is white space, and an event has one line.
    return asObject(value) === undefined ? undefined : input.replaceAll(/[\r\n]/g, ' ');
  } catch {
    return undefined;
  }
}

/** A picture, sound or film, from pieces of base64 that are each whole by themselves. */
export function mediaPart(head: MediaHead, pieces: readonly string[], seal: Seal | undefined): string {
  const data =
    pieces.length === 1
      ? (pieces[0] ?? '')
      : Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))).toString('base64');
  const mimeType = mimeOf(head.media, head.format);
  return `{"inlineData":${JSON.stringify({ mimeType, data })}${signed(seal)}}`;
}
